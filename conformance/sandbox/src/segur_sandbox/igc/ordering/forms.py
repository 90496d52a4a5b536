"""What the platform is sent."""

import re
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segur_sandbox.igc.ordering.catalogue import CardState
from segur_sandbox.igc.ordering.refusals import PlatformRefusedError

Box = Literal["ORG", "SERV_SSL", "SERV_SMIME"]
Signatory = Literal["responsable", "mandataire", "titulaire"]
Cause = Literal["loss", "theft", "end_of_activity", "change"]
USAGES: dict[tuple[str, str], Box] = {
    ("ORG", "AUTH_CLI"): "ORG",
    ("ORG", "SIGN"): "ORG",
    ("ORG", "CONF"): "ORG",
    ("SERV", "SSL_SERV"): "SERV_SSL",
    ("SERV", "SMIME"): "SERV_SMIME",
}
"""Offer and usage → box of form F413, part 4.3. The offer PRO is not simulated."""

_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_Model = TypeVar("_Model", bound=BaseModel)


class Habilitation(BaseModel):
    """Form F413: an administrator may order for a structure. `editor`: to whom this is delegated."""

    model_config = _CLOSED

    structure: str
    administrator: str
    signatory: Signatory
    signatory_mail: str
    boxes: tuple[Box, ...] = ()
    editor: str | None = None


class Change(BaseModel):
    """Form F503: another administrator takes over."""

    model_config = _CLOSED

    structure: str
    leaving: str
    arriving: str
    signatory: Signatory


class Login(BaseModel):
    """Who comes to the platform; his card itself is not asked for."""

    model_config = _CLOSED

    administrator: str


class CardChange(Login):
    """What became of an administrator's card (control API only)."""

    card: CardState


class NewOrder(BaseModel):
    """An order. Without `csr` the platform makes the key; `purpose` tells that it is for INSi."""

    model_config = _CLOSED

    structure: str
    offer: str
    usage: str
    service_applicatif: str
    actor_mail: str = ""
    informed_mail: str | None = None
    csr: str | None = Field(default=None, max_length=32_768)
    purpose: Literal["insi"] | None = None


class Withdrawal(BaseModel):
    """How an available product is withdrawn; `key_password` only for a key that the platform makes."""

    model_config = _CLOSED

    revocation_code: str
    confirmation: str
    accept_terms: bool = False
    key_password: str | None = None


class RevocationRequest(BaseModel):
    """How a certificate is revoked by whoever knows the code."""

    model_config = _CLOSED

    revocation_code: str
    cause: Cause


class Restart(BaseModel):
    """An order begun again, with the request for a new key if the key is made elsewhere."""

    model_config = _CLOSED

    csr: str | None = Field(default=None, max_length=32_768)


def read_form(body: bytes, model: type[_Model]) -> _Model:
    """Read a body.

    Raises:
        PlatformRefusedError: `body_malformed`.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError:
        raise PlatformRefusedError("body_malformed") from None


def check_mail(address: str) -> None:
    """Refuse what is no address.

    Raises:
        PlatformRefusedError: `mail_invalid`.
    """
    if not _MAIL.fullmatch(address):
        raise PlatformRefusedError("mail_invalid")
