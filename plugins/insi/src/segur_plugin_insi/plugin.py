"""The plugin as a host sees it: one hook, one service."""

from segur_plugin_insi.callers import caller_of
from segur_plugin_insi.card_person import person_on_card
from segur_plugin_insi.criteria import Criteria, sendable_names
from segur_plugin_insi.exchange import Exchanged
from segur_plugin_insi.qualification import Qualification
from segur_plugin_insi.searches import search_by_card, search_by_traits
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.qualify_identity import IdentityRequest
from segur_sdk.models.identity import InsEvidence
from segur_sdk.services.ins_lookup import CardQuery, InsAnswer, TraitsQuery


class InsiPlugin(SegurHooks):
    """Asks the INSi teleservice for a person's INS (INSi WSDL 1.5.0); implements ``InsLookup`` too."""

    @hookimpl
    def qualify_identity(self, event: IdentityRequest, ctx: HookContext) -> InsEvidence | None:
        """Bring what INSi says about a person, with every attempt; never a status.

        A person on a card is searched by the card when ``vitale_assertion`` allows it and the card is in a
        reader, by the traits read otherwise. A scanned INS is searched by its traits, and its matricule compared
        with the one found: the national operation that verifies an INS has no public contract.

        Raises:
            ConfigError: ``insi.certificate_*``, ``insi.idam_unknown``, ``insi.assertion_outside_sandbox``; in a
                professional's name, those of ``professional_by_card`` and ``professional_by_psc``, as other failures.
            InputError: ``identity.name_*``, ``insi.answer_invalid``, ``insi.card_number_missing``,
                ``insi.card_serial_missing``, ``input.nobody_to_ask``, ``input.no_answer``.
            IdentityError: ``identity.sex_undetermined``, ``insi.matricule_differs``.
            CardError: ``card.swapped``, ``card.removed`` and those of reading a card.
            ServiceError: ``insi.unavailable``, ``insi.fault``, ``insi.answer_unreadable``, ``insi.http_status``,
                ``service.*``. The identity is left as it was.
        """
        return Qualification(event, ctx).evidence()

    def search_by_traits(self, query: TraitsQuery, ctx: HookContext) -> InsAnswer:
        """Ask once by traits, all given names in one element; see ``InsLookup``."""
        ctx.settings(InsiSettings).makes_assertions(ctx.environment)
        caller = caller_of(ctx, automatic=query.automatic)
        criteria = Criteria.from_traits(query.traits, sendable_names(query.traits))
        return _ins_answer(search_by_traits(criteria, caller, ctx))

    def search_by_card(self, query: CardQuery, ctx: HookContext) -> InsAnswer:
        """Ask once by card; see ``InsLookup``.

        Raises:
            ConfigError: ``insi.assertion_missing`` when no assertion Vitale can be had.
        """
        if not ctx.settings(InsiSettings).makes_assertions(ctx.environment):
            raise ConfigError("insi.assertion_missing")
        caller = caller_of(ctx, automatic=query.automatic)
        return _ins_answer(search_by_card(query, person_on_card(query.beneficiary, ctx), caller, ctx))


def _ins_answer(exchanged: Exchanged) -> InsAnswer:
    answer = exchanged.answer()
    return InsAnswer(cr=answer.cr, individual=answer.individual, attempt=exchanged.attempt)
