"""The authorities of the TEST tree: their names, who certifies whom, and where each publishes.

Common names and short names: published authorities of IGC-Santé and the addresses that their certificates bear. The
short names `ACI-EL-PP`, `ACI-ST-ORG` and `ACI-ST-PP` were never seen: they follow the others. UNVERIFIED.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import attrs
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID, ObjectIdentifier

CERTIFICATES_PATH = "/AC TEST"
CRL_PATH = "/CRL"
OCSP_PATH = "/ocsp"
CHAIN_PATH = f"{CERTIFICATES_PATH}/Chaine_de_certification-IGC-Sante-TEST.p7b"

ROOT = "ACR-EL-TEST"
ORGANISATIONS = "ACI-EL-ORG-TEST"
PERSONNES = "ACI-EL-PP-TEST"
FORT_ROOT = "ACR-FO-TEST"
FORT_PERSONNES = "ACI-FO-PP-TEST"


@attrs.frozen
class Authority:
    """One authority.

    Attributes:
        short: Its name in addresses, such as `ACI-EL-ORG-TEST`.
        common_name: Its CN.
        issuer: Short name of its issuer, `None` for a root.
    """

    short: str
    common_name: str
    issuer: str | None = None


AUTHORITIES: Mapping[str, Authority] = {
    one.short: one
    for one in (
        Authority(ROOT, "TEST AC RACINE IGC-SANTE ELEMENTAIRE"),
        Authority(ORGANISATIONS, "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", ROOT),
        Authority(PERSONNES, "TEST AC IGC-SANTE ELEMENTAIRE PERSONNES", ROOT),
        Authority("ACR-ST-TEST", "TEST AC RACINE IGC-SANTE STANDARD"),
        Authority("ACI-ST-ORG-TEST", "TEST AC IGC-SANTE STANDARD ORGANISATIONS", "ACR-ST-TEST"),
        Authority("ACI-ST-PP-TEST", "TEST AC IGC-SANTE STANDARD PERSONNES", "ACR-ST-TEST"),
        Authority(FORT_ROOT, "TEST AC RACINE IGC-SANTE FORT"),
        Authority(FORT_PERSONNES, "TEST AC IGC-SANTE FORT PERSONNES", FORT_ROOT),
    )
}
"""Three roots and five intermediates, as in the published chain."""


def authority_name(common_name: str) -> x509.Name:
    """Return the distinguished name of an authority of the TEST tree."""
    return name_of(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
        (NameOID.COMMON_NAME, common_name),
    )


def name_of(*attributes: tuple[ObjectIdentifier, str]) -> x509.Name:
    """Return a distinguished name, one attribute in each of its parts."""
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


@attrs.frozen
class Publication:
    """Where certificates say that lists, authorities and the responder are.

    Attributes:
        base: Scheme, address and port, without a slash at the end.
    """

    base: str

    @property
    def lists(self) -> str:
        """Address under which every revocation list is."""
        return self.base + CRL_PATH

    def crl(self, short: str) -> str:
        """Return the address of an authority's revocation list."""
        return f"{self.lists}/{short}.crl"

    def certificate(self, short: str) -> str:
        """Return the address of an authority's certificate."""
        return f"{self.base}{quote(CERTIFICATES_PATH)}/{short}.cer"

    @property
    def chain(self) -> str:
        """Address of the file that holds every authority."""
        return self.base + quote(CHAIN_PATH)

    @property
    def ocsp(self) -> str:
        """Address of the OCSP responder."""
        return self.base + OCSP_PATH

    def in_authority(self, issuer: str) -> tuple[x509.ExtensionType, ...]:
        """Return what the certificate of an intermediate authority bears."""
        return (x509.CRLDistributionPoints([_point(self.crl(issuer), self._directory(issuer, "certificate"))]),)

    def in_leaf(self, issuer: str) -> tuple[x509.ExtensionType, ...]:
        """Return what a leaf bears, after the published certificate of a TEST card."""
        access = [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(self.ocsp)),
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(self.certificate(issuer))
            ),
        ]
        return (
            *self.in_authority(issuer),
            x509.FreshestCRL([_point(self._directory(issuer, "delta"))]),
            x509.AuthorityInformationAccess(access),
        )

    def _directory(self, short: str, kind: str) -> str:
        """Address in a directory, for the shape of it: nobody here speaks LDAP."""
        place = urlsplit(self.base).netloc
        name = f"CN={AUTHORITIES[short].common_name},OU=IGC-SANTE TEST,OU=0002 187512751,O=ASIP-SANTE,C=FR"
        return f"ldap://{place}/{quote(name, safe='=,')}?{kind}revocationlist;binary?base?objectclass=pkiCa"


def _point(*addresses: str) -> x509.DistributionPoint:
    names = [x509.UniformResourceIdentifier(address) for address in addresses]
    return x509.DistributionPoint(full_name=names, relative_name=None, reasons=None, crl_issuer=None)
