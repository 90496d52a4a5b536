"""Where the engine of identitovigilance stands: its rules in the SDK, what applies them in the host."""

from segur_conformance.mutants.mutant import Change


def rule(file: str, before: str, after: str) -> Change:
    """Change a rule: a file of ``segur_sdk``."""
    return Change("segur_sdk", file, before, after)


def desk(before: str, after: str) -> Change:
    """Change what the counter of the host does with identities."""
    return Change("segur_host", "identities/desk.py", before, after)
