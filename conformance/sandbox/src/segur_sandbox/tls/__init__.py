"""Mutual TLS listeners whose every connection, refused or not, is known."""
