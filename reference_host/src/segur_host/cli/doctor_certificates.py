"""What the doctor says of certificates: a plugin's judgement of each, else what the host itself knows of it."""

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.broker.tls.crl_folder import CRL_FOLDER, CrlFolder
from segur_host.broker.tls.revocation import Verdict
from segur_host.broker.token_tls import self_test
from segur_host.broker.trust import TrustStore
from segur_host.cli.check import Check, problem
from segur_host.host import Host
from segur_host.keyring.pairs import facts_of
from segur_host.keyring.store import KEYS_FOLDER
from segur_sdk.context import Clock
from segur_sdk.errors import ConfigError, SegurError
from segur_sdk.keyring import KeyPlace, KeyReference
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.services.structure_certificates import CertificateRow, CertificateStatus

WARN_BEFORE: Final = timedelta(days=30)
"""A certificate is announced as expiring from then on (*guide de commande de certificats*: one month before)."""
_STATUS: Final = {
    CertificateStatus.OK: "ok",
    CertificateStatus.CALENDAR: "ok",
    CertificateStatus.AWAITING: "ok",
    CertificateStatus.WARNING: "warning",
    CertificateStatus.URGENT: "warning",
    CertificateStatus.BLOCKED: "problem",
}


def certificate_checks(host: Host, clock: Clock) -> Iterator[Check]:
    """Give the lines of every certificate of an open host."""
    rows = {}
    try:
        rows = {one.id: one for one in host.certificates.inventory().rows}
    except SegurError as failure:
        if failure.code != "plugin.service_missing":
            yield problem("certificats", failure, host.messages)
    for reference in host.certificates.references():
        row = rows.get(reference.use)
        if row is not None and reference.problem is None and row.not_after is not None:
            yield from _judged(row)
        else:
            yield from _known(host, reference, clock)


def expiry(name: str, facts: CertificateInfo, now: datetime) -> Check:
    """Return whether a certificate holds now, and for how long."""
    until = f"{facts.subject_cn}, valable jusqu’au {facts.not_after:%d/%m/%Y}"
    # The last second is within (RFC 5280, 4.1.2.5).
    if facts.not_after < now:
        return Check(name, "problem", f"{until} : expiré", "Commandez un nouveau certificat et installez-le.")
    if facts.not_before > now:
        return Check(name, "problem", f"{until} : pas encore valable", "Vérifiez l’heure de la machine.")
    if facts.not_after <= now + WARN_BEFORE:
        return Check(name, "warning", f"{until} : expire bientôt", "Commandez dès maintenant son renouvellement.")
    return Check(name, "ok", until)


def token_key(name: str) -> Check:
    """Tell whether this machine can use a key that stays on a card; the card itself need not be there."""
    obstacle = self_test()
    if obstacle is not None:
        return problem(name, obstacle)
    return Check(name, "ok", "sur une carte ; utilisable dès qu’une session est ouverte avec elle")


def permission_checks(data: Path) -> Iterator[Check]:
    """Give whether the folders of the host are closed to other accounts; files of keys are looked at with each key."""
    if os.name != "posix":
        return
    for folder in (data, data / KEYS_FOLDER):
        try:
            told = folder.stat()
        except OSError:
            continue
        if told.st_uid == os.geteuid() and not stat.S_IMODE(told.st_mode) & 0o077:
            continue
        mend = f"Rendez-le au compte de l’hôte, puis fermez-le aux autres : chmod 700 {folder}"
        yield Check(f"droits {folder.name}", "problem", f"{folder} est ouvert à d’autres comptes", mend)


def _judged(row: CertificateRow) -> Iterator[Check]:
    name = f"certificat {row.id}"
    until = f"{row.common_name}, valable jusqu’au {row.not_after:%d/%m/%Y}"
    told = [one for one in row.findings if _STATUS[one.severity] != "ok"]
    if not told:
        yield Check(name, _STATUS[row.status], until)
    for place, one in enumerate(told):
        line = name if not place else f"{name} ({one.notice.code})"
        yield Check(line, _STATUS[one.severity], f"{until} : {one.notice.text}", one.notice.action)


def _known(host: Host, reference: KeyReference, clock: Clock) -> Iterator[Check]:
    name = f"certificat {reference.use}"
    if reference.place is KeyPlace.TOKEN and reference.certificate is None:
        yield token_key(name)
        return
    if reference.problem is None and reference.awaiting is not None and reference.certificate is None:
        yield Check(name, "ok", "la clé est faite et attend son premier certificat")
        return
    if reference.problem is not None or reference.certificate is None:
        failure = ConfigError(reference.problem or "config.key_missing", use=reference.use)
        yield problem(name, failure, host.messages)
        return
    certificate = x509.load_der_x509_certificate(reference.certificate)
    others = tuple(map(x509.load_der_x509_certificate, reference.chain))
    now = clock.now()
    yield expiry(name, facts_of(certificate), now)
    yield _chain(host, reference.use, certificate, others, now)
    yield _revocation(host, reference.use, certificate, others, clock)


def _chain(
    host: Host, use: str, certificate: x509.Certificate, others: Sequence[x509.Certificate], now: datetime
) -> Check:
    name = f"chaîne {use}"
    trust = TrustStore(host.config.trust, host.config.environment)
    # Whether it is in date is said elsewhere.
    at = min(max(now, certificate.not_valid_before_utc), certificate.not_valid_after_utc)
    for named in host.config.trust:
        try:
            if any(trust.leads_to(one, named, at) for one in _upwards(certificate, others)):
                return Check(name, "ok", f"mène aux autorités {named}")
        except SegurError:
            # Another check says what is wrong with these anchors.
            continue
    mend = "Ajoutez à [trust] la racine et l’autorité qui l’a émis, ou commandez un certificat de la bonne autorité."
    return Check(name, "problem", "ne mène à aucune autorité de confiance", mend)


def _revocation(
    host: Host, use: str, certificate: x509.Certificate, others: Sequence[x509.Certificate], clock: Clock
) -> Check:
    name = f"révocation {use}"
    folder = CrlFolder(host.config.data / CRL_FOLDER, clock)
    for issuer in (*others, *anchors(host)):
        if not _issued(issuer, certificate):
            continue
        answer = folder.status(*(one.public_bytes(Encoding.DER) for one in (certificate, issuer)))
        if answer.verdict is Verdict.REVOKED:
            return Check(
                name, "problem", "révoqué par son autorité", "Commandez un nouveau certificat et installez-le."
            )
        if answer.verdict is Verdict.GOOD:
            return Check(name, "ok", f"absent de la liste du {answer.at:%d/%m/%Y}")
    mend = "Activez le module certificates, ou déposez la liste de l’autorité (.crl) dans le dossier certificates/crl."
    return Check(name, "warning", "aucune liste de révocation valable n’est gardée", mend)


def _upwards(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Give a certificate, then those that came with it and issued the one before."""
    current, left = certificate, list(others)
    yield current
    while issuer := next((one for one in left if _issued(one, current)), None):
        left.remove(issuer)
        yield issuer
        current = issuer


def anchors(host: Host) -> Iterator[x509.Certificate]:
    """Give every authority that the configuration trusts, as far as their files can be read."""
    for name in host.config.trust:
        try:
            yield from map(x509.load_der_x509_certificate, host.certificates.anchors(name))
        except SegurError:
            continue


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
