"""Mutants of who the professional is, and of what he answers on his own device."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc.places import plugin

_WAITS: Final = "        ctx.wait(interval)\n"

MUTANTS: Final = (
    Mutant(
        "psc.any-userinfo",
        "prend les informations d’une autre personne",
        ("psc.userinfo.same-person",),
        (plugin("userinfo.py", "    if found.sub != subject:\n", "    if not subject:\n"),),
    ),
    Mutant(
        "psc.either-identifier",
        "prend l’un des deux identifiants quand ils diffèrent",
        ("psc.userinfo.identifier",),
        (plugin("signing_in.py", "    if len(said) > 1:\n", "    if len(said) > 2:\n"),),
    ),
    Mutant(
        "psc.parses-subject",
        "tire l’identifiant national du sujet quand il manque",
        ("psc.userinfo.identifier",),
        (
            plugin(
                "signing_in.py",
                "    found = read_national_id(said.pop()) if said else None\n",
                '    found = read_national_id(said.pop() if said else proven.subject.rpartition(":")[2])\n',
            ),
        ),
    ),
    Mutant(
        "psc.rpps-of-all",
        "prend pour un RPPS ce qui suit le premier chiffre, quel qu’il soit",
        ("psc.userinfo.rpps",),
        (
            plugin(
                "national_id.py",
                "    return NationalId(text)\n",
                "    return NationalId(text, rpps=text[1:12] if text[1:12].isdigit() else None)\n",
            ),
        ),
    ),
    Mutant(
        "psc.name-needed",
        "refuse qui n’a pas de prénom",
        ("psc.userinfo.tolerant",),
        (
            plugin(
                "userinfo.py",
                '    given_name: Text = Field(default=None, alias="given_name")\n',
                '    given_name: str = Field(alias="given_name", min_length=1)\n',
            ),
        ),
    ),
    Mutant(
        "psc.chooses-itself",
        "choisit la situation à la place du professionnel",
        ("psc.userinfo.choice", "psc.userinfo.structure"),
        (
            plugin(
                "signing_in.py",
                "    exercices = exercices_of(userinfo)\n",
                "    exercices = exercices_of(userinfo)[:1]\n",
            ),
        ),
    ),
    Mutant(
        "psc.no-structure",
        "ne dit pas dans quelle structure on exerce",
        ("psc.userinfo.structure",),
        (
            plugin(
                "exercices.py",
                "    if name is None:\n        return None\n",
                '    if name != "":\n        return None\n',
            ),
        ),
    ),
    Mutant(
        "psc.anybody",
        "ouvre la session d’une autre personne que celle qui était attendue",
        ("psc.userinfo.meant",),
        (
            plugin(
                "signing_in.py",
                "    if meant is not None and who.text != meant.text:\n",
                "    if meant is not None and not who.text:\n",
            ),
        ),
    ),
    Mutant(
        "psc.ciba-no-level",
        "ne demande pas le niveau eidas1 par CIBA",
        ("psc.ciba.request",),
        (plugin("ciba.py", '        "acr_values": settings.acr,\n', ""),),
    ),
    Mutant(
        "psc.always-telephone",
        "s’adresse au téléphone de qui a choisi sa carte",
        ("psc.ciba.request",),
        (plugin("ciba.py", '        "channel": where.value,\n', '        "channel": "MOBILE",\n'),),
    ),
    Mutant(
        "psc.same-number",
        "donne toujours le même nombre à comparer",
        ("psc.ciba.compared",),
        (plugin("one_time.py", '    return f"{secrets.randbelow(100):02d}"\n', '    return "42"\n'),),
    ),
    Mutant(
        "psc.other-number",
        "montre un autre nombre que celui de la demande",
        ("psc.ciba.compared",),
        (
            plugin(
                "ciba.py",
                'text=f"Votre code de vérification est {message}.",',
                'text=f"Votre code de vérification est {99 - int(message):02d}.",',
            ),
        ),
    ),
    Mutant(
        "psc.own-pace",
        "demande chaque seconde, quoi que l’autorité demande",
        ("psc.ciba.pace", "psc.ciba.never-answered"),
        (
            plugin(
                "ciba.py",
                '    interval = seconds(answer.get("interval", settings.poll_interval_s))\n',
                "    interval = 1\n",
            ),
        ),
    ),
    Mutant(
        "psc.never-slower",
        "ne ralentit pas quand l’autorité le demande",
        ("psc.ciba.pace",),
        (plugin("ciba.py", "            interval += SLOWER_S\n", "            interval += 0\n"),),
    ),
    Mutant(
        "psc.never-tires",
        "demande encore après le terme de la demande",
        ("psc.ciba.never-answered",),
        (plugin("ciba.py", "        if left <= interval:\n", "        if left <= -LONGEST_S:\n"),),
    ),
    Mutant(
        "psc.insists",
        "redemande après un refus",
        ("psc.ciba.over",),
        (
            plugin(
                "ciba.py",
                '        elif code != "authorization_pending":\n',
                '        elif code not in {"authorization_pending", "access_denied"}:\n',
            ),
        ),
    ),
    Mutant(
        "psc.does-not-give-up",
        "continue quand le professionnel abandonne",
        ("psc.ciba.given-up",),
        (
            plugin(
                "ciba.py",
                _WAITS,
                "        try:\n            ctx.wait(interval)\n        except InputError:\n            pass\n",
            ),
        ),
    ),
)
