"""The last answer of the responder about the certificate of each use: it serves until its ``nextUpdate``.

What is kept is the answer as it came. It is believed no more than when it came: its signature, its certificate and its
times are checked each time, and an older one never takes the place of a newer one that still holds.
"""

from contextlib import suppress
from datetime import datetime

from cryptography import x509

from segur_plugin_certificates import ocsp
from segur_plugin_certificates.revocation import Answer
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError


class KeptAnswers:
    """The answers of one call.

    Args:
        ctx: context of the call.
    """

    def __init__(self, ctx: HookContext) -> None:
        self._ctx = ctx

    def of(self, use: str, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> Answer | None:
        """Return what is kept of a certificate; ``None`` when nothing is, or it ended, or is about a former one."""
        content = self._ctx.store.get(_place(use))
        if content is not None:
            # Its nonce was checked when it came.
            with suppress(InputError):
                return ocsp.read_answer(content, ocsp.ask(certificate, issuer, with_nonce=False), at)
        return None

    def keep(self, use: str, content: bytes) -> None:
        """Keep an answer that was checked, in place of the one of before.

        Raises:
            HostError: the disk is full or refuses.
        """
        self._ctx.store.put(_place(use), content)


def _place(use: str) -> str:
    return f"ocsp/{use}"
