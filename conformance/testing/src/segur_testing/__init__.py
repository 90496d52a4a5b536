"""pytest plugin for authors of Ségur plugins: a sealed host, the sandbox, cards, faults and canaries."""
