"""Whether the certificates of a chain were revoked: what is kept tells, and the authorities when they are asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

import attrs
from cryptography import x509

from segur_plugin_certificates.findings import Finding, Severity, of_revocation
from segur_plugin_certificates.kept_answers import KeptAnswers
from segur_plugin_certificates.kept_lists import KeptLists
from segur_plugin_certificates.publication_points import Points, points_of
from segur_plugin_certificates.publications import CRL, UNREACHABLE, ask_responder, path_of
from segur_plugin_certificates.revocation import Answer, Mode, Standing, strongest
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError, SegurError

_RESPONDER: Final = "certificates.ocsp_unreachable"


@attrs.define
class Asking:
    """Asks about the chains of one call; each list is fetched once, and what a responder says is kept.

    Args:
        ctx: context of the call.
        kept: the lists that the host keeps.
        mode: what follows when nothing is known.
        online: whether the authorities are asked too.
    """

    ctx: HookContext
    kept: KeptLists
    mode: Mode
    online: bool
    _fetched: dict[x509.Certificate, str | None] = attrs.field(factory=dict)
    """By authority: the code of what kept its list from coming, ``None`` when it came."""
    _silent: bool = False
    """The responder did not answer: it is not waited for once more."""

    def about(self, use: str, path: Sequence[x509.Certificate], at: datetime) -> Iterator[Finding]:
        """Tell what is known of each link of a chain, the anchor excepted; the same is told once.

        One of which nothing is known keeps no other from being asked about: the next one up may be revoked.

        Args:
            use: of the key whose certificate begins the chain.
            path: the certificate, then its issuers, up to the anchor.
            at: now.
        """
        told: set[str] = set()
        for rank, (link, issuer) in enumerate(pairwise(path)):
            points = points_of(link)
            troubles = list(self._fetch(issuer, points)) if self.online else []
            asked = self._responder(use, link, issuer, at, troubles) if rank == 0 and points.ocsp else ()
            denied = any(one.standing is Standing.UNKNOWN for one in asked)
            answer = strongest((self.kept.ask(link, issuer, at), *asked))
            found = self._found(use, rank, answer, troubles, denied=denied)
            new = [one for one in found if one.code not in told]
            told |= {one.code for one in new}
            yield from new
            if answer.standing is Standing.REVOKED:
                return

    def _fetch(self, issuer: x509.Certificate, points: Points) -> Iterator[str]:
        if issuer not in self._fetched:
            self._fetched[issuer] = self._fetch_once(issuer, points)
        code = self._fetched[issuer]
        if code is not None:
            yield code

    def _fetch_once(self, issuer: x509.Certificate, points: Points) -> str | None:
        if not points.lists:
            return None
        try:
            path = path_of(points.lists, self.ctx.http(CRL).address)
        except SegurError:
            return UNREACHABLE
        return UNREACHABLE if path is None else self.kept.fetch(path, issuer)

    def _responder(
        self, use: str, link: x509.Certificate, issuer: x509.Certificate, at: datetime, troubles: list[str]
    ) -> tuple[Answer, ...]:
        """Return what the responder says now, or said last: whichever is the later."""
        answers = KeptAnswers(self.ctx)
        kept = answers.of(use, link, issuer, at)
        found = self._answered(link, issuer, troubles) if self.online else None
        if found is None:
            return () if kept is None else (kept,)
        answer, content = found
        if kept is not None and _moment(kept) > _moment(answer):
            # Somebody on the way may give an answer of yesterday again, from before a revocation.
            return (kept,)
        try:
            answers.keep(use, content)
        except SegurError as failure:
            troubles.append(failure.code)
        return (answer,)

    def _answered(
        self, link: x509.Certificate, issuer: x509.Certificate, troubles: list[str]
    ) -> tuple[Answer, bytes] | None:
        try:
            if not self._silent:
                return ask_responder(link, issuer, self.ctx)
        except InputError as failure:
            troubles.append(failure.code)
            return None
        except SegurError:
            self._silent = True
        troubles.append(_RESPONDER)
        return None

    def _found(self, use: str, rank: int, answer: Answer, troubles: list[str], *, denied: bool) -> Iterator[Finding]:
        """Tell what follows; ``denied``: the responder says that it does not know a certificate of its authority."""
        if rank and answer.standing is Standing.REVOKED:
            yield Finding("certificates.chain_revoked", Severity.BLOCKING, use)
        else:
            yield from of_revocation(use, answer, self.mode)
            if answer.standing is Standing.GOOD and denied:
                yield Finding("certificates.ocsp_unknown", Severity.WARNING, use)
        for code in dict.fromkeys(troubles):
            yield Finding(code, Severity.WARNING, use)


def _moment(answer: Answer) -> datetime:
    """Return when a responder said something: its answers all say it."""
    assert answer.said_at is not None
    return answer.said_at
