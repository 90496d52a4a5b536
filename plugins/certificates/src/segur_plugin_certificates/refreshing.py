"""The job ``crl``: the lists that matter here, fetched each morning; the last one that holds stays until its end."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, time, timedelta
from hashlib import sha256
from itertools import islice, pairwise
from typing import Final

from cryptography import x509

from segur_plugin_certificates.anchors import Anchors
from segur_plugin_certificates.chain import build_chain
from segur_plugin_certificates.findings import text_of
from segur_plugin_certificates.kept_lists import KeptLists, ReadLists
from segur_plugin_certificates.publication_points import points_of
from segur_plugin_certificates.publications import CRL, path_of
from segur_plugin_certificates.trusted import trusted
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError, ServiceError
from segur_sdk.jobs import MAX_NOTICES, JobDone
from segur_sdk.models.notice import Notice

MORNING: Final = time(6, 10)
"""UTC. Lists are published from about 7:00 in Paris on, which is 5:00 or 6:00 UTC."""
SPREAD_MINUTES: Final = 45
"""Installations do not all come at the same minute."""
BEFORE_END: Final = timedelta(hours=1)
AGAIN: Final = timedelta(hours=1)
"""When some list did not come."""
SOONEST: Final = timedelta(minutes=15)
MAX_PATH: Final = 200
"""Characters of a path that a notice shows: a certificate may name one of any length."""
_DAY: Final = timedelta(days=1)


def refresh(ctx: HookContext, read: ReadLists) -> JobDone:
    """Fetch the lists of every authority above the structure's certificates, and of those that are trusted.

    Raises:
        ServiceError: ``certificates.lists_unreachable``: not one came.
        InputError: those of :func:`segur_plugin_certificates.trusted.trusted`.
        ConfigError: no address is configured for the purpose ``crl``.
    """
    now = ctx.clock.now()
    kept = KeptLists(ctx, read)
    wanted = wanted_lists(ctx, trusted(ctx), now)
    failed = {path: code for path, issuer in wanted.items() if (code := kept.fetch(path, issuer)) is not None}
    ctx.audit.note("lists.refreshed", came=len(wanted) - len(failed), failed=len(failed))
    if failed and len(failed) == len(wanted):
        raise ServiceError("certificates.lists_unreachable", retryable=True, reason=next(iter(failed.values())))
    ends = [one.next_update for issuer in set(wanted.values()) for one in kept.of(issuer)]
    return JobDone(next_at=_next(now, ends, ctx.software.instance, again=bool(failed)), notices=_notices(failed))


def wanted_lists(ctx: HookContext, anchors: Anchors, now: datetime) -> Mapping[str, x509.Certificate]:
    """Return the authority of each list that matters here, by the path of the list under the purpose ``crl``.

    They are those that the chains of the structure's own certificates name, and the trusted intermediates.
    """
    base = ctx.http(CRL).address
    found: dict[str, x509.Certificate] = {}
    for chain in _chains(ctx, anchors, now):
        for link, issuer in pairwise(chain):
            path = path_of(points_of(link).lists, base)
            if path is not None:
                found[path] = issuer
    return found


def _chains(ctx: HookContext, anchors: Anchors, now: datetime) -> Iterator[tuple[x509.Certificate, ...]]:
    for one in ctx.keyring.references():
        if one.certificate is not None:
            # Whatever is wrong with it, the inventory tells.
            with suppress(InputError):
                yield build_chain(one.certificate, one.chain, anchors, now).path
    for intermediate in anchors.intermediates:
        yield from ((intermediate, root) for root in anchors.roots if root.subject == intermediate.issuer)


def _next(now: datetime, ends: list[datetime], instance: str, *, again: bool) -> datetime:
    """Return when lists are fetched next: after the morning's publication, before one of them ends, soon if need be."""
    spread = timedelta(minutes=sha256(instance.encode()).digest()[0] % SPREAD_MINUTES)
    morning = datetime.combine(now.date(), MORNING, now.tzinfo) + spread
    # One that ended was not replaced: it is among those that did not come.
    moments = [morning if morning > now else morning + _DAY, *(end - BEFORE_END for end in ends if end > now)]
    if again:
        moments.append(now + AGAIN)
    return max(min(moments), now + SOONEST)


def _notices(failed: Mapping[str, str]) -> tuple[Notice, ...]:
    return tuple(
        Notice(code=code, text=f"{path.lstrip('/')[:MAX_PATH]} : {text_of(code).message}", action=text_of(code).action)
        for path, code in islice(failed.items(), MAX_NOTICES)
    )
