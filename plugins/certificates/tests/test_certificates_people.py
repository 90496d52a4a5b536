"""Who orders and signs stands in the forms and in the order that is kept, and in nothing that is shown on the way."""

from typing import Any

from plugins.certificates.tests.made_orders import ADMINISTRATOR, SIGNATORY, asked, finished
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.guide import form_fields
from segur_plugin_certificates.ordering.state import resume, save
from segur_plugin_certificates.orders import Order
from segur_sdk.services.structure_certificates import FormField, OrderRequest

NAMED = (ADMINISTRATOR.name, ADMINISTRATOR.mail, SIGNATORY.mail)


def test_people_of_an_order_are_kept_and_never_in_a_repr() -> None:
    state = finished()
    signatory: dict[str, Any] = {"kind": "signatory_named", "signatory": SIGNATORY.model_dump(mode="json")}
    shown = [
        state,
        Order(state),
        asked(informed_mail=ADMINISTRATOR.mail),
        actions.AdministratorNamed(administrator=ADMINISTRATOR),
        OrderRequest(use="insi-auto", action=signatory),
        form_fields(state),
        [FormField(**one.model_dump()) for one in form_fields(state)],
    ]
    assert [(name, one) for one in shown for name in NAMED if name in repr(one)] == []
    assert all(name in save(state) for name in NAMED)
    assert resume(save(state)) == state
