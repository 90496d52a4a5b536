"""From the keys of an installation to what is judged: for what each certificate serves, and where its key stands."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from segur_plugin_certificates.facts import read_facts
from segur_plugin_certificates.findings import Held
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.purposes import Purpose
from segur_plugin_certificates.settings import CertificatesSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.keyring import KeyPlace, KeyReference

_NAMED: Final = frozenset(str(purpose) for purpose in Purpose)
_OF_CARDS: Final = {Purpose.CLIENT: Purpose.CARD_CLIENT, Purpose.SIGNATURE: Purpose.CARD_SIGNATURE}


def held(reference: KeyReference, ctx: HookContext) -> Held:
    """Return what is judged of a key; its certificate has to be there."""
    assert reference.certificate is not None
    return Held(
        use=reference.use,
        place=f"{reference.place}:{reference.where}",
        certificate=reference.certificate,
        purposes=purposes_of(reference, ctx.settings(CertificatesSettings).purposes),
        instance=ctx.software.instance,
        chain=reference.chain,
    )


def purposes_of(reference: KeyReference, configured: Mapping[str, Purpose]) -> tuple[Purpose, ...]:
    """Return for what a certificate has to be good.

    The settings decide; otherwise the names that purposes and the use itself bear, and for what is named otherwise:
    a client, or a signature.
    """
    if reference.use in configured:
        return (configured[reference.use],)
    named = [Purpose(name) for name in (*reference.purposes, reference.use) if name in _NAMED]
    if any(name not in _NAMED for name in reference.purposes):
        named.append(Purpose.CLIENT)
    if reference.signs and not named:
        named.append(Purpose.SIGNATURE)
    found = tuple(dict.fromkeys(named))
    # On a token stands a professional's card as well as a key of the structure.
    if reference.place is KeyPlace.TOKEN and _of_card(reference):
        return tuple(_OF_CARDS.get(purpose, purpose) for purpose in found)
    return found


def _of_card(reference: KeyReference) -> bool:
    if reference.certificate is not None:
        with suppress(InputError):
            return read_facts(reference.certificate).kind.offer is Offer.CPX
    return False
