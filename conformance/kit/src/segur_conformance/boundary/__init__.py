"""Whatever touches the outside world goes through the host: who watches it, and what counts."""
