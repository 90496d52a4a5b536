"""What the authority publishes, its OCSP responder, and a platform where certificates are ordered, all on loopback."""
