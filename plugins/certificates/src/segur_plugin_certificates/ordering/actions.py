"""What may be done with an order, one model each: a host sends them as JSON."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from segur_plugin_certificates.ordering.people import (
    Administrator,
    DirectorCard,
    Doer,
    Mail,
    OrderingStructure,
    Signatory,
)
from segur_plugin_certificates.ordering.state import KEY, SEALED, CsrCase, FormChannel, PlatformMeans
from segur_sdk.errors import InputError
from segur_sdk.models.base import Value


class ContractSigned(Value):
    """Step 1: the contract with the agency (*contrat d'adhésion*) is signed, for the first time or again."""

    kind: Literal["contract_signed"] = "contract_signed"
    on: date


class DirectorCardNoted(Value):
    """Step 1, at the same time: the director's card, ordered by the form F101."""

    kind: Literal["director_card"] = "director_card"
    card: DirectorCard


class StructureNamed(Value):
    """Step 2: the structure and its number."""

    kind: Literal["structure_named"] = "structure_named"
    structure: OrderingStructure


class DoerChosen(Value):
    """Step 3: the structure does it, or its editor by delegation."""

    kind: Literal["doer_chosen"] = "doer_chosen"
    doer: Doer
    delegated_on: date | None = None


class AdministratorNamed(Value):
    """Step 4: the *administrateur technique*."""

    kind: Literal["administrator_named"] = "administrator_named"
    administrator: Administrator


class FormChosen(Value):
    """Step 5: how the form F413 is filled in."""

    kind: Literal["form_chosen"] = "form_chosen"
    channel: FormChannel


class SignatoryNamed(Value):
    """Step 6: who signs, and which box."""

    kind: Literal["signatory_named"] = "signatory_named"
    signatory: Signatory


class FormSent(Value):
    """Step 7: the form, signed, is sent."""

    kind: Literal["form_sent"] = "form_sent"
    on: date


class Acknowledged(Value):
    """Step 7: the case number came."""

    kind: Literal["acknowledged"] = "acknowledged"
    case_number: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 /._-]{0,39}$")


class Granted(Value):
    """Step 7: the habilitation is there."""

    kind: Literal["granted"] = "granted"
    on: date


class FormRefused(Value):
    """Step 7: the form came back: it is to be mended and sent again."""

    kind: Literal["form_refused"] = "form_refused"


class PlatformEntered(Value):
    """Step 8: the administrator is signed in at the platform."""

    kind: Literal["platform_entered"] = "platform_entered"
    means: PlatformMeans


class ProductRequested(Value):
    """Step 9: the product is requested. The actor's mail is typed each time: no form fills it in."""

    kind: Literal["product_requested"] = "product_requested"
    name: str = Field(max_length=200)
    actor_mail: Mail = Field(repr=False)
    informed_mail: Mail | None = Field(default=None, repr=False)
    csr: CsrCase
    public_key: str | None = Field(default=None, pattern=KEY)


class Withdrawn(Value):
    """Step 10: revocation code chosen, terms accepted, certificate downloaded."""

    kind: Literal["withdrawn"] = "withdrawn"
    on: date
    revocation_code: str = Field(pattern=SEALED)
    terms_accepted: bool
    password: str | None = Field(default=None, pattern=SEALED)


class AnswerReceived(Value):
    """Step 10: the certificate, before it is installed."""

    kind: Literal["answer_received"] = "answer_received"
    certificate: bytes = Field(max_length=65_536)


class StartedOver(Value):
    """Steps 9 and 10: the request is lost and begins again, with another key."""

    kind: Literal["started_over"] = "started_over"
    reason: Literal["password_lost", "key_lost", "wrong_request"]


class Installed(Value):
    """Step 10: the host has put the certificate beside its key."""

    kind: Literal["installed"] = "installed"


class RolledBack(Value):
    """Step 11 of a renewal: the former certificate serves again."""

    kind: Literal["rolled_back"] = "rolled_back"


class Confirmed(Value):
    """Step 11: a call went well with it; the former one may go."""

    kind: Literal["confirmed"] = "confirmed"


class AdministratorChangeSent(Value):
    """At any time after the habilitation: form F503 is sent."""

    kind: Literal["administrator_change_sent"] = "administrator_change_sent"
    new: Administrator
    on: date


class AdministratorChangeDone(Value):
    """The change of administrator took effect."""

    kind: Literal["administrator_change_done"] = "administrator_change_done"


Action = (
    ContractSigned
    | DirectorCardNoted
    | StructureNamed
    | DoerChosen
    | AdministratorNamed
    | FormChosen
    | SignatoryNamed
    | FormSent
    | Acknowledged
    | Granted
    | FormRefused
    | PlatformEntered
    | ProductRequested
    | Withdrawn
    | AnswerReceived
    | StartedOver
    | Installed
    | RolledBack
    | Confirmed
    | AdministratorChangeSent
    | AdministratorChangeDone
)
_ADAPTER: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="kind")])


def read_action(given: dict[str, Any] | str | bytes) -> Action:
    """Read an action from JSON or from what JSON holds.

    Raises:
        InputError: ``certificates.order_kind``: there is no such action; ``certificates.order_action``, with the
            names of the fields that are wrong and never their content.
    """
    try:
        return _ADAPTER.validate_python(given) if isinstance(given, dict) else _ADAPTER.validate_json(given)
    except ValidationError as failure:
        errors = failure.errors(include_input=False, include_url=False, include_context=False)
        unknown = any(error["type"].startswith("union_tag_") for error in errors)
        fields = (error for error in errors if error["loc"] and error["loc"][-1] in _FIELDS)
        wrong = sorted({f"{error['loc'][-1]}:{error['type']}" for error in fields})
    if unknown:
        raise InputError("certificates.order_kind")
    raise InputError("certificates.order_action", fields=", ".join(wrong[:8]) or "unknown")


_PARTS = (OrderingStructure, Administrator, Signatory)
_FIELDS = frozenset(name for model in (*Action.__args__, *_PARTS) for name in model.model_fields)
