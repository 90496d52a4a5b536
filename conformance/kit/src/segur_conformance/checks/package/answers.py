"""What a plugin answers is of the agreed types, and what it refuses has a code and a French sentence."""

import ast
import re
import tomllib
from collections.abc import Iterator
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.package.samples import MIXED_UP, calls_of, code_of, ordinary, rare, started
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect
from segur_sdk.errors import read_catalogue, sdk_catalogue

checks = CheckSet()

_NOT_ERRORS: Final = frozenset({"code", "use", "key", "purpose"})
"""Names of arguments whose texts are codes of questions and notices, or names of grants, not of errors."""


@checks(
    "package.answers.types",
    "PKG-02",
    purpose="L’hôte et le logiciel métier ne lisent que des réponses des types convenus.",
    steps=("donner au module chaque événement courant de ses moments déclarés",),
    expected="chaque réponse est du type du contrat, validée de nouveau par l’hôte, ou absente",
    mend="construire les modèles du SDK par leur constructeur, jamais par model_construct",
    film="un événement courant et sa réponse",
    kinds=PLUGIN_KINDS,
)
def types(bench: Bench) -> None:
    """Every result is valid for its contract."""
    for sample, outcome in calls_of(bench, started(bench), ordinary(bench)):
        expect(outcome["status"] != "invalid_result", f"{sample.hook}, {sample.name} : réponse d’un autre type")


@checks(
    "package.answers.typed-errors",
    "PKG-02",
    "PKG-13",
    purpose="Au comptoir, une erreur dit ce qui se passe et que faire ; une exception nue ne dit rien.",
    steps=("donner au module chaque événement courant",),
    expected="ce qui échoue porte un code du SDK ou du module, avec une phrase en français",
    mend="lever une erreur de segur_sdk.errors avec un code déclaré dans messages_fr.toml",
    film="le message affiché au comptoir",
    kinds=PLUGIN_KINDS,
)
def typed_errors(bench: Bench) -> None:
    """A failure has a code that somebody explains."""
    known = {*sdk_catalogue(), *_own_texts(bench)}
    for sample, outcome in calls_of(bench, started(bench), ordinary(bench)):
        code, place = code_of(outcome), f"{sample.hook}, {sample.name}"
        cause = (outcome.get("error") or {}).get("cause", "")
        expect(code != MIXED_UP, f"{place} : exception qui n’est pas une erreur du SDK [{cause}]")
        expect(not code or code in known, f"{place} : le code {code} n’a pas de texte en français")


@checks(
    "package.answers.rare-events",
    "PKG-02",
    "KIT-PKG-05",
    purpose="Un événement permis mais rare ne doit jamais arrêter le logiciel.",
    steps=("donner au module les événements les plus longs, les plus vides et les plus étranges du contrat",),
    expected="une réponse, un refus typé, ou rien ; le processus vit et répond encore",
    mend="traiter toutes les valeurs que les modèles du SDK acceptent ; ne jamais terminer le processus",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def rare_events(bench: Bench) -> None:
    """The rarest events find an answer, and the process lives on."""
    subject = started(bench)
    for sample, outcome in calls_of(bench, subject, rare(bench)):
        expect(
            outcome["status"] in {"ok", "declined", "failed"} and code_of(outcome) != MIXED_UP,
            f"{sample.hook}, {sample.name} : {outcome['status']} {code_of(outcome)}",
        )
    subject.ask("observe")


@checks(
    "package.answers.french-texts",
    "PKG-13",
    purpose="Chaque code qu’un module peut montrer a une phrase, une cause et une action en français.",
    steps=("chercher dans le code du module les codes d’erreur qui lui sont propres", "lire messages_fr.toml"),
    expected="chacun a son texte ; chaque texte a ses trois phrases",
    mend='ajouter la table ["module.code"] avec message, cause et action',
    film="le message affiché au comptoir",
    kinds=PLUGIN_KINDS,
)
def french_texts(bench: Bench) -> None:
    """Every code of the plugin's own has its sentences."""
    texts = _own_texts(bench)
    raised = set(_codes_of(bench))
    if not raised and not texts:
        raise NotApplicable("le module n’a aucun code d’erreur propre")
    missing = sorted(raised - set(texts))
    expect(not missing, f"codes sans texte : {', '.join(missing)}")
    poor = sorted(code for code, three in texts.items() if not all(len(one.split()) > 2 for one in three))
    expect(not poor, f"textes incomplets : {', '.join(poor)}")


def _own_texts(bench: Bench) -> dict[str, tuple[str, ...]]:
    name = bench.plugin.declared.get("messages")
    if not name:
        return {}
    try:
        catalogue = read_catalogue((bench.plugin.package / str(name)).read_text("utf-8"))
    except (OSError, ValueError, tomllib.TOMLDecodeError):
        return {}
    return {code: (one.message, one.cause, one.action) for code, one in catalogue.items()}


def _codes_of(bench: Bench) -> Iterator[str]:
    """Yield the codes of the plugin's own that its code hands to something, other than as names of grants."""
    own = re.compile(rf"{re.escape(bench.plugin.id)}\.[a-z0-9_]+(?:\.[a-z0-9_]+)*")
    for file in sorted(bench.plugin.package.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call):
                named = [keyword.value for keyword in call.keywords if keyword.arg not in _NOT_ERRORS]
                for given in (*call.args, *named):
                    if isinstance(given, ast.Constant) and isinstance(given.value, str) and own.fullmatch(given.value):
                        yield given.value
