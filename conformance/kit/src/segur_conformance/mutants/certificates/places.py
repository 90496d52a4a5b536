"""Where the code is that mutants of this profile change."""

from segur_conformance.mutants.mutant import Change


def plugin(file: str, before: str, after: str) -> Change:
    """Return a change of the plugin."""
    return Change("segur_plugin_certificates", file, before, after)


def host(file: str, before: str, after: str) -> Change:
    """Return a change of the reference host."""
    return Change("segur_host", file, before, after)


def insi(file: str, before: str, after: str) -> Change:
    """Return a change of the plugin that calls INSi."""
    return Change("segur_plugin_insi", file, before, after)
