"""The part of the control API that acts on Pro Santé Connect."""

from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict, Field, RootModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segur_sandbox.clock import timestamp
from segur_sandbox.psc.answers import AnswerOrder, answer_of
from segur_sandbox.psc.ciba import answer_waiting
from segur_sandbox.psc.clients import ClientChange
from segur_sandbox.psc.logout import LogoutEndpoint
from segur_sandbox.psc.state import PscState
from segur_sandbox.psc.target_service import TargetService

Handler = Callable[[Request], Awaitable[Response]]


class KeysOrder(BaseModel):
    """The body of `POST /psc/keys`: sign with a new key; `retire` takes the older ones out of the JWKS."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    retire: bool = False


class _SettingsOrder(RootModel[dict[str, str | int | bool]]):
    """The body of `POST /psc/settings`: the settings to change until the reset."""


class LogoutOrder(BaseModel):
    """The body of `POST /psc/logout`: `as` leaves every session he has."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    who: str = Field(alias="as")


class PscControl:
    """What a test says to Pro Santé Connect behind the back of the software under test."""

    def __init__(self, state: PscState, logout: LogoutEndpoint, service: TargetService) -> None:
        self._state = state
        self._logout = logout
        self._service = service

    def routes(self) -> tuple[tuple[str, str, Handler], ...]:
        """Return path, method and handler of each order."""
        return (
            ("/psc", "GET", self._show),
            ("/psc/next", "POST", self._answer_next),
            ("/psc/logout", "POST", self._end),
            ("/psc/keys", "POST", self._rotate),
            ("/psc/clients", "POST", self._register),
            ("/psc/settings", "POST", self._set),
        )

    def reset(self) -> None:
        """Go back to the start."""
        self._state.reset()
        self._service.reset()

    async def _show(self, _: Request) -> Response:
        state = self._state
        return JSONResponse(
            {
                "professionals": [
                    {
                        "name": one.name,
                        "national_id": one.national_id,
                        "given_name": one.given_name,
                        "family_name": one.family_name,
                        "means": one.means,
                        "description": one.description,
                    }
                    for one in state.professionals.all
                ],
                "next": [
                    {"as": answer.professional.name, "answer": answer.verdict, "means": answer.means}
                    for answer in state.answers.waiting()
                ],
                "ciba": [
                    {
                        "as": waiting.professional.name,
                        "client_id": waiting.client_id,
                        "channel": waiting.channel,
                        "binding_message": waiting.binding_message,
                    }
                    for waiting in state.ciba.waiting(state.clock.now()).values()
                ],
                "sessions": [
                    {
                        "sid": session.sid,
                        "as": session.professional.name,
                        "means": session.means,
                        "clients": list(session.client_ids),
                        "started_at": timestamp(session.started),
                        "expires_at": timestamp(state.sessions.end_of(session)),
                    }
                    for session in state.sessions.living()
                ],
                "clients": [client.model_dump(mode="json") for client in state.clients],
                "settings": state.options.now.model_dump(mode="json"),
            }
        )

    async def _answer_next(self, request: Request) -> Response:
        order = AnswerOrder.model_validate_json(await request.body())
        answer = answer_of(order, self._state.professionals)
        given = answer_waiting(self._state, answer)
        if not given:
            self._state.answers.put(answer)
        return _done(given=given, **{"as": answer.professional.name}, means=answer.means)

    async def _end(self, request: Request) -> Response:
        order = LogoutOrder.model_validate_json(await request.body())
        professional = self._state.professionals.named(order.who)
        sessions = [one for one in self._state.sessions.living() if one.professional == professional]
        for session in sessions:
            self._logout.end(session)
        return _done(sessions=[session.sid for session in sessions])

    async def _rotate(self, request: Request) -> Response:
        order = KeysOrder.model_validate_json(await request.body())
        return _done(kid=self._state.keys.rotate(retire=order.retire))

    async def _register(self, request: Request) -> Response:
        change = ClientChange.model_validate_json(await request.body())
        return _done(client=self._state.clients.change(change).model_dump(mode="json"))

    async def _set(self, request: Request) -> Response:
        order = _SettingsOrder.model_validate_json(await request.body())
        return _done(settings=self._state.options.change(order.root).model_dump(mode="json"))


def _done(**members: object) -> JSONResponse:
    return JSONResponse({"done": True, **members})
