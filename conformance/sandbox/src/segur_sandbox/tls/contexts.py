"""TLS settings of the services: TLS 1.2 at least, own certificate, client certificates checked against the CRL."""

import ssl

from segur_sandbox.pki.store import PkiFiles


def server_context(pki: PkiFiles, *, client_certificates: ssl.VerifyMode, expired: bool = False) -> ssl.SSLContext:
    """Return the context of a listener.

    Args:
        pki: The hierarchy; its revocation list is read now.
        client_certificates: Whether clients are asked for one. When they are, a certificate of another hierarchy,
            revoked, expired or that may not authenticate a client is refused in the handshake; when one is
            required, so is a client without any.
        expired: Present the expired server certificate instead of the good one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without session tickets each connection shows its certificate again, so a revocation counts at once.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    chain, key = pki.server(expired=expired)
    context.load_cert_chain(chain, key)
    if client_certificates is not ssl.CERT_NONE:
        context.verify_mode = client_certificates
        context.load_verify_locations(cafile=pki.ca)
        context.load_verify_locations(cafile=pki.crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context
