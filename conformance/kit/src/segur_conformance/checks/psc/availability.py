"""Pro Santé Connect away: said so, nothing lost, and a local login stays possible."""

from pathlib import Path
from typing import Any, Final

from segur_conformance.authority.listener import Shown
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    between,
    expect_no_session,
    operations,
    sign_in,
    signed_in,
    started,
    started_at,
)
from segur_conformance.checks.psc.people import ON_TELEPHONE, PEOPLE, TITULAIRE
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

OPERATOR: Final = "titulaire"
CODE: Final = "comptoir-2026"
CODE_ASKED: Final = "operator.code"
HURRY_S: Final = 1.6
"""Instead of the time that a login may take, which is far longer than a check may last."""
SLOW_S: Final = 4.0
_RENEWED: Final = "token:refresh_token"


@checks(
    "psc.availability.away",
    "KIT-PSC-10",
    purpose="Pro Santé Connect absent se dit, et n’est pas pris pour un refus ; son retour se voit aussitôt.",
    steps=(
        "refuser toute connexion, puis faire répondre 503 à chaque étape, une réponse coupée, une réponse sans sens",
        "rétablir et ouvrir une session, sans redémarrer le logiciel",
    ),
    expected="chaque fois une erreur en français et pas de session, puis une session",
    mend="traduire ce que dit ctx.http, ne rien garder d’une panne",
    film="le message de Pro Santé Connect absent",
    kinds=PLUGIN_KINDS,
)
def away(bench: Bench) -> None:
    """Whatever the failure, it is said; and gone when it is over."""
    subject = started(bench)
    failures: dict[str, dict[str, Any]] = {
        "document, 503": {"fault": "error5xx", "operation": "discovery"},
        "aucune connexion": {"fault": "refuse"},
        "code, 503": {"fault": "error5xx", "operation": "token"},
        "clefs, 503": {"fault": "error5xx", "operation": "certs"},
        "identité, 503": {"fault": "error5xx", "operation": "userinfo"},
        "identité coupée": {"fault": "truncated", "operation": "userinfo"},
        "jetons sans sens": {"fault": "garbage", "operation": "token"},
    }
    for what, failure in failures.items():
        bench.sandbox.fault("psc", **failure)
        expect_no_session(bench, subject, sign_in(bench, subject), what)
        bench.mend()
    bench.sandbox.fault("psc", "error5xx", operation="ciba")
    expect_no_session(bench, subject, sign_in(bench, subject, **ON_TELEPHONE), "CIBA, 503")
    bench.mend()
    signed_in(bench, subject, "connexion après les pannes")


@checks(
    "psc.availability.local",
    "KIT-PSC-10",
    "S000-87",
    purpose="Pro Santé Connect absent ne ferme jamais la pharmacie : un code ouvre une session, à droits réduits.",
    steps=("créer un compte avec un code", "couper Pro Santé Connect", "se connecter par ce code"),
    expected="une session locale, qui dit ses droits réduits, sans échec d’aucun module",
    mend="ne rien demander à Pro Santé Connect quand la session n’est pas la sienne",
    film="la connexion locale pendant la panne",
    kinds=PLUGIN_KINDS,
)
def local(bench: Bench) -> None:
    """A local login needs nobody."""
    subject = started(bench)
    subject.ask("account", name=OPERATOR, role="titulaire", rpps=PEOPLE[TITULAIRE].rpps, code=CODE)
    subject.ask("answers", answers={CODE_ASKED: CODE})
    bench.sandbox.fault("psc", "refuse")
    expect_no_session(bench, subject, sign_in(bench, subject), "Pro Santé Connect absent")
    answer = subject.ask("login", means="local", operator=OPERATOR)
    expect(answer.error is None, f"connexion locale : {answer.error}")
    statuses = {one["status"] for one in answer.value["outcomes"]}
    expect(statuses <= {"ok", "declined"}, f"connexion locale : un module échoue, {sorted(statuses)}")
    expect(answer.value["notices"], "connexion locale : rien ne dit que les droits sont réduits")
    expect_equal(answer.value["session"]["means"], "local", "moyen de la session")


@checks(
    "psc.availability.slow",
    "KIT-PSC-10",
    purpose="Pro Santé Connect lent ne retient pas le comptoir.",
    steps=(
        "raccourcir le délai de l’hôte",
        "ralentir le document, puis l’échange du code",
        "ouvrir ensuite une session",
    ),
    expected="une erreur en français avant l’échéance, jamais celle d’un module qui ne répond plus",
    mend="attendre par ctx.http, qui tient le délai ; ne jamais dormir, ne pas recommencer de soi-même",
    film="le message d’un service lent",
    kinds=PLUGIN_KINDS,
)
def slow(bench: Bench) -> None:
    """What takes too long is given up in time."""
    subject = started(bench)
    for operation in ("discovery", "token"):
        subject.ask("hurry", seconds=HURRY_S)
        bench.sandbox.fault("psc", "delay", operation=operation, seconds=SLOW_S)
        expect_no_session(bench, subject, sign_in(bench, subject), f"{operation}, lent")
        bench.mend()
    signed_in(bench, started(bench), "connexion suivante")


@checks(
    "psc.availability.tls",
    "KIT-PSC-10",
    "SC.SSI/GEN.12",
    purpose="Un serveur qui ne prouve pas qu’il est Pro Santé Connect ne reçoit ni code, ni jeton, ni secret.",
    steps=(
        "ouvrir une session",
        "présenter un certificat expiré, puis celui d’une autorité inconnue, puis celui d’un client",
    ),
    expected="une session, puis chaque fois une erreur en français ; rien n’est demandé à ce serveur",
    mend="n’aller chez Pro Santé Connect que par ctx.http, avec les autorités de la configuration",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def tls(bench: Bench) -> None:
    """Nothing is said to who does not prove who he is."""
    signed_in(bench, started(bench), "certificat exact")
    subject = started(bench)
    bench.sandbox.fault("psc", "expired_certificate")
    before = len(_asked_for(bench))
    expect_no_session(bench, subject, sign_in(bench, subject), "certificat expiré")
    expect_equal(len(_asked_for(bench)), before, "demandes au serveur dont le certificat est expiré")
    bench.mend()
    for what, role in (("autorité inconnue", "foreign-ca"), ("certificat d’un client", "org-auth")):
        files = bench.sandbox.descriptor["certificates"][role]
        with between(bench, Shown(Path(files["cert"]), Path(files["key"]))) as authority:
            subject = started_at(bench, authority)
            expect_no_session(bench, subject, sign_in(bench, subject), what)
            expect_equal(authority.heard, [], f"demandes au serveur, {what}")


def _asked_for(bench: Bench) -> list[str]:
    return [one for one in operations(bench) if one != "None"]


@checks(
    "psc.availability.one-try",
    "KIT-PSC-10",
    purpose="Un code ou un jeton de renouvellement sert une fois : renvoyé sans réponse, il fait tout perdre.",
    steps=("perdre la réponse à l’échange du code", "ouvrir une session, perdre la réponse au renouvellement"),
    expected="une erreur, un seul échange à chaque fois ; la connexion suivante s’ouvre",
    mend="ne jamais renvoyer de soi-même une demande qui a pu aboutir",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def one_try(bench: Bench) -> None:
    """What may have been processed is not sent again."""
    subject = started(bench)
    bench.sandbox.fault("psc", "answer_lost", operation="token", count=1)
    expect_no_session(bench, subject, sign_in(bench, subject), "réponse perdue")
    expect_equal(operations(bench).count("token:authorization_code"), 1, "échanges du code")
    session = signed_in(bench, subject, "connexion suivante")["session"]["session_id"]
    subject.ask("clock", step_s=100)
    bench.sandbox.set_clock(advance_s=100)
    bench.sandbox.fault("psc", "answer_lost", operation="token", count=1)
    subject.ask("bearer", session=session)
    expect_equal(operations(bench).count(_RENEWED), 1, "renouvellements")
