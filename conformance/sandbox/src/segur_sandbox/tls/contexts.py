"""TLS settings of the services: TLS 1.2 at least, own certificate, client certificates checked against the CRL."""

import ssl
from typing import Any

import attrs

from segur_sandbox.pki.store import PkiFiles


class _Handshake(ssl.SSLObject):
    """One that keeps what is to be said of its failure: asyncio hangs up without a word."""

    outgoing: ssl.MemoryBIO

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as failure:
            failure.add_note(self.outgoing.read().hex())
            raise


class _Context(ssl.SSLContext):
    sslobject_class = _Handshake

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **settings: Any) -> ssl.SSLObject:
        made = super().wrap_bio(incoming, outgoing, *args, **settings)
        assert isinstance(made, _Handshake)
        made.outgoing = outgoing
        return made


def alert_of(failure: OSError) -> bytes:
    """Return what a failed handshake owes the client, for example that its certificate was revoked (RFC 8446, 6.2)."""
    return b"".join(bytes.fromhex(note) for note in getattr(failure, "__notes__", ()))


@attrs.frozen
class ClientTrust:
    """What a listener wants of its clients beside the usual.

    Attributes:
        cards: Whether the authentication certificates of professionals' cards are known too.
        suites: Cipher suites of TLS 1.2, which is then the only version; `None`: TLS 1.2 and 1.3, the usual ones.
    """

    cards: bool = False
    suites: str | None = None


USUAL = ClientTrust()


def server_context(
    pki: PkiFiles, *, client_certificates: ssl.VerifyMode, expired: bool = False, trust: ClientTrust = USUAL
) -> ssl.SSLContext:
    """Return the context of a listener.

    Args:
        pki: The hierarchy; its revocation list is read now.
        client_certificates: Whether clients are asked for one. When they are, a certificate of another hierarchy,
            revoked, expired or that may not authenticate a client is refused in the handshake; when one is
            required, so is a client without any.
        expired: Present the expired server certificate instead of the good one.
        trust: What is wanted beside the usual.
    """
    context = _Context(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without session tickets each connection shows its certificate again, so a revocation counts at once.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    if trust.suites is not None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(trust.suites)
    chain, key = pki.server(expired=expired)
    context.load_cert_chain(chain, key)
    if client_certificates is not ssl.CERT_NONE:
        context.verify_mode = client_certificates
        context.load_verify_locations(cafile=pki.ca)
        if trust.cards:
            context.load_verify_locations(cafile=pki.ca_fort)
        context.load_verify_locations(cafile=pki.crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context
