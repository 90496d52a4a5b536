"""Mutants of the way to Pro Santé Connect and back: its document, the request, the return of the browser."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc.places import host, plugin

_ASKED: Final = "    return read_document(object_of(get(place, ctx), place), address, issuer_of(address, settings))\n"
_EXCHANGED: Final = "    reply = post_form(endpoint, form, ctx)\n    if reply.status != _OK:\n"
_CHALLENGE: Final = '        "code_challenge": drawn.challenge,\n        "code_challenge_method": "S256",\n'

MUTANTS: Final = (
    Mutant(
        "psc.standard-name-first",
        "demande d’abord openid-configuration, le nom de la norme",
        ("psc.discovery.document", "psc.client.certificate", "psc.client.secret"),
        (
            plugin(
                "discovery.py",
                _ASKED,
                '    get(Endpoint("discovery", f"{settings.realm_path}/.well-known/openid-configuration"), ctx)\n'
                + _ASKED,
            ),
        ),
    ),
    Mutant(
        "psc.any-issuer",
        "croit un document au nom d’un autre émetteur",
        ("psc.discovery.issuer",),
        (plugin("discovery.py", '    if document.get("issuer") != issuer:\n', "    if not document:\n"),),
    ),
    Mutant(
        "psc.any-endpoint",
        "prend toute adresse du document, où qu’elle mène",
        ("psc.discovery.endpoints",),
        (plugin("discovery.py", "_below(_parts(document, name), own, name))", "_parts(document, name).path)"),),
    ),
    Mutant(
        "psc.any-login-page",
        "ouvre la page de connexion sans regarder où elle est",
        ("psc.discovery.login-page",),
        (
            plugin(
                "discovery.py",
                "        return _below(urlsplit(self.login), urlsplit(address), _LOGIN)\n",
                "        return urlsplit(self.login).path\n",
            ),
        ),
    ),
    Mutant(
        "psc.sees-later",
        "ne remarque ce qui manque au document qu’au moment de s’en servir",
        ("psc.discovery.incomplete",),
        (
            plugin(
                "discovery.py",
                "    if not there and name in _NEEDED:\n",
                "    if not there and name not in _OPTIONAL and not name:\n",
            ),
        ),
    ),
    Mutant(
        "psc.no-level",
        "ne demande pas le niveau eidas1 au navigateur",
        ("psc.request.level",),
        (plugin("authorization.py", '        "acr_values": settings.acr,\n', ""),),
    ),
    Mutant(
        "psc.one-scope",
        "ne demande que la portée openid au navigateur",
        ("psc.request.parameters",),
        (plugin("authorization.py", '        "scope": settings.scope,\n', '        "scope": "openid",\n'),),
    ),
    Mutant(
        "psc.same-nonce",
        "prend toujours le même nonce",
        ("psc.request.one-time", "psc.id-token.nonce"),
        (
            plugin(
                "one_time.py",
                "    nonce: str = attrs.field(factory=_drawn, repr=False)\n",
                '    nonce: str = "bm9uY2UtdG91am91cnMtbGUtbWVtZS1wYXJ0b3V0"\n',
            ),
            plugin(
                "one_time.py",
                "    verifier: str = attrs.field(factory=_drawn, repr=False)\n",
                "    verifier: str = attrs.field(factory=_drawn, repr=False, kw_only=True)\n",
            ),
        ),
    ),
    Mutant(
        "psc.same-state",
        "prend toujours le même état",
        ("psc.request.one-time", "psc.callback.state"),
        (
            plugin(
                "one_time.py",
                "    state: str = attrs.field(factory=_drawn, repr=False)\n",
                '    state: str = attrs.field(default="ZXRhdC10b3Vqb3Vycy1sZS1tZW1lLXBhcnRvdXQ", repr=False)\n',
            ),
        ),
    ),
    Mutant(
        "psc.short-values",
        "tire des valeurs de 64 bits",
        ("psc.request.one-time", "psc.request.pkce"),
        (plugin("one_time.py", "_BYTES: Final = 32\n", "_BYTES: Final = 8\n"),),
    ),
    Mutant(
        "psc.plain-challenge",
        "envoie le vérificateur PKCE par le navigateur (méthode plain)",
        ("psc.request.pkce", "psc.request.no-secret"),
        (
            plugin(
                "authorization.py",
                _CHALLENGE,
                '        "code_challenge": drawn.verifier,\n        "code_challenge_method": "plain",\n',
            ),
        ),
    ),
    Mutant(
        "psc.no-challenge",
        "n’emploie pas PKCE",
        ("psc.request.pkce",),
        (
            plugin("authorization.py", _CHALLENGE, ""),
            plugin("authorization.py", '        "code_verifier": drawn.verifier,\n', ""),
        ),
    ),
    Mutant(
        "psc.verifier-in-address",
        "joint le vérificateur à l’adresse du navigateur",
        ("psc.request.no-secret",),
        (plugin("authorization.py", _CHALLENGE, _CHALLENGE + '        "code_verifier": drawn.verifier,\n'),),
    ),
    Mutant(
        "psc.any-state",
        "croit un retour qui répond à une autre demande",
        ("psc.callback.state", "psc.callback.flood"),
        (
            plugin("authorization.py", "visit.go(page, state=drawn.state)", "visit.go(page)"),
            plugin(
                "callback.py",
                '    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):\n',
                "    if not state:\n",
            ),
        ),
    ),
    Mutant(
        "psc.first-return",
        "se contente du premier retour venu, et échoue si c’est celui d’une autre page",
        ("psc.callback.flood",),
        (plugin("authorization.py", "visit.go(page, state=drawn.state)", "visit.go(page)"),),
    ),
    Mutant(
        "psc.any-return",
        "ne regarde pas à quelle demande répond ce qui arrive à l’adresse de retour",
        ("psc.callback.flood",),
        (host("broker/loopback.py", "    if state is None:\n", "    if state is None or query:\n"),),
    ),
    Mutant(
        "psc.any-authority",
        "croit un retour d’une autre autorité",
        ("psc.callback.issuer",),
        (
            plugin(
                "callback.py",
                "    if issuer != provider.issuer and (issuer is not None or provider.names_itself):\n",
                "    if not provider.issuer:\n",
            ),
        ),
    ),
    Mutant(
        "psc.refusal-misread",
        "prend un refus du professionnel pour une panne",
        ("psc.callback.refused",),
        (
            plugin(
                "refusals.py",
                '        return ServiceError("psc.refused", **facts)\n',
                '        return ServiceError("psc.unavailable", retryable=True, **facts)\n',
            ),
        ),
    ),
    Mutant(
        "psc.exchanges-twice",
        "échange de nouveau un code refusé",
        ("psc.callback.foreign-code",),
        (
            plugin(
                "authorization.py",
                _EXCHANGED,
                "    reply = post_form(endpoint, form, ctx)\n    if reply.status != _OK:\n"
                "        reply = post_form(endpoint, form, ctx)\n    if reply.status != _OK:\n",
            ),
        ),
    ),
    Mutant(
        "psc.reads-everything",
        "lit tout ce qui arrive à l’adresse de retour, si long que ce soit",
        ("psc.callback.flood",),
        (host("broker/returning.py", "MAX_QUERY: Final = 16_384\n", "MAX_QUERY: Final = 16_384_000\n"),),
    ),
)
