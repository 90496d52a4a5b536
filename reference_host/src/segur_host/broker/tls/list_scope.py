"""Of which certificates a revocation list is: every one of its authority, or those that name where it is published."""

from cryptography import x509

Points = frozenset[x509.GeneralName]


def scope_of(crl: x509.CertificateRevocationList) -> Points | None:
    """Return where a list says it is published: nothing, it is of every certificate of its authority.

    Returns:
        ``None``: it is of some kinds of certificates or reasons, of other authorities, a difference to another list, or
        has a critical extension that is not understood (RFC 5280, 5.2.4 to 5.2.6).

    Raises:
        ValueError: an extension cannot be read.
    """
    points: Points | None = frozenset()
    for one in crl.extensions:
        if isinstance(one.value, x509.IssuingDistributionPoint):
            points = _points(one.value)
        elif one.critical:
            return None
        if points is None:
            return None
    return points


def is_within(certificate: x509.Certificate, points: Points) -> bool:
    """Tell whether a list with that scope is of a certificate of its authority (RFC 5280, 6.3.3, b 2).

    Raises:
        ValueError: an extension cannot be read.
    """
    if not points:
        return True
    try:
        stated = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return False
    return any(not points.isdisjoint(one.full_name or ()) for one in stated)


def _points(stated: x509.IssuingDistributionPoint) -> Points | None:
    restricted = (
        stated.only_contains_user_certs,
        stated.only_contains_ca_certs,
        stated.only_contains_attribute_certs,
        stated.indirect_crl,
        stated.only_some_reasons,
        stated.relative_name,
    )
    return None if any(restricted) else frozenset(stated.full_name or ())
