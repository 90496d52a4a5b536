"""What may be ordered, which box of the form F413 it is, and how it has to be named.

Source: form F413, part 4.3; INSi (SEL-MP-043): CN ``INSI-AUTO`` or ``INSI-MANU``, upper case, ASCII hyphen.
"""

from enum import StrEnum
from typing import Final

from pydantic import Field

from segur_plugin_certificates.purposes import INSI_AUTO, INSI_MANU, insi_name_fault
from segur_plugin_certificates.usages import Usage
from segur_sdk.errors import InputError
from segur_sdk.models.base import Value

MAX_NAME: Final = 64
"""``ub-common-name`` of X.520."""


class Box(StrEnum):
    """A box of the form F413, part 4.3."""

    ORG = "org"
    SERVER_DOMAIN = "server_domain"
    SERVER_NAME = "server_name"
    SERVER_MAIL = "server_mail"
    PRO = "pro"


class Service(StrEnum):
    """For which service the certificate is ordered: it decides how it is named."""

    INSI_AUTO = "insi-auto"
    """Automatic calls, in lots."""
    INSI_MANU = "insi-manu"
    """Calls that a person triggers."""
    DMP = "dmp"
    MSSANTE = "mssante"
    OTHER = "other"


BOX_WORDING: Final = {
    Box.ORG: "ORG (Personne morale) usage AUTH_CLI, SIGN, CONF",
    Box.SERVER_DOMAIN: "SERVEUR usage SSL_SERVEUR, nom de domaine",
    Box.SERVER_NAME: "SERVEUR usage SSL_SERVEUR, limité à un nom de serveur",
    Box.SERVER_MAIL: "SERVEUR usage SMIME, SIGN, CONF (domaine de messagerie)",
    Box.PRO: "PRO (Personne physique) usage AUTH, SIGN, CONF",
}
BOX_USAGES: Final = {
    Box.ORG: frozenset({Usage.AUTH_CLI, Usage.SIGN, Usage.CONF}),
    Box.SERVER_DOMAIN: frozenset({Usage.SSL_SERV}),
    Box.SERVER_NAME: frozenset({Usage.SSL_SERV}),
    Box.SERVER_MAIL: frozenset({Usage.SMIME, Usage.SIGN, Usage.CONF}),
    Box.PRO: frozenset({Usage.AUTH_CLI, Usage.SIGN, Usage.CONF}),
}
_INSI: Final = {Service.INSI_AUTO: INSI_AUTO, Service.INSI_MANU: INSI_MANU}
_NEEDS_ORG: Final = frozenset({Service.INSI_AUTO, Service.INSI_MANU, Service.DMP})


class Product(Value):
    """One certificate that is ordered."""

    box: Box
    usage: Usage
    service: Service
    use: str = Field(pattern=r"^[a-z][a-z0-9_\-]{0,39}$")
    """Use of its key in the configuration of the host."""


def refuse_impossible(product: Product) -> None:
    """Refuse a product that does not exist, or is not the one of its service.

    Raises:
        InputError: ``certificates.order_usage`` (not in that box), ``certificates.order_box`` (INSi and DMP take ORG
            alone), ``certificates.order_insi_usage`` (INSi takes AUTH_CLI alone).
    """
    if product.service in _NEEDS_ORG and product.box is not Box.ORG:
        raise InputError("certificates.order_box", service=str(product.service))
    if product.usage not in BOX_USAGES[product.box]:
        raise InputError("certificates.order_usage", box=str(product.box))
    if product.service in _INSI and product.usage is not Usage.AUTH_CLI:
        raise InputError("certificates.order_insi_usage")


def names_offered(service: Service) -> tuple[str, ...]:
    """Return the names that a service prescribes; none when the name is free."""
    return (_INSI[service],) if service in _INSI else ()


def refuse_name(service: Service, name: str) -> None:
    """Refuse a *service applicatif* (CN) that would not serve.

    Raises:
        InputError: those of :func:`segur_plugin_certificates.purposes.insi_name_fault`; ``certificates.order_name``
            for an empty, too long or unprintable one, or one reserved for INSi.
    """
    expected = _INSI.get(service)
    if expected is not None:
        fault = insi_name_fault(name, expected)
        if fault is not None:
            raise InputError(fault)
        return
    if not name.strip() or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise InputError("certificates.order_name", reason="form")
    if insi_name_fault(name) != "certificates.insi_name":
        raise InputError("certificates.order_name", reason="reserved")
