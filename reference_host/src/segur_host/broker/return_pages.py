"""What a browser is answered that comes back to this machine; nothing of what it brought is in it."""

from base64 import b64encode
from hashlib import sha256
from http import HTTPStatus
from typing import Final

_FORGET: Final = 'history.replaceState(null, "", location.pathname)'
"""Takes the answer out of the address bar: a browser that opens its last pages again would give it again."""
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"script-src 'sha256-{b64encode(sha256(_FORGET.encode()).digest()).decode()}'"
)
_HEAD: Final = (
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: no-store",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    f"Content-Security-Policy: {_POLICY}",
    "Connection: close",
)


def _page(status: HTTPStatus, title: str, text: str, *further: str) -> bytes:
    body = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title>'
        f"<script>{_FORGET}</script></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    ).encode()
    lines = (f"HTTP/1.1 {status.value} {status.phrase}", *_HEAD, *further, f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body


TAKEN: Final = _page(HTTPStatus.OK, "Réponse reçue", "Vous pouvez fermer cette fenêtre et revenir à votre logiciel.")
TAKEN_ALREADY: Final = _page(
    HTTPStatus.OK, "Réponse déjà reçue", "Cette page n’a plus d’effet. Vous pouvez fermer cette fenêtre."
)
NOT_AWAITED: Final = _page(
    HTTPStatus.NOT_FOUND, "Aucune réponse attendue", "Cette page n’a pas d’effet. Vous pouvez fermer cette fenêtre."
)
NOT_AN_ANSWER: Final = _page(
    HTTPStatus.BAD_REQUEST, "Demande incomprise", "Revenez à votre logiciel et recommencez la connexion."
)
NOT_BY_A_PERSON: Final = _page(
    HTTPStatus.FORBIDDEN, "Demande refusée", "Cette adresse ne s’ouvre que dans une fenêtre de navigateur."
)
WRONG_METHOD: Final = _page(
    HTTPStatus.METHOD_NOT_ALLOWED, "Demande refusée", "Cette adresse ne s’ouvre que par un lien.", "Allow: GET"
)
TOO_LONG: Final = _page(
    HTTPStatus.REQUEST_URI_TOO_LONG, "Réponse trop longue", "Revenez à votre logiciel et recommencez la connexion."
)
TOO_LARGE: Final = _page(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Demande trop grande", "Revenez à votre logiciel et recommencez."
)
ELSEWHERE: Final = _page(
    HTTPStatus.MISDIRECTED_REQUEST, "Demande refusée", "Cette adresse n’est pas celle de cette machine."
)
