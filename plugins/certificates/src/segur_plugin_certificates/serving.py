"""What the host has for a use: its key, and the certificate that serves."""

from contextlib import suppress

from segur_plugin_certificates.facts import Facts, read_facts
from segur_plugin_certificates.ordering.state import Renewed
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.keyring import KeyReference


def reference_of(use: str, ctx: HookContext) -> KeyReference | None:
    """Return the key of a use as the host has it; ``None`` when it has none."""
    return next((one for one in ctx.keyring.references() if one.use == use), None)


def serving_facts(use: str, ctx: HookContext) -> Facts | None:
    """Return the facts of the certificate that serves; ``None`` when none does, or it cannot be read."""
    reference = reference_of(use, ctx)
    if reference is not None and reference.certificate is not None:
        with suppress(InputError):
            return read_facts(reference.certificate)
    return None


def as_renewed(facts: Facts) -> Renewed:
    """Return a certificate as the one that is replaced."""
    return Renewed(fingerprint=facts.fingerprint, public_key=facts.public_key, not_after=facts.not_after)
