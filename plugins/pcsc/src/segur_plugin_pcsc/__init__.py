"""Ségur plugin: card readers through PC/SC."""
