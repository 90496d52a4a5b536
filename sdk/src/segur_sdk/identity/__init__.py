"""Identitovigilance as a library: statuses, transitions, comparison of traits, permission, seal."""
