"""Sessions: a login by code without the human beside the same by a script, and what an open session costs a call."""

import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import attrs
import httpx

from segur_host import Host
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_sandbox.running import RunningSandbox, running
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Notice, Question
from tests.benchmarks.measuring import Result, alone, compared
from tests.benchmarks.psc_alone import CodeLogin

WHO: Final = "pharmacien-titulaire"
LOGINS: Final = 60
CHECKS: Final = 2000
TARGET: Final = 1.3
QUIET_S: Final = 0.05
"""Plugins are told of the end of a session by a thread of its own: neither side is measured meanwhile."""


class _Screens:
    """Whoever sits there takes the first of his situations d'exercice."""

    def ask(self, question: Question) -> str:
        assert question.choices
        return question.choices[0].value

    def show(self, notice: Notice) -> None: ...


class _Browser:
    """Goes where it is sent and where that leads; its connections stay open, its cookies do not."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._client = httpx.Client(verify=context, trust_env=False, follow_redirects=True)

    def __call__(self, url: str) -> bool:
        self._client.cookies.clear()
        return self._client.get(url).is_success

    def close(self) -> None:
        self._client.close()


@attrs.frozen
class _Place:
    sandbox: RunningSandbox
    config: HostConfig
    browser: _Browser

    def script(self, *, keeps: bool) -> CodeLogin:
        """Return the script, under the name and with the certificate that the host has."""
        psc = self.sandbox.descriptor["services"]["psc"]
        client = next(
            one for one in psc["clients"] if one["client_id"] == self.config.plugins["psc"].settings["client_id"]
        )
        context = _context(self.sandbox)
        role = self.sandbox.descriptor["certificates"][client["key_role"]]
        context.load_cert_chain(role["cert"], role["key"])
        redirect = client["redirect_uris"][0]
        return CodeLogin(psc["discovery"], client["client_id"], redirect, context, self.browser, keeps=keeps)


def sessions() -> Iterator[Result]:
    """Logins at the sandbox's Pro Santé Connect, which is as slow for one side as for the other; then open sessions."""
    with tempfile.TemporaryDirectory(prefix="segur-bench-psc-") as folder, running(Path(folder) / "bac") as sandbox:
        config = load_config(sandbox.config)
        # The peer signs in and does nothing else: neither does the host look at certificates meanwhile.
        plugins = {name: table for name, table in config.plugins.items() if name != "certificates"}
        config = config.model_copy(update={"data": Path(folder) / "host", "plugins": plugins})
        with closing(_Browser(_context(sandbox))) as browser:
            place = _Place(sandbox, config, browser)
            with Host(config, asker=_Screens(), browser=browser) as host:
                yield _logins(host, place, keeps=False)
                yield _logins(host, place, keeps=True)
                yield from _open_session(host, place)


def _logins(host: Host, place: _Place, *, keeps: bool) -> Result:
    def before() -> None:
        for opened in host.sessions:
            host.logout(opened.id)
        if not keeps:
            _forget(host)
        place.sandbox.answer_psc(WHO)
        time.sleep(QUIET_S)

    with closing(place.script(keeps=keeps)) as script:
        kept = "connections, discovery and keys kept" if keeps else "connections, discovery and keys asked anew"
        return compared(
            f"session.login_by_code_{'warm' if keeps else 'cold'}",
            lambda: host.login(SessionMeans.PSC),
            script,
            rounds=LOGINS,
            unit="ms",
            # A workstation signs in once in several hours: nothing of the login before is left to keep.
            target=None if keeps else TARGET,
            note=f"{kept} on both sides; peer: bare httpx and joserfc; both at the sandbox, with the same browser",
            before=before,
        )


def _open_session(host: Host, place: _Place) -> Iterator[Result]:
    if host.session is None:
        place.sandbox.answer_psc(WHO)
        host.login(SessionMeans.PSC)
    opened = host.session
    assert opened is not None
    yield alone("session.check_per_call", lambda: host._caller(None), rounds=CHECKS, note="in whose session a call is")
    vault = host._dispatcher._resources.vault
    yield alone(
        "session.token_that_holds", lambda: vault.access_token(opened.id, 10.0), rounds=CHECKS, note="no renewal needed"
    )


def _forget(host: Host) -> None:
    """Leave nothing of the logins before: a workstation signs in once in several hours."""
    host._dispatcher._resources.http.close()
    loaded = host.plugins["psc"].loaded
    assert loaded is not None
    loaded.instance._authority._known.clear()  # type: ignore[attr-defined]


def _context(sandbox: RunningSandbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=sandbox.descriptor["ca"])
