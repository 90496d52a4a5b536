"""Ségur plugin: opens sessions by Pro Santé Connect (OpenID Connect, in the browser or by CIBA)."""
