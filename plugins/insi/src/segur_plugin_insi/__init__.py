"""Ségur plugin: INSi, the national health identity teleservice."""
