"""The inventory and the calendar as the contract has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from segur_plugin_certificates.authorities import Tree
from segur_plugin_certificates.calendar import Ending, as_ics, days_left
from segur_plugin_certificates.facts import Facts
from segur_plugin_certificates.findings import Finding, Severity
from segur_plugin_certificates.judging import Judged
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.usages import Usage
from segur_sdk.models.actor import Environment
from segur_sdk.services.structure_certificates import (
    CalendarEntry,
    CertificateCalendar,
    CertificateFinding,
    CertificateRow,
    CertificateStatus,
)

_ENVIRONMENTS: Final = {Tree.PRODUCTION: Environment.PRODUCTION, Tree.TEST: Environment.TEST}
_SEVERITIES: Final = {
    Severity.INFO: CertificateStatus.OK,
    Severity.WARNING: CertificateStatus.WARNING,
    Severity.URGENT: CertificateStatus.URGENT,
    Severity.BLOCKING: CertificateStatus.BLOCKED,
}
_OF_CODES: Final = {
    "certificates.ends_in_calendar": CertificateStatus.CALENDAR,
    "certificates.none_yet": CertificateStatus.AWAITING,
}
_ORDER: Final = tuple(CertificateStatus)
_OF_THE_STRUCTURE: Final = frozenset({Offer.ORG, Offer.SERV})


def status_of(findings: Sequence[Finding]) -> CertificateStatus:
    """Return the most pressing of what is to be said."""
    return max((_status(one) for one in findings), key=_ORDER.index, default=CertificateStatus.OK)


def row_of(judged: Judged, now: datetime) -> CertificateRow:
    """Return one line of the inventory."""
    reference, facts = judged.reference, judged.facts
    findings = tuple(CertificateFinding(severity=_status(one), notice=one.notice()) for one in judged.findings)
    place = f"{reference.place}:{reference.where}"
    if facts is None:
        return CertificateRow(
            id=reference.use,
            offer=None,
            usage=(),
            certain=False,
            environment=None,
            structure=None,
            common_name=None,
            issuer=None,
            serial=None,
            not_after=None,
            days_left=None,
            status=status_of(judged.findings),
            place=place,
            findings=findings,
        )
    return CertificateRow(
        id=reference.use,
        offer=str(facts.kind.offer),
        usage=tuple(_usage(one) for one in facts.kind.usages),
        certain=facts.kind.certain,
        environment=None if facts.issuer is None else _ENVIRONMENTS[facts.issuer.tree],
        structure=None if facts.subject.structure is None else str(facts.subject.structure),
        common_name=facts.subject.common_name,
        issuer=facts.issuer_name,
        serial=facts.serial,
        not_after=facts.not_after,
        days_left=days_left(facts.not_after, now),
        status=status_of(judged.findings),
        place=place,
        findings=findings,
    )


def calendar_of(judged: Sequence[Judged], now: datetime) -> CertificateCalendar:
    """Return the ends of all certificates that can be read, the next first."""
    known = sorted(
        ((one.facts, one) for one in judged if one.facts is not None),
        key=lambda pair: (pair[0].not_after, pair[1].reference.use),
    )
    entries = tuple(
        CalendarEntry(
            id=one.reference.use,
            title=_title(one.reference.use, facts),
            not_after=facts.not_after,
            days_left=days_left(facts.not_after, now),
            status=status_of([found for found in one.findings if found.code in _OF_TIME]),
        )
        for facts, one in known
    )
    endings = [
        Ending(
            f"{one.reference.use}-{facts.fingerprint}", _title(one.reference.use, facts), _DESCRIPTION, facts.not_after
        )
        for facts, one in known
    ]
    return CertificateCalendar(entries=entries, ics=as_ics(endings, now))


_OF_TIME: Final = frozenset(
    f"certificates.{name}" for name in ("not_yet", "ended", "ends_very_soon", "ends_soon", "ends_in_calendar")
)
_DESCRIPTION: Final = (
    "Renouvelez ce certificat avant cette date : ensuite, plus aucun appel ne part avec lui. "
    "Commencez au plus tard 30 jours avant."
)


def _status(finding: Finding) -> CertificateStatus:
    return _OF_CODES.get(finding.code) or _SEVERITIES[finding.severity]


def _usage(usage: Usage) -> str:
    return "S/MIME" if usage is Usage.SMIME else str(usage)


def _title(use: str, facts: Facts) -> str:
    # A calendar is shared: a person's number, which is the name of his certificates, does not go there.
    name = facts.subject.common_name if facts.kind.offer in _OF_THE_STRUCTURE else None
    return f"Fin du certificat {use}" + (f" ({name})" if name else "")
