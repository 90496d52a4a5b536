"""An order that goes from the first step to the last, and its pieces."""

from datetime import date, timedelta
from typing import Any, Final

from plugins.certificates.tests.made_pki import NOW, Made, make_leaf, org_name, pki
from segur_plugin_certificates.facts import read_facts
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action
from segur_plugin_certificates.ordering.machine import act, begin
from segur_plugin_certificates.ordering.people import (
    Administrator,
    AdministratorCard,
    DirectorCard,
    Doer,
    FinessNature,
    OrderingStructure,
    Signatory,
    SignatoryBox,
)
from segur_plugin_certificates.ordering.products import Box, Product, Service
from segur_plugin_certificates.ordering.state import CsrCase, FormChannel, OrderState, PlatformMeans
from segur_plugin_certificates.usages import Usage
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.actor import Environment

TODAY: Final = NOW.date()
INSI: Final = Product(box=Box.ORG, usage=Usage.AUTH_CLI, service=Service.INSI_AUTO, use="insi-auto")
STRUCTURE: Final = OrderingStructure(
    name="CABINET M DOC0036790",
    department="Paris (75)",
    type=StructureIdType.FINESS,
    number="0B0152872",
    finess_nature=FinessNature.GEOGRAPHIQUE,
    attributed_on=date(2020, 1, 1),
)
ADMINISTRATOR: Final = Administrator(
    name="CAROLE PHARMACH", mail="informatique@cabinet.exemple.fr", card=AdministratorCard.CPE, card_active=True
)
SIGNATORY: Final = Signatory(name="CAROLE PHARMACH", box=SignatoryBox.RESPONSABLE, mail="contact@cabinet.exemple.fr")


def leaf(key_name: str = "AUTH_CLI", **changes: Any) -> Made:
    settings: dict[str, Any] = {"subject": org_name("INSI-AUTO", "10B0152872"), "key_name": key_name}
    return make_leaf(pki().organisations, changes.pop("kind", "AUTH_CLI"), **(settings | changes))


def public_key(key_name: str = "AUTH_CLI") -> str:
    return read_facts(leaf(key_name).der).public_key


def asked(csr: CsrCase = CsrCase.UPLOAD, key_name: str = "AUTH_CLI", **changes: Any) -> actions.ProductRequested:
    settings: dict[str, Any] = {
        "name": "INSI-AUTO",
        "actor_mail": "informatique@cabinet.exemple.fr",
        "csr": csr,
        "public_key": public_key(key_name) if csr is CsrCase.UPLOAD else None,
    }
    return actions.ProductRequested.model_validate(settings | changes)


def taken(csr: CsrCase = CsrCase.UPLOAD, **changes: Any) -> actions.Withdrawn:
    settings: dict[str, Any] = {
        "on": TODAY,
        "revocation_code": "sealed:revocation-1",
        "terms_accepted": True,
        "password": "sealed:password-1" if csr is CsrCase.PLATFORM else None,
    }
    return actions.Withdrawn.model_validate(settings | changes)


def whole(csr: CsrCase = CsrCase.UPLOAD) -> tuple[Action, ...]:
    """Return every action of an order, in the order of the steps."""
    return (
        actions.ContractSigned(on=date(2021, 5, 3)),
        actions.DirectorCardNoted(card=DirectorCard.HELD),
        actions.StructureNamed(structure=STRUCTURE),
        actions.DoerChosen(doer=Doer.STRUCTURE),
        actions.AdministratorNamed(administrator=ADMINISTRATOR),
        actions.FormChosen(channel=FormChannel.ONLINE),
        actions.SignatoryNamed(signatory=SIGNATORY),
        actions.FormSent(on=TODAY - timedelta(days=10)),
        actions.Acknowledged(case_number="2026-004217"),
        actions.Granted(on=TODAY - timedelta(days=5)),
        actions.PlatformEntered(means=PlatformMeans.CPX),
        asked(csr),
        taken(csr),
        actions.AnswerReceived(certificate=leaf().der),
        actions.Installed(),
        actions.Confirmed(),
    )


def at_action(
    kind: type[Action], csr: CsrCase = CsrCase.UPLOAD, environment: Environment = Environment.TEST
) -> OrderState:
    """Return the state in which the action of a kind comes next."""
    state = begin(INSI, environment)
    for action in whole(csr):
        if isinstance(action, kind):
            return state
        state = act(state, action, NOW)
    return state


def finished(csr: CsrCase = CsrCase.UPLOAD) -> OrderState:
    state = begin(INSI, Environment.TEST)
    for action in whole(csr):
        state = act(state, action, NOW)
    return state


def doing(state: OrderState, *given: Action) -> OrderState:
    """Return the state after actions."""
    for action in given:
        state = act(state, action, NOW)
    return state
