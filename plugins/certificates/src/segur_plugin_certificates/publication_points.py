"""Where a certificate says that its authority publishes."""

from contextlib import suppress
from functools import lru_cache
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

MAX_ADDRESSES: Final = 8
_WEB: Final = ("http://", "https://")


@attrs.frozen
class Points:
    """HTTP addresses; those of directories (LDAP) are left out."""

    lists: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    """Of the issuer's certificate."""


def read_points(lists: x509.CRLDistributionPoints | None, access: x509.AuthorityInformationAccess | None) -> Points:
    """Return what the two extensions say."""
    return Points(
        lists=_web([name for point in lists or () for name in point.full_name or ()]),
        ocsp=_access(access, AuthorityInformationAccessOID.OCSP),
        issuers=_access(access, AuthorityInformationAccessOID.CA_ISSUERS),
    )


@lru_cache(maxsize=512)
def points_of(certificate: x509.Certificate) -> Points:
    """Return what a certificate says; nothing when its extensions cannot be read."""
    with suppress(ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        held = {one.oid: one.value for one in certificate.extensions}
        lists, access = held.get(x509.CRLDistributionPoints.oid), held.get(x509.AuthorityInformationAccess.oid)
        return read_points(
            lists if isinstance(lists, x509.CRLDistributionPoints) else None,
            access if isinstance(access, x509.AuthorityInformationAccess) else None,
        )
    return Points()


def _access(extension: x509.AuthorityInformationAccess | None, method: x509.ObjectIdentifier) -> tuple[str, ...]:
    return _web([one.access_location for one in extension or () if one.access_method == method])


def _web(names: list[x509.GeneralName]) -> tuple[str, ...]:
    found = [
        one.value for one in names if isinstance(one, x509.UniformResourceIdentifier) and one.value.startswith(_WEB)
    ]
    return tuple(found[:MAX_ADDRESSES])
