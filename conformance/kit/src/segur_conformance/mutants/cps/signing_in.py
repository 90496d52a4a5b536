"""Mutants of how the plugin lets somebody sign in."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

PLUGIN: Final = "segur_plugin_cps"


def _change(file: str, before: str, after: str) -> Change:
    return Change(PLUGIN, file, before, after)


_UNLOCK: Final = "    found.token.unlock()\n"
_PROVE: Final = "    found.token.prove(authentication.key, settings.trust)\n"
_NAMED: Final = '        name=" ".join(name for name in names if name is not None)[:_MAX_NAME],\n'
_START: Final = "        return sign_in(request, ctx)\n"

MUTANTS: Final = (
    Mutant(
        "cps.first-card-taken",
        "prend une carte parmi plusieurs sans demander laquelle",
        ("cps.readers.which-card",),
        (_change("finding.py", "    if len(cards) > 1:\n", "    if not cards and not failures:\n"),),
    ),
    Mutant(
        "cps.code-twice",
        "demande le code deux fois",
        (
            "cps.code.asked-once",
            "cps.session.card-removed",
            "cps.session.logout",
            "cps.damage.pulled-while-signing-in",
        ),
        (_change("signing_in.py", _UNLOCK, _UNLOCK * 2),),
    ),
    Mutant(
        "cps.wrong-code-tried-again",
        "redemande le code de lui-même quand il est faux",
        ("cps.code.wrong", "cps.code.last-try"),
        (
            _change(
                "signing_in.py",
                _UNLOCK,
                "    try:\n"
                "        found.token.unlock()\n"
                "    except CardError as failure:\n"
                '        if failure.code != "token.pin_wrong":\n'
                "            raise\n"
                "        found.token.unlock()\n",
            ),
            _change(
                "signing_in.py",
                "from segur_sdk.context import HookContext\n",
                "from segur_sdk.context import HookContext\nfrom segur_sdk.errors import CardError\n",
            ),
        ),
    ),
    Mutant(
        "cps.nobody-named",
        "n’a pas le RPPS du porteur dans sa session",
        ("cps.login.opens", "cps.readers.which-card", "cps.session.next-professional"),
        (_change("signing_in.py", "        rpps=holder.rpps,\n", "        rpps=None,\n"),),
    ),
    Mutant(
        "cps.name-with-serial",
        "met le numéro de la carte dans le nom de l’acteur",
        ("cps.login.same-on-both",),
        (
            _change(
                "signing_in.py",
                _NAMED,
                '        name=" ".join([*(name for name in names if name is not None), found.token.state.serial]),\n',
            ),
        ),
    ),
    Mutant(
        "cps.first-professional-kept",
        "garde le nom et le RPPS du premier qui a ouvert une session",
        ("cps.session.next-professional",),
        (
            _change(
                "plugin.py",
                _START,
                "        found = sign_in(request, ctx)\n"
                '        first = self.__dict__.setdefault("first", found)\n'
                '        return found.model_copy(update={"name": first.name, "rpps": first.rpps})\n',
            ),
        ),
    ),
    Mutant(
        "cps.signature-key",
        "s’authentifie avec la clé de signature",
        ("cps.login.authentication-key",),
        (_change("eligibility.py", "    return pair.authentication\n", "    return pair.certificates[-1]\n"),),
    ),
    Mutant(
        "cps.nothing-proven",
        "se contente du code, sans preuve de possession de la clé",
        ("cps.login.authentication-key", "cps.login.untrusted"),
        (_change("signing_in.py", _PROVE, ""),),
    ),
    Mutant(
        "cps.anybody",
        "ouvre une session à une carte qui ne nomme personne",
        ("cps.login.not-nominative",),
        (_change("eligibility.py", "    if pair.subject.surname is None:\n", "    if pair is None:\n"),),
    ),
    Mutant(
        "cps.expired-accepted",
        "demande le code d’une carte expirée",
        ("cps.login.expired",),
        (_change("eligibility.py", "    if now >= pair.valid_until:\n", "    if pair is None:\n"),),
    ),
    Mutant(
        "cps.any-world",
        "demande en production le code d’une carte de test",
        ("cps.login.test-in-production",),
        (_change("eligibility.py", "    check_nature(pair.ans.nature, environment)\n", ""),),
    ),
    Mutant(
        "cps.chooses-itself",
        "choisit la situation à la place du professionnel",
        ("cps.situations.all", "cps.situations.chosen", "cps.situations.per-card"),
        (_change("signing_in.py", "exercices=exercices_of(holder),", "exercices=exercices_of(holder)[:1],"),),
    ),
    Mutant(
        "cps.no-structure",
        "ne dit pas dans quelle structure on exerce",
        ("cps.situations.structure",),
        (_change("exercices.py", "        structure=_structure(situation),\n", "        structure=None,\n"),),
    ),
    Mutant(
        "cps.warns-late",
        "ne prévient qu’à cinq jours du terme de la carte",
        ("cps.session.ends-soon",),
        (_change("login_warnings.py", "_SOON: Final = 30\n", "_SOON: Final = 5\n"),),
    ),
)
