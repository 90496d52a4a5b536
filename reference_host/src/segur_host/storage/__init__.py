"""The host's one database, encrypted as a whole, and the key it is encrypted with."""
