"""Mutants of what is said of a certificate: what it is, what it fits, and the way up to its authority."""

from typing import Final

from segur_conformance.mutants.certificates.places import plugin
from segur_conformance.mutants.mutant import Mutant

_PROBLEM: Final = "    if problem is not None and said.isdisjoint("
_NEED: Final = "    Purpose.INSI_AUTO: _Need(Usage.AUTH_CLI, INSI_AUTO, _ORG, organisations=True, structure=True),\n"

MUTANTS: Final = (
    Mutant(
        "certificates.no-usage",
        "ne rend pas l’usage des certificats",
        ("certificates.inventory.what-each-is",),
        (plugin("rows.py", "        usage=tuple(_usage(one) for one in facts.kind.usages),\n", "        usage=(),\n"),),
    ),
    Mutant(
        "certificates.all-of-servers",
        "prend tout certificat d’organisation pour celui d’un serveur",
        ("certificates.inventory.what-each-is",),
        (
            plugin(
                "kind.py",
                "    return Kind(Offer.SERV if server else Offer.ORG,",
                "    return Kind(Offer.SERV if server or True else Offer.ORG,",
            ),
        ),
    ),
    Mutant(
        "certificates.any-structure",
        "prend un type de structure inconnu pour un FINESS",
        ("certificates.inventory.structure",),
        (
            plugin(
                "identifiers.py",
                "    known = _STRUCTURES.get(unit[:1])\n",
                '    known = _STRUCTURES.get(unit[:1], _STRUCTURES["1"])\n',
            ),
        ),
    ),
    Mutant(
        "certificates.no-siret",
        "ne connaît pas les SIRET",
        ("certificates.inventory.structure",),
        (
            plugin(
                "identifiers.py",
                '(StructureIdType.SIRET, re.compile(r"[0-9]{14}")',
                '(StructureIdType.SIRET, re.compile(r"[0-9]{9}")',
            ),
        ),
    ),
    Mutant(
        "certificates.no-check-digit",
        "ne vérifie pas la clé de l’identifiant",
        ("certificates.inventory.check-digit",),
        (
            plugin(
                "subject.py",
                '    return found, None if found.check_fits else "certificates.structure_check"\n',
                "    return found, None\n",
            ),
        ),
    ),
    Mutant(
        "certificates.names-of-structures-only",
        "ne lit pas le nom d’un certificat de personne",
        ("certificates.inventory.any-order",),
        (
            plugin(
                "subject.py",
                '        common_name=texts.get("CN"),\n',
                '        common_name=None if personal else texts.get("CN"),\n',
            ),
        ),
    ),
    Mutant(
        "certificates.unreadable-is-well",
        "ne dit rien d’un fichier que l’hôte ne peut pas lire",
        ("certificates.inventory.unreadable",),
        (plugin("judging.py", _PROBLEM, _PROBLEM.replace("is not None", 'not in {None, "config.key_unreadable"}')),),
    ),
    Mutant(
        "certificates.weak-keys",
        "accepte des clés de 1024 bits",
        ("certificates.inventory.weak",),
        (plugin("public_keys.py", "MIN_RSA_BITS: Final = 2048\n", "MIN_RSA_BITS: Final = 1024\n"),),
    ),
    Mutant(
        "certificates.any-mail-authority",
        "accepte pour MSSanté un serveur de toute autorité",
        ("certificates.inventory.server",),
        (
            plugin(
                "purposes.py",
                "    Purpose.MSS_SERVER: _Need(Usage.SSL_SERV, organisations=True),\n",
                "    Purpose.MSS_SERVER: _Need(Usage.SSL_SERV, frozenset(Offer)),\n".replace(
                    "frozenset", "offers=frozenset"
                ),
            ),
        ),
    ),
    Mutant(
        "certificates.both-environments",
        "ne dit rien d’un certificat de l’autre environnement",
        ("certificates.inventory.same-environment", "certificates.chain.anchors"),
        (
            plugin(
                "judging.py",
                _PROBLEM,
                _PROBLEM.replace("is not None", 'not in {None, "config.certificate_environment"}'),
            ),
            plugin(
                "findings.py",
                "    if facts.issuer is not None and facts.issuer.tree is not tree:\n",
                "    if facts.issuer is not None and tree is None:\n",
            ),
            plugin(
                "judging.py",
                "        findings += _of_key(reference, facts, _codes(findings))\n",
                "        findings += _of_key(reference, facts, _codes(findings))\n"
                "        if reference.problem == 'config.certificate_environment':\n"
                "            return Judged(reference, facts, tuple(findings), path)\n",
            ),
        ),
    ),
    Mutant(
        "certificates.lower-case-names",
        "accepte pour INSi un nom en minuscules",
        ("certificates.names.insi", "certificates.steps.name"),
        (
            plugin(
                "purposes.py",
                '        return "certificates.insi_name_case"\n',
                "        return None\n",
            ),
        ),
    ),
    Mutant(
        "certificates.either-name",
        "accepte INSI-MANU pour un automate",
        ("certificates.names.insi", "certificates.steps.name"),
        (
            plugin(
                "purposes.py",
                '        return None if expected in {None, name} else "certificates.insi_name_other"\n',
                "        return None\n",
            ),
        ),
    ),
    Mutant(
        "certificates.any-usage",
        "accepte un certificat de signature pour une connexion",
        ("certificates.names.usage",),
        (plugin("purposes.py", "    if not facts.usages.allow(need.usage):\n", "    if facts.usages is None:\n"),),
    ),
    Mutant(
        "certificates.any-insi-authority",
        "accepte pour INSi un certificat de l’autorité des personnes",
        ("certificates.names.issuer",),
        (
            plugin(
                "purposes.py",
                _NEED,
                "    Purpose.INSI_AUTO: _Need(Usage.AUTH_CLI, INSI_AUTO, frozenset(Offer), structure=True),\n",
            ),
        ),
    ),
    Mutant(
        "certificates.names-are-enough",
        "ne vérifie pas la signature des certificats",
        ("certificates.chain.trusted", "certificates.chain.signature", "certificates.chain.as-it-comes"),
        (
            plugin(
                "anchors.py",
                "        certificate.verify_directly_issued_by(issuer)\n        return True\n",
                "        return True\n",
            ),
        ),
    ),
    Mutant(
        "certificates.whole-chains-only",
        "refuse un fichier sans l’autorité intermédiaire",
        ("certificates.chain.as-it-comes",),
        (
            plugin(
                "anchors.py",
                "        self._known = [*anchors.roots, *anchors.intermediates, ",
                "        self._known = [*anchors.roots, ",
            ),
        ),
    ),
)
