"""A run as others read it."""
