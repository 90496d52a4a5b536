"""The national Ségur services on loopback, strict and scriptable, for tests without access to any of them."""
