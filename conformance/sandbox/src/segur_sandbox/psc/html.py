"""Pages in French, without script: the login, a device, what ends or fails."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse

from segur_sandbox.psc.pending import CibaRequest
from segur_sandbox.psc.professionals import Professional

_STYLE = """
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #161616; background: #fff; }
fieldset { border: 1px solid #666; margin: 0 0 1.5rem; padding: 1rem; }
legend { font-weight: bold; padding: 0 .5rem; }
label { display: block; padding: .3rem 0; }
button { font: inherit; padding: .6rem 1.2rem; margin: 0 .6rem .6rem 0; border: 2px solid #000091;
  background: #fff; color: #000091; }
button.principal { background: #000091; color: #fff; }
:focus-visible { outline: 3px solid #b34000; outline-offset: 2px; }
.bandeau { background: #fff3cd; color: #161616; padding: .6rem 1rem; }
.erreur { border-left: .4rem solid #b30000; padding: .6rem 1rem; color: #8b0000; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")
_HEADERS = {
    # No form-action: browsers apply it to the redirect that follows the form, which goes to the software.
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_MEANS = {"CARD": "Carte CPS", "MOBILE": "e-CPS (application mobile)"}
_SHORT = {"CARD": "CPS", "MOBILE": "e-CPS"}


def page_response(text: str, status: int) -> HTMLResponse:
    """Return a page that no other site may frame and no cache keeps."""
    return HTMLResponse(text, status, headers=_HEADERS)


def login_page(
    professionals: Iterable[Professional], identifier: str, *, client_id: str, chosen: str, problem: str
) -> str:
    """Return the page where one chooses who logs in, with what, and what he answers.

    Args:
        professionals: Who may be chosen.
        identifier: That of the page, sent back with the answer.
        client_id: Who asks.
        chosen: Name of the professional chosen before.
        problem: What was wrong with the answer before, in French.
    """
    people = "".join(_choice(one, checked=one.name == chosen) for one in professionals)
    means = "".join(
        f'<label><input type="radio" name="moyen" value="{value}"{" checked" if value == "MOBILE" else ""}> {label}'
        "</label>"
        for value, label in _MEANS.items()
    )
    alert = f'<p class="erreur" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Connexion Pro Santé Connect",
        f"<p>Le logiciel <strong>{escape(client_id)}</strong> demande qui vous êtes.</p>{alert}"
        '<form method="post" action="/auth/reponse">'
        f'<input type="hidden" name="page" value="{escape(identifier)}">'
        f"<fieldset><legend>Professionnel fictif</legend>{people}</fieldset>"
        f"<fieldset><legend>Moyen de connexion</legend>{means}</fieldset>"
        '<p><button class="principal" name="reponse" value="accepter">Accepter</button>'
        '<button name="reponse" value="refuser" formnovalidate>Refuser</button>'
        '<button name="reponse" value="expirer" formnovalidate>Laisser expirer</button></p></form>',
    )


def device_page(waiting: Mapping[str, CibaRequest]) -> str:
    """Return the page that stands for every professional's device: requests that wait, with their binding message."""
    if not waiting:
        return _page("Appareils des professionnels", "<p>Aucune demande n'attend.</p>")
    return _page("Appareils des professionnels", "".join(_request(key, one) for key, one in waiting.items()))


def expired_page() -> str:
    """Return what a browser shows when nobody answered in time."""
    return _page("Demande expirée", "<p>Personne n'a répondu à temps. Revenez au logiciel pour recommencer.</p>")


def closed_page() -> str:
    """Return what a browser shows after a logout that leads nowhere."""
    return _page("Session fermée", "<p>Votre session Pro Santé Connect est fermée.</p>")


def confirmation_page() -> str:
    """Return what a browser shows when a logout does not say whose session it ends."""
    return _page(
        "Se déconnecter",
        '<p>Fermer votre session Pro Santé Connect ?</p><form method="post">'
        '<p><button class="principal" name="confirmer" value="oui">Fermer la session</button></p></form>',
    )


def refusal_page(reason: str) -> str:
    """Return what a browser shows when a request is refused."""
    return _page("Demande refusée", f'<p class="erreur" role="alert">{escape(reason)}</p>')


def _choice(one: Professional, *, checked: bool) -> str:
    means = " ou ".join(_SHORT[value] for value in one.means)
    return (
        f'<label><input type="radio" name="professionnel" value="{escape(one.name)}" required'
        f"{' checked' if checked else ''}> {escape(one.given_name)} {escape(one.family_name)}, "
        f"{escape(one.description)} ({means})</label>"
    )


def _request(identifier: str, request: CibaRequest) -> str:
    person = request.professional
    return (
        '<form method="post" action="/appareil"><fieldset>'
        f"<legend>{escape(person.given_name)} {escape(person.family_name)}, {_MEANS[request.channel]}</legend>"
        f"<p>Le logiciel <strong>{escape(request.client_id)}</strong> affiche le nombre "
        f"<strong>{escape(request.binding_message or '')}</strong>.</p>"
        f'<input type="hidden" name="demande" value="{escape(identifier)}">'
        '<p><button class="principal" name="reponse" value="accepter">Accepter</button>'
        '<button name="reponse" value="refuser">Refuser</button>'
        '<button name="reponse" value="expirer">Laisser expirer</button></p></fieldset></form>'
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} : bac à sable</title><style>{_STYLE}</style></head><body><main>"
        '<p class="bandeau">Bac à sable : personnes fictives, aucun service réel.</p>'
        f"<h1>{title}</h1>{body}</main></body></html>\n"
    )
