"""Mutants of how the software proves who it is, and of what becomes of tokens."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc.places import host, plugin

_LOGIN_NOTED: Final = '    ctx.audit.note("login", flow=flow.value, mode=mode, exercices=len(exercices))\n'
_READ: Final = "    code = read_callback(query, drawn.state, provider)\n"
_LEFT: Final = "        status = post_form(endpoint, form, ctx).status\n"

MUTANTS: Final = (
    Mutant(
        "psc.revokes-as-nobody",
        "ne dit pas qui il est quand il révoque ses jetons",
        ("psc.client.certificate",),
        (
            plugin(
                "leaving.py",
                '            "token_type_hint": "refresh_token",\n'
                '            "client_id": ctx.settings(PscSettings).client_id,\n',
                '            "token_type_hint": "refresh_token",\n',
            ),
        ),
    ),
    Mutant(
        "psc.headers-noted",
        "note à l’audit la fin de ce qui authentifie chaque demande",
        ("psc.client.secret", "psc.tokens.nowhere"),
        (
            host(
                "broker/http.py",
                '        self._borrower.note("broker.http", **self._facts)\n',
                '        shown = dict(request.headers).get(b"authorization", b"-").decode("ascii")[-100:]\n'
                '        self._borrower.note("broker.http", **self._facts, shown=shown)\n',
            ),
        ),
    ),
    Mutant(
        "psc.token-noted",
        "note à l’audit la fin du jeton d’accès",
        ("psc.tokens.nowhere",),
        (
            plugin(
                "signing_in.py",
                _LOGIN_NOTED,
                _LOGIN_NOTED.replace("flow=", "token=grant.access_token.get_secret_value()[-40:], flow="),
            ),
        ),
    ),
    Mutant(
        "psc.code-printed",
        "affiche le code que le navigateur rapporte",
        ("psc.tokens.nowhere",),
        (plugin("authorization.py", _READ, _READ + "    print(code)\n"),),
    ),
    Mutant(
        "psc.renews-nothing",
        "rend les anciens jetons après les avoir renouvelés",
        ("psc.tokens.renewed",),
        (
            plugin(
                "renewal.py",
                "        return _renewed(tokens, authority, ctx)\n",
                "        _renewed(tokens, authority, ctx)\n        return tokens\n",
            ),
        ),
    ),
    Mutant(
        "psc.never-over",
        "prend la fin d’une session pour une panne",
        ("psc.tokens.session-over",),
        (
            plugin(
                "renewal.py",
                '            raise ServiceError("psc.session_over", reason=code)\n',
                '            raise ServiceError("psc.session_over", retryable=True, reason=code)\n',
            ),
        ),
    ),
    Mutant(
        "psc.outage-is-final",
        "prend une panne pour la fin de la session",
        ("psc.tokens.outage",),
        (
            plugin(
                "renewal.py",
                '        if not failure.code.startswith("service."):\n            raise\n',
                '        if not failure.code.startswith("service."):\n'
                '            raise ServiceError("psc.session_over", reason=failure.code) from None\n',
            ),
        ),
    ),
    Mutant(
        "psc.renewed-anybody",
        "ne regarde pas de qui parle un jeton renouvelé",
        ("psc.tokens.same-person",),
        (
            plugin(
                "renewal.py",
                "        _check_same_person(grant, grant.id_token, tokens.id_token, authority, ctx)\n",
                "        pass\n",
            ),
        ),
    ),
    Mutant(
        "psc.always-everywhere",
        "quitte Pro Santé Connect avec le logiciel",
        ("psc.leaving.here",),
        (
            plugin(
                "plugin.py",
                "        leave = leave_everywhere if request.everywhere else leave_here\n",
                "        leave = leave_everywhere\n",
            ),
        ),
    ),
    Mutant(
        "psc.leaves-twice",
        "demande deux fois la fin de la session",
        ("psc.leaving.everywhere",),
        (plugin("leaving.py", _LEFT, "        post_form(endpoint, form, ctx)\n" + _LEFT),),
    ),
    Mutant(
        "psc.no-hint",
        "ne dit pas quelle session il quitte",
        ("psc.leaving.everywhere",),
        (
            plugin(
                "leaving.py",
                '            "id_token_hint": tokens.id_token.get_secret_value(),\n',
                "",
            ),
        ),
    ),
    Mutant(
        "psc.leaves-silently",
        "ne dit pas qu’une session peut rester ouverte",
        ("psc.leaving.unreachable",),
        (
            plugin(
                "leaving.py",
                '    if reason is not None:\n        raise ServiceError("psc.logout_unconfirmed"',
                '    if reason == "":\n        raise ServiceError("psc.logout_unconfirmed"',
            ),
        ),
    ),
    Mutant(
        "psc.notice-by-person-only",
        "ferme les sessions d’une personne quand l’avis en nomme une",
        ("psc.notices.ends",),
        (
            plugin(
                "logout_token.py",
                "    return EndedElsewhere(authority_session=session, national_id=national_id)\n",
                '    return EndedElsewhere(authority_session=None, national_id=national_id or "0")\n',
            ),
        ),
    ),
    Mutant(
        "psc.notice-of-any-type",
        "prend un autre jeton pour un avis de déconnexion",
        ("psc.notices.seal",),
        (plugin("logout_token.py", '({"logout+jwt"})', '({"logout+jwt", "jwt"})'),),
    ),
    Mutant(
        "psc.notice-for-anybody",
        "croit un avis fait pour un autre logiciel",
        ("psc.notices.claims",),
        (
            plugin(
                "logout_token.py",
                "    if settings.client_id not in (audience if isinstance(audience, list) else [audience]):\n",
                "    if audience is None:\n",
            ),
        ),
    ),
    Mutant(
        "psc.notice-with-nonce",
        "prend pour un avis un jeton qui porte un nonce",
        ("psc.notices.claims",),
        (plugin("logout_token.py", '    if "nonce" in claims:\n', '    if claims.get("nonce") == "":\n'),),
    ),
    Mutant(
        "psc.notice-again",
        "croit deux fois le même avis",
        ("psc.notices.once",),
        (
            plugin(
                "logout_token.py",
                "    if token_id is None or not authority.is_new(token_id, ends + leeway, now):\n",
                "    if token_id is None:\n",
            ),
        ),
    ),
)
