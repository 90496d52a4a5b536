"""The page that stands for the devices of professionals: shows CIBA requests, each with its number, takes answers."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from segur_sandbox.psc import html
from segur_sandbox.psc.ciba import decide
from segur_sandbox.psc.errors import PageRefusedError
from segur_sandbox.psc.forms import read_form
from segur_sandbox.psc.login import VERDICTS
from segur_sandbox.psc.state import PscState

PATH = "/appareil"


class DevicePage:
    """Every device at once."""

    def __init__(self, state: PscState) -> None:
        self._state = state

    async def show(self, _: Request) -> Response:
        """Show the requests that wait."""
        return html.page_response(html.device_page(self._state.ciba.waiting(self._state.clock.now())), 200)

    async def answer(self, request: Request) -> Response:
        """Take an answer."""
        form = await read_form(request)
        waiting = self._state.ciba.waiting(self._state.clock.now()).get(form.get("demande", ""))
        verdict = VERDICTS.get(form.get("reponse", ""))
        if waiting is None or verdict is None:
            raise PageRefusedError("cette demande n'attend plus de réponse")
        decide(self._state, waiting, verdict)
        return RedirectResponse(PATH, 303)
