"""Conformance kit for Ségur plugins and hosts."""
