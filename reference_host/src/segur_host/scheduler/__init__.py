"""Jobs of plugins: what is done regularly, at its time, by the resident host."""
