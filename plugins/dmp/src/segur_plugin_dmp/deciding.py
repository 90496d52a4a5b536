"""Whether a document may be fed, as far as the DMP has a say in it: every rule is asked, every failing one told."""

from segur_plugin_dmp.fed_versions import says_the_same
from segur_plugin_dmp.notices import notice
from segur_plugin_dmp.rules import RULES, SEND_IT, SENSITIVE, Case, Rule
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.context import HookContext
from segur_sdk.hooks.dmp_send import DmpDraft, DmpEffect
from segur_sdk.models.decision import Decision, Suggestion, Verdict
from segur_sdk.models.document import Visibility
from segur_sdk.models.notice import Choice, Question


def decide(draft: DmpDraft, ctx: HookContext) -> Decision:
    """Return the verdict on a draft, with all its reasons."""
    case = Case(
        draft=draft,
        settings=ctx.settings(DmpSettings),
        actor=ctx.actor,
        environment=ctx.environment,
        today=ctx.clock.now().date(),
        says_the_same=says_the_same(draft, ctx),
    )
    withdraws = draft.effect is DmpEffect.WITHDRAW
    broken = [rule for rule in RULES if (rule.for_withdrawals or not withdraws) and rule.broken(case)]
    if not broken:
        return Decision(verdict=Verdict.ALLOW)
    verdict = max((rule.verdict for rule in broken), key=lambda one: one.strictness)
    return Decision(
        verdict=verdict,
        reasons=tuple(notice(rule.code) for rule in broken),
        suggestions=_suggestions(case, broken),
        question=_question() if verdict is Verdict.HOLD else None,
    )


def _suggestions(case: Case, broken: list[Rule]) -> tuple[Suggestion, ...]:
    """Propose to keep a minor's sensitive document from his legal representatives."""
    if not any(rule.code == SENSITIVE for rule in broken) or case.kept_from_representatives:
        return ()
    if not (case.settings.minors and case.of_a_minor):
        return ()
    return (Suggestion(field="confidentiality", text=Visibility.INVISIBLE_REPRESENTANTS_LEGAUX.value),)


def _question() -> Question:
    return Question(
        code=SENSITIVE,
        text="Ce document est sensible. Faut-il l’envoyer au DMP ?",
        choices=(
            Choice(value="hold", label="Ne pas l’envoyer pour l’instant"),
            Choice(value=SEND_IT, label="L’envoyer au DMP"),
        ),
    )
