"""Frozen values that cross contracts, one file per concept."""
