"""Mutants of what is checked of an ID token."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc.places import plugin

_HEADER: Final = "    header = _part(token, 1, MAX_HEADER)\n"
_FOUND: Final = "    key = keys(False).find(kid, algorithm) or keys(True).find(kid, algorithm)\n"

MUTANTS: Final = (
    Mutant(
        "psc.unverified",
        "ne vérifie pas les signatures",
        ("psc.id-token.signature", "psc.notices.seal"),
        (plugin("signed_claims.py", "    if not _is_signed(token, key, algorithm):\n", "    if not token:\n"),),
    ),
    Mutant(
        "psc.unsigned",
        "croit un jeton que personne n’a signé",
        ("psc.id-token.algorithm", "psc.notices.seal"),
        (
            plugin(
                "signed_claims.py",
                _HEADER,
                '    if token.endswith("."):\n'
                '        return Signed("RS256", claims_of(f"{token}AA") or {})\n' + _HEADER,
            ),
        ),
    ),
    Mutant(
        "psc.first-key",
        "prend la première clef pour un jeton qui n’en nomme aucune",
        ("psc.id-token.key",),
        (
            plugin(
                "signed_claims.py",
                '    if not isinstance(kid, str):\n        raise refuse("kid")\n',
                '    if not isinstance(kid, str):\n        kid = str(keys(False).keys[0]["kid"])\n',
            ),
        ),
    ),
    Mutant(
        "psc.reads-keys-on",
        "relit les clefs trois fois pour un jeton qui en nomme une inconnue",
        ("psc.id-token.key",),
        (plugin("signed_claims.py", _FOUND, _FOUND.rstrip("\n") + " or keys(True).find(kid, algorithm)\n"),),
    ),
    Mutant(
        "psc.keys-once",
        "ne relit jamais les clefs",
        ("psc.id-token.rotation",),
        (plugin("signed_claims.py", _FOUND, "    key = keys(False).find(kid, algorithm)\n"),),
    ),
    Mutant(
        "psc.any-token-issuer",
        "croit un jeton d’un autre émetteur",
        ("psc.id-token.issuer",),
        (plugin("id_token.py", '    if claims.get("iss") != expected.issuer:\n', "    if not expected.issuer:\n"),),
    ),
    Mutant(
        "psc.any-audience",
        "croit un jeton fait pour un autre logiciel",
        ("psc.id-token.audience",),
        (
            plugin(
                "id_token.py",
                " or client_id not in named or not all(isinstance(one, str) for one in named):\n",
                " or not named:\n",
            ),
        ),
    ),
    Mutant(
        "psc.any-party",
        "ne regarde pas qui a demandé le jeton",
        ("psc.id-token.audience",),
        (
            plugin(
                "id_token.py",
                "    if azp != client_id and (azp is not None or len(named) > 1):\n",
                "    if azp == client_id and not client_id:\n",
            ),
        ),
    ),
    Mutant(
        "psc.never-expires",
        "croit un jeton expiré",
        ("psc.id-token.times",),
        (plugin("id_token.py", "    if ends is None or ends + leeway <= now:\n", "    if ends is None:\n"),),
    ),
    Mutant(
        "psc.ahead-of-time",
        "croit un jeton qui n’est pas encore donné",
        ("psc.id-token.times",),
        (plugin("id_token.py", "    if issued is None or issued - leeway > now:\n", "    if issued is None:\n"),),
    ),
    Mutant(
        "psc.any-nonce",
        "croit un jeton d’une autre connexion",
        ("psc.id-token.nonce",),
        (
            plugin(
                "id_token.py",
                '    if expected.nonce is not None and not _same(claims.get("nonce"), expected.nonce):\n',
                '    if expected.nonce == "":\n',
            ),
        ),
    ),
    Mutant(
        "psc.any-level",
        "se contente de tout niveau d’authentification",
        ("psc.id-token.level",),
        (plugin("id_token.py", '    if claims.get("acr") != settings.acr:\n', "    if not settings.acr:\n"),),
    ),
    Mutant(
        "psc.any-access-token",
        "prend un jeton d’accès qui n’est pas celui du jeton d’identité",
        ("psc.id-token.access-token",),
        (
            plugin(
                "id_token.py",
                '    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token, signed)):\n',
                '    if "at_hash" in claims and not _half_hash(access_token, signed):\n',
            ),
        ),
    ),
    Mutant(
        "psc.any-subject",
        "accepte un jeton qui ne dit pas de qui il parle",
        ("psc.id-token.subject",),
        (
            plugin(
                "id_token.py",
                "not isinstance(subject, str) or not _SUBJECT.fullmatch(subject) or ",
                "",
            ),
            plugin(
                "userinfo.py",
                '    sub: str = Field(alias="sub", min_length=1, max_length=255)\n',
                '    sub: Any = Field(default=None, alias="sub")\n',
            ),
        ),
    ),
    Mutant(
        "psc.last-name-wins",
        "lit un objet JSON où un nom est écrit deux fois",
        ("psc.id-token.form",),
        (plugin("json_objects.py", "    if len(found) != len(pairs):\n", "    if len(found) > len(pairs):\n"),),
    ),
)
