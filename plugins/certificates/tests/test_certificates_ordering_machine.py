"""Any order of actions, stopped and resumed anywhere, gives the same as without stopping."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from plugins.certificates.tests.made_orders import (
    ADMINISTRATOR,
    INSI,
    STRUCTURE,
    TODAY,
    asked,
    leaf,
    public_key,
    taken,
    whole,
)
from plugins.certificates.tests.made_pki import NOW
from segur_plugin_certificates.findings import catalogue
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action
from segur_plugin_certificates.ordering.guide import advise
from segur_plugin_certificates.ordering.machine import act, begin, begin_renewal, possible
from segur_plugin_certificates.ordering.people import DirectorCard, Doer
from segur_plugin_certificates.ordering.state import CsrCase, OrderState, Renewed, resume, save
from segur_plugin_certificates.ordering.steps import current_step
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Environment


def every_action() -> list[Action]:
    juridique: dict[str, Any] = {"number": "750712184", "attributed_on": None}
    return [
        *whole(),
        asked(CsrCase.PLATFORM),
        asked(key_name="SIGN"),
        asked(name="insi-auto"),
        taken(CsrCase.PLATFORM),
        taken(terms_accepted=False),
        actions.AnswerReceived(certificate=leaf("SIGN").der),
        actions.AnswerReceived(certificate=b"\x30\x00"),
        actions.FormRefused(),
        actions.RolledBack(),
        actions.StartedOver(reason="password_lost"),
        actions.AdministratorChangeSent(new=ADMINISTRATOR, on=TODAY),
        actions.AdministratorChangeDone(),
        actions.DirectorCardNoted(card=DirectorCard.ORDERED),
        actions.DoerChosen(doer=Doer.EDITOR, delegated_on=TODAY),
        actions.FormSent(on=TODAY + timedelta(days=1)),
        actions.StructureNamed(structure=STRUCTURE.model_copy(update=juridique)),
    ]


ACTIONS = every_action()
FORWARD = whole()


class Ordering(RuleBasedStateMachine):
    """Two orders get the same actions; one of them is written down and read again in between."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: OrderState = begin(INSI, Environment.TEST)
        self.stopped: OrderState = self.kept
        self.seen_keys: set[str] = set()

    @initialize(steps=st.integers(0, len(FORWARD)), renewal=st.booleans())
    def begun(self, steps: int, renewal: bool) -> None:
        for action in FORWARD[:steps]:
            self.kept = act(self.kept, action, NOW)
        if renewal and self.kept.granted_on is not None:
            former = Renewed(fingerprint="F" * 64, public_key=public_key(), not_after=NOW + timedelta(days=9))
            self.kept = begin_renewal(self.kept, former)
        self.stopped = resume(save(self.kept))

    @rule(action=st.sampled_from(ACTIONS), stop=st.booleans(), again=st.booleans())
    def acted(self, action: Action, stop: bool, again: bool) -> None:
        offered = action.kind in possible(self.kept)
        outcomes = [self._tried(state, action) for state in (self.kept, self.stopped)]
        assert outcomes[0] == outcomes[1]
        found = outcomes[0]
        if isinstance(found, str):
            assert found in catalogue()
            return
        assert offered or found == self.kept
        self.kept = self.stopped = found
        if stop:
            self.stopped = resume(save(self.stopped))
        if again and not isinstance(
            action, actions.StartedOver | actions.FormRefused | actions.AdministratorChangeDone
        ):
            self.stopped = act(self.stopped, action, NOW)

    @rule()
    def went_on(self) -> None:
        """Do what comes next on the straight way, so that the later steps are reached."""
        for action in FORWARD:
            if action.kind in possible(self.kept) and not isinstance(self._tried(self.kept, action), str):
                self.kept = act(self.kept, action, NOW)
        self.stopped = resume(save(self.kept))

    @staticmethod
    def _tried(state: OrderState, action: Action) -> OrderState | str:
        try:
            return act(state, action, NOW)
        except InputError as failure:
            return failure.code

    @invariant()
    def the_same_with_and_without_stopping(self) -> None:
        assert self.kept == self.stopped
        assert advise(self.kept, TODAY) == advise(self.stopped, TODAY)

    @invariant()
    def nothing_stands_without_what_comes_before(self) -> None:
        state = self.kept
        assert state.request is None or state.granted_on is not None
        assert state.withdrawal is None or state.request is not None
        assert state.answer is None or state.withdrawal is not None
        assert state.installed_at is None or state.answer is not None
        assert state.confirmed_at is None or state.installed_at is not None
        assert (current_step(state) is None) == (state.confirmed_at is not None and state.administrator_change is None)

    @invariant()
    def no_key_serves_twice(self) -> None:
        state = self.kept
        used = set(state.abandoned_keys) | ({state.renews.public_key} if state.renews else set())
        current = {
            state.request.public_key if state.request else None,
            state.answer.public_key if state.answer else None,
        }
        assert used.isdisjoint(current - {None})


TestOrdering = Ordering.TestCase
TestOrdering.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
