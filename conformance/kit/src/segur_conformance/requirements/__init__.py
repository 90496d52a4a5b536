"""Requirement registry: what is asked of a Ségur software, by whom, and how it can be shown."""

from segur_conformance.requirements.model import (
    Actor,
    Domain,
    Effect,
    Level,
    Profile,
    Reason,
    Requirement,
    Source,
    Verifiable,
)
from segur_conformance.requirements.registry import Registry

__all__ = [
    "Actor",
    "Domain",
    "Effect",
    "Level",
    "Profile",
    "Reason",
    "Registry",
    "Requirement",
    "Source",
    "Verifiable",
]
