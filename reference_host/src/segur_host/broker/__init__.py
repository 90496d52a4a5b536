"""What the host lends to plugins: it alone owns sockets, keys, readers and storage."""
