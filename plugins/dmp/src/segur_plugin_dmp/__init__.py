"""Ségur plugin: feeding the DMP, the national shared health record."""
