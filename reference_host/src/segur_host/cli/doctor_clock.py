"""Whether the clock of the machine can be right: what is dated after now, or ended long ago, says that it is not."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509

from segur_host.audit.entries import AuditRecord
from segur_host.broker.server_date import TOLERANCE
from segur_host.broker.tls.crl_folder import CRL_FOLDER, MAX_LIST_BYTES
from segur_host.cli.check import Check
from segur_host.cli.doctor_certificates import anchors
from segur_host.host import Host
from segur_sdk.errors import SegurError

LOOKED_BACK: Final = 500
"""Records of the audit that are looked at, from its end."""
_MEND: Final = "Réglez la date et l’heure de la machine, et faites-les suivre un serveur de temps (NTP)."


@attrs.frozen
class _Dated:
    """Something that bears a date of the past, unless the clock is wrong."""

    name: str
    at: datetime


def clock_check(host: Host, now: datetime, recorded: int) -> Check:
    """Return whether the clock agrees with the audit, with what authorities dated, and with the anchors.

    Args:
        host: an open host.
        now: what the clock says.
        recorded: how many records the audit has.
    """
    records = _last_records(host, recorded)
    latest = max(_dated(host, records), key=lambda one: one.at, default=None)
    if latest is not None and latest.at > now + TOLERANCE:
        behind = f"elle indique le {now:%d/%m/%Y à %H:%M} UTC ; {latest.name} date du {latest.at:%d/%m/%Y à %H:%M} UTC"
        return Check("horloge", "problem", f"en retard : {behind}", _MEND)
    ends = [one.not_valid_after_utc for one in anchors(host)]
    if ends and max(ends) < now:
        ahead = f"elle indique le {now:%d/%m/%Y} ; la dernière autorité de confiance a pris fin le {max(ends):%d/%m/%Y}"
        return Check("horloge", "problem", f"en avance, ou autorités périmées : {ahead}", _MEND)
    disagreeing = _disagreeing(records)
    if disagreeing:
        server, seconds = max(disagreeing.items(), key=lambda one: abs(one[1]))
        direction = "de retard" if seconds > 0 else "d’avance"
        told = f"{abs(seconds) // 60} min {direction} sur {server}, d’après sa dernière réponse"
        return Check("horloge", "warning", told, _MEND)
    return Check("horloge", "ok", "d’accord avec l’audit, les certificats, les listes de révocation et les services")


def _last_records(host: Host, recorded: int) -> tuple[AuditRecord, ...]:
    try:
        return tuple(islice(host.audit.records(max(recorded - LOOKED_BACK, 0)), LOOKED_BACK))
    except SegurError:
        # Another check says what is wrong with the audit.
        return ()


def _disagreeing(records: Iterable[AuditRecord]) -> dict[str, int]:
    """Return by how many seconds servers are ahead of this machine, as far as their last answers differed."""
    ahead: dict[str, int] = {}
    for one in records:
        if one.event in {"broker.http", "broker.clock"}:
            facts = json.loads(one.facts)
            # The exchange is noted before what its answer tells.
            ahead.pop(str(facts.get("host")), None)
            if one.event == "broker.clock":
                ahead[str(facts["host"])] = int(facts["seconds_ahead"])
    return ahead


def _dated(host: Host, records: Iterable[AuditRecord]) -> Iterable[_Dated]:
    return chain(_audited(records), _begun(host), _listed(host.config.data / CRL_FOLDER))


def _audited(records: Iterable[AuditRecord]) -> Iterator[_Dated]:
    for one in records:
        with suppress(ValueError):
            yield _Dated("un enregistrement de l’audit", datetime.fromisoformat(one.at).astimezone(UTC))


def _begun(host: Host) -> Iterator[_Dated]:
    for reference in host.certificates.references():
        if reference.certificate is not None:
            found = x509.load_der_x509_certificate(reference.certificate)
            yield _Dated(f"le certificat de la clé {reference.use}", found.not_valid_before_utc)
    for one in anchors(host):
        yield _Dated("une autorité de confiance", one.not_valid_before_utc)


def _listed(folder: Path) -> Iterator[_Dated]:
    """Give the dates of revocation lists: an authority signed them."""
    for path in sorted(folder.glob("*.crl")):
        try:
            content = path.read_bytes()
            if len(content) > MAX_LIST_BYTES:
                continue
            pem = content.lstrip().startswith(b"-----BEGIN")
            found = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
        except (OSError, ValueError):
            continue
        yield _Dated("une liste de révocation", found.last_update_utc)
