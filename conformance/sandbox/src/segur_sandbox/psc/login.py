"""The login pages: an authorization request, then an answer, then a redirect to the software."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from segur_sandbox.psc import html
from segur_sandbox.psc.answers import Answer, AnswerOrder, answer_of
from segur_sandbox.psc.authorization import known_client, read_login_request
from segur_sandbox.psc.errors import OAuthRefusedError, PageRefusedError, RedirectRefusedError
from segur_sandbox.psc.forms import read_form, read_parameters
from segur_sandbox.psc.grants import Code, Grant
from segur_sandbox.psc.pending import LoginRequest, Page
from segur_sandbox.psc.sessions import SsoSession
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.variants import distorted_redirect
from segur_sandbox.recording import EXCHANGE, ROUTINE, VARIANT

COOKIE = "KEYCLOAK_IDENTITY"
VERDICTS = {"accepter": "accept", "refuser": "refuse", "expirer": "expire"}


class LoginPages:
    """The authorization endpoint and what follows it."""

    def __init__(self, state: PscState) -> None:
        self._state = state

    async def authorize(self, request: Request) -> Response:
        """Answer an authorization request: a page, or a redirect when nobody needs to be asked."""
        parameters = await _parameters(request)
        client = known_client(self._state, parameters)
        variant: str | None = request.scope[VARIANT]
        try:
            login = read_login_request(self._state, client, parameters)
            session = self._session(request, login)
            if "none" in login.prompt:
                if session is None:
                    raise RedirectRefusedError("login_required", "nobody is logged in")
                return self._accepted(login, session, variant, 302)
            answer = self._state.answers.take()
            if answer is not None:
                return self._answered(login, answer, variant, 302)
            if session is not None:
                return self._accepted(login, session, variant, 302)
        except RedirectRefusedError as error:
            exchange = request.scope[EXCHANGE]
            if error.error != "login_required":
                exchange.refuse(str(error))
            told = {"error": error.error, "error_description": error.description}
            return self._redirect(parameters["redirect_uri"], parameters.get("state"), told, variant, 302)
        page = Page(login, self._state.after(self._state.options.now.page_s), variant)
        return self._form(self._state.pages.open(page), login)

    async def answer(self, request: Request) -> Response:
        """Take what somebody chose in the page."""
        form = await read_form(request)
        identifier = form.get("page", "")
        page = self._state.pages.find(identifier, self._state.clock.now())
        if page is None:
            raise PageRefusedError("cette page de connexion est expirée, ou a déjà servi")
        verdict = VERDICTS.get(form.get("reponse", ""))
        if verdict is None:
            raise PageRefusedError("réponse inconnue")
        if verdict == "accept":
            return self._chosen(request, identifier, page, form)
        self._state.pages.close(identifier)
        return self._declined(page.request, verdict, page.variant, 303)

    def _chosen(self, request: Request, identifier: str, page: Page, form: dict[str, str]) -> Response:
        name = form.get("professionnel", "")
        try:
            order = AnswerOrder.model_validate({"as": name, "answer": "accept", "means": form.get("moyen")})
            answer = answer_of(order, self._state.professionals)
        except ValueError:
            request.scope[ROUTINE] = True
            problem = "Choisissez un professionnel, et un moyen dont il dispose."
            return self._form(identifier, page.request, chosen=name, problem=problem)
        self._state.pages.close(identifier)
        return self._answered(page.request, answer, page.variant, 303)

    def _session(self, request: Request, login: LoginRequest) -> SsoSession | None:
        session = self._state.sessions.of_cookie(request.cookies.get(COOKIE))
        if session is None or "login" in login.prompt:
            return None
        age = (self._state.clock.now() - session.started).total_seconds()
        return session if login.max_age is None or age <= login.max_age else None

    def _form(self, identifier: str, login: LoginRequest, *, chosen: str = "", problem: str = "") -> Response:
        text = html.login_page(
            self._state.professionals.all, identifier, client_id=login.client_id, chosen=chosen, problem=problem
        )
        return html.page_response(text, 400 if problem else 200)

    def _answered(self, login: LoginRequest, answer: Answer, variant: str | None, status: int) -> Response:
        if answer.verdict != "accept":
            return self._declined(login, answer.verdict, variant, status)
        session = self._state.sessions.open(answer.professional, answer.means, browser=True)
        self._state.ledger.record(
            "psc",
            session.sid,
            "login",
            connection="",
            flow="code",
            professional=answer.professional.name,
            means=answer.means,
            client_id=login.client_id,
        )
        return self._accepted(login, session, variant, status)

    def _declined(self, login: LoginRequest, verdict: str, variant: str | None, status: int) -> Response:
        if verdict == "expire":
            return html.page_response(html.expired_page(), 200)
        told = {"error": "access_denied", "error_description": "the user refused"}
        return self._redirect(login.redirect_uri, login.state, told, variant, status)

    def _accepted(self, login: LoginRequest, session: SsoSession, variant: str | None, status: int) -> Response:
        self._state.sessions.use(session)
        value = secrets.token_urlsafe(32)
        self._state.grants.codes[value] = Code(
            Grant(login.client_id, session, login.scope, login.nonce),
            login.redirect_uri,
            login.challenge,
            login.challenge_method,
            self._state.after(self._state.options.now.code_s),
        )
        told = {"session_state": session.sid, "code": value}
        response = self._redirect(login.redirect_uri, login.state, told, variant, status)
        if session.cookie is not None:
            response.set_cookie(COOKIE, session.cookie, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _redirect(
        self, uri: str, state: str | None, told: dict[str, str], variant: str | None, status: int
    ) -> RedirectResponse:
        parameters = told | ({"state": state} if state is not None else {}) | {"iss": self._state.addresses.issuer}
        separator = "&" if "?" in uri else "?"
        query = urlencode(distorted_redirect(variant, parameters))
        return RedirectResponse(f"{uri}{separator}{query}", status, headers={"cache-control": "no-store"})


async def _parameters(request: Request) -> dict[str, str]:
    try:
        return await read_form(request) if request.method == "POST" else read_parameters(request.url.query)
    except OAuthRefusedError as error:
        raise PageRefusedError(error.description) from None
