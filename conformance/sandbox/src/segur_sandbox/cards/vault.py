"""What belongs to a card and outlives its sessions: keys, certificates, secret codes and their tries."""

import shutil
from pathlib import Path

from segur_sandbox.cards.cpx.counters import SecretCodes
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.cpx.subjects import leaf_request
from segur_sandbox.pki.card_leaves import CardKeys
from segur_sandbox.pki.store import PkiFiles


class CardVault:
    """Keeps the cards of one data folder.

    Args:
        folder: `DIR/cards`, for codes and tries.
        pki: Where keys and certificates are made, when a card is first powered.
    """

    def __init__(self, folder: Path, pki: PkiFiles) -> None:
        self._folder = folder
        self._pki = pki

    def keys(self, card: CpxRecord) -> CardKeys:
        """Return the certificates and keys of a card."""
        return CardKeys(self._pki, card.serial, leaf_request(card))

    def codes(self, card: CpxRecord) -> SecretCodes:
        """Return the PIN and the PUK of a card."""
        return SecretCodes(self._folder, card)

    def renew(self) -> None:
        """Put every card back to the codes and tries with which it was delivered; keys stay."""
        shutil.rmtree(self._folder, ignore_errors=True)
