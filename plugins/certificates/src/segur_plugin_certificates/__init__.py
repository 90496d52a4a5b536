"""Ségur plugin: what the certificates of a structure are worth, and how they are ordered and renewed."""
