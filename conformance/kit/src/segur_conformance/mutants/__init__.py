"""Plugins with one behaviour changed: what every check must be able to notice."""
