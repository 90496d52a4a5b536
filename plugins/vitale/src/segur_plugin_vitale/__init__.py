"""Ségur plugin: reads the carte Vitale 2."""
