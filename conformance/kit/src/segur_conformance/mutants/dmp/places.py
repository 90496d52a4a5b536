"""Where the code is that mutants of this profile change."""

from segur_conformance.mutants.mutant import Change


def plugin(file: str, before: str, after: str) -> Change:
    """Return a change of the plugin."""
    return Change("segur_plugin_dmp", file, before, after)


def host(file: str, before: str, after: str) -> Change:
    """Return a change of the reference host."""
    return Change("segur_host", file, before, after)


def sdk(file: str, before: str, after: str) -> Change:
    """Return a change of the SDK, which writes documents."""
    return Change("segur_sdk", file, before, after)
