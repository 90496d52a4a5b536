"""Judges the certificates of an installation whole: what each says, its chain, and whether it was revoked."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

import attrs
from cryptography import x509

from segur_plugin_certificates.anchors import Anchors
from segur_plugin_certificates.asking import Asking
from segur_plugin_certificates.authorities import tree_of
from segur_plugin_certificates.facts import Facts
from segur_plugin_certificates.findings import Entry, Finding, Held, Severity, inventory, of_chain
from segur_plugin_certificates.fitting import held
from segur_plugin_certificates.kept_lists import KeptLists, ReadLists
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.settings import CertificatesSettings
from segur_plugin_certificates.trusted import trusted
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.keyring import KeyPlace, KeyReference
from segur_sdk.models.actor import Structure

_SAID_OF_THE_LEAF: Final = {
    "certificates.chain_tree": {"certificates.other_tree"},
    "certificates.chain_expired": {"certificates.ended"},
    "certificates.chain_not_yet": {"certificates.not_yet"},
    "certificates.chain_weak": {"certificates.weak_key", "certificates.weak_signature"},
}
"""What a chain is refused for, by what was said of its certificate already."""
_SAID_BY_THE_HOST: Final = {
    "config.certificate_ended": {"certificates.ended"},
    "config.certificate_not_yet": {"certificates.not_yet"},
    "config.certificate_environment": {"certificates.other_tree"},
    "config.key_twice": {"certificates.key_twice"},
}
"""Reasons of the host not to use a key, by what was said of its certificate already."""
_MIXED: Final = "certificates.anchors_mixed"
_NOT_THERE: Final = frozenset(
    {"token.absent", "card.absent", "card.removed", "card.no_reader", "card.no_reader_service"}
)
"""Reasons of the host that mean of a token: it is not plugged in. Nothing is wrong with its certificate."""


@attrs.frozen
class Judged:
    """One key of the installation, and everything that is to be said of its certificate."""

    reference: KeyReference
    facts: Facts | None
    findings: tuple[Finding, ...]
    path: tuple[x509.Certificate, ...] = attrs.field(default=(), repr=lambda path: f"‹{len(path)} certificates›")
    """Up to the anchor; empty when it does not hold, or was not looked for."""


def judge(
    ctx: HookContext, read: ReadLists, *, uses: Collection[str] | None = None, online: bool = False
) -> tuple[Judged, ...]:
    """Judge certificates, by use. Nothing is raised for one of them.

    Args:
        ctx: context of the call.
        read: lists that were read before.
        uses: which ones; every one by default. All are compared with each other in any case.
        online: whether the authorities are asked too.

    Raises:
        InputError: ``certificates.use_unknown``: no key has that use.
    """
    references = ctx.keyring.references()
    unknown = set(uses or ()) - {one.use for one in references}
    if unknown:
        raise InputError("certificates.use_unknown", use=min(unknown))
    readable = [held(one, ctx) for one in references if one.certificate is not None]
    now = ctx.clock.now()
    entries = {entry.held.use: entry for entry in inventory(readable, tree_of(ctx.environment), now)}
    judging = _Judging.prepared(ctx, read, online=online)
    return tuple(judging.of(one, entries.get(one.use), now) for one in references if uses is None or one.use in uses)


@attrs.frozen
class _Judging:
    anchors: Anchors | None
    refusal: str
    """Why there are none."""
    asking: Asking
    structure: Structure
    """Of the installation."""

    @classmethod
    def prepared(cls, ctx: HookContext, read: ReadLists, *, online: bool) -> "_Judging":
        mode = ctx.settings(CertificatesSettings).revocation
        asking = Asking(ctx, KeptLists(ctx, read), mode, online)
        try:
            return cls(trusted(ctx), "", asking, ctx.actor.structure)
        except InputError as failure:
            return cls(None, failure.code, asking, ctx.actor.structure)

    def of(self, reference: KeyReference, entry: Entry | None, now: datetime) -> Judged:
        findings = [] if entry is None else list(entry.findings)
        facts = entry.facts if entry is not None else None
        path: tuple[x509.Certificate, ...] = ()
        findings += _of_key(reference, facts, _codes(findings))
        if facts is not None:
            findings += _of_structure(reference.use, facts, self.structure)
        if facts is not None and facts.kind.offer is Offer.FOREIGN:
            findings.append(Finding("certificates.foreign", Severity.INFO, reference.use))
        elif entry is not None and facts is not None and facts.kind.offer is not Offer.AUTHORITY:
            path, more = self._chain(entry.held, _codes(findings), now)
            findings += more
            if path:
                findings += self.asking.about(reference.use, path, now)
        return Judged(reference, facts, tuple(findings), path)

    def _chain(
        self, one: Held, said: set[str], now: datetime
    ) -> tuple[tuple[x509.Certificate, ...], tuple[Finding, ...]]:
        if self.anchors is None:
            # Between mixed trees nothing tells one environment from the other: no certificate is used then.
            severity = Severity.BLOCKING if self.refusal == _MIXED else Severity.URGENT
            return (), (Finding(self.refusal, severity, one.use),)
        chain, found = of_chain(one, self.anchors, now)
        new = tuple(one for one in found if said.isdisjoint(_SAID_OF_THE_LEAF.get(one.code, set())))
        return (() if chain is None else chain.path), new


def _of_key(reference: KeyReference, facts: Facts | None, said: set[str]) -> Iterator[Finding]:
    """Tell what keeps the host from using the key, and whether it is the one of its certificate."""
    problem = reference.problem
    if problem is not None and said.isdisjoint(_SAID_BY_THE_HOST.get(problem, set())):
        away = reference.place is KeyPlace.TOKEN and problem in _NOT_THERE
        yield Finding(problem, Severity.INFO if away else Severity.BLOCKING, reference.use)
    elif problem is None and reference.certificate is None:
        yield Finding("certificates.none_yet", Severity.INFO, reference.use)
    if facts is not None and reference.public_key not in {None, facts.public_key}:
        yield Finding("certificates.mismatch", Severity.BLOCKING, reference.use)


def _of_structure(use: str, facts: Facts, own: Structure) -> Iterator[Finding]:
    """Tell of a certificate of another structure: each administers its own, whoever the administrator is."""
    named = facts.subject.structure
    if named is None or facts.kind.offer not in {Offer.ORG, Offer.SERV}:
        return
    known = {StructureIdType.FINESS: own.finess, StructureIdType.SIRET: own.siret}
    # Of an installation without any number nothing is known; one of another kind than its own is not its number.
    if any(known.values()) and named.value != known.get(named.type):
        yield Finding("certificates.other_structure", Severity.WARNING, use, str(named))


def _codes(findings: list[Finding]) -> set[str]:
    return {one.code for one in findings}
