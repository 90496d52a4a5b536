"""The register of a hierarchy: every certificate it issued, and which of them are revoked."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from segur_sandbox.clock import timestamp
from segur_sandbox.private_files import make_private_folder, write_private

Reason = Literal["unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation"]
REASONS: tuple[Reason, ...] = get_args(Reason)


class UnknownSerialError(ValueError):
    """This hierarchy issued no certificate with this serial number."""


@attrs.frozen
class Revocation:
    """That a certificate is revoked, since when (UTC) and why."""

    serial: int
    at: datetime
    reason: Reason

    def entry(self) -> x509.RevokedCertificate:
        """Return the line of a revocation list."""
        builder = x509.RevokedCertificateBuilder().serial_number(self.serial).revocation_date(self.at)
        # RFC 5280: no reason is said by leaving it out.
        if self.reason != "unspecified":
            builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags[self.reason]), critical=False)
        return builder.build()


class Register:
    """What was issued under a folder, read from the certificates themselves, and `revoked.json` beside them.

    Args:
        folder: That of the hierarchy.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._issued: dict[int, x509.Certificate] = {}
        self._revoked: dict[int, Revocation] | None = None
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every revocation, and when there are some to forget."""
        self._listeners.append(listener)

    def keep(self, certificate: x509.Certificate) -> None:
        """Note a certificate that stands in no other file of the hierarchy."""
        folder = make_private_folder(self._folder / "issued")
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / f"{certificate.serial_number:X}.cert.pem").write_bytes(pem)

    def find(self, serial: int, issuer: x509.Certificate) -> x509.Certificate | None:
        """Return the certificate with this serial number, if `issuer` signed it."""
        if serial not in self._issued:
            self._read_again()
        found = self._issued.get(serial)
        if found is None or authority_key(found) != subject_key(issuer):
            return None
        return found

    def certificate(self, serial: int) -> x509.Certificate:
        """Return the certificate with this serial number.

        Raises:
            UnknownSerialError: there is none.
        """
        if serial not in self._issued:
            self._read_again()
        if serial not in self._issued:
            raise UnknownSerialError("no certificate of this sandbox has this serial number")
        return self._issued[serial]

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Return every certificate issued, in the order of their names on disk."""
        self._read_again()
        return tuple(self._issued.values())

    def revocation(self, serial: int) -> Revocation | None:
        """Return that a certificate is revoked, `None` when it is not."""
        return self._now().get(serial)

    def revoked_by(self, issuer: x509.Certificate) -> tuple[Revocation, ...]:
        """Return the revocations of certificates that `issuer` signed, by serial number."""
        now = self._now()
        return tuple(now[serial] for serial in sorted(now) if self.find(serial, issuer) is not None)

    def revoke(self, serial: int, at: datetime, reason: Reason = "unspecified") -> Revocation:
        """Revoke a certificate for good; doing so again changes nothing.

        Raises:
            UnknownSerialError: this hierarchy did not issue it.
        """
        self.certificate(serial)
        revocations = self._now()
        if serial not in revocations:
            revocations[serial] = Revocation(serial, at.astimezone(UTC).replace(microsecond=0), reason)
            lines = [
                {"serial": f"{one.serial:X}", "at": timestamp(one.at), "reason": one.reason}
                for one in revocations.values()
                if one.serial not in self._first()
            ]
            write_private(self._path, json.dumps(lines, indent=2).encode("ascii"))
            self._tell()
        return revocations[serial]

    def forget(self) -> None:
        """Go back to the hierarchy as it was made: only the role `revoked` is."""
        if self._path.exists():
            self._path.unlink()
            self._revoked = None
            self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    @property
    def _path(self) -> Path:
        return self._folder / "revoked.json"

    def _now(self) -> dict[int, Revocation]:
        if self._revoked is None:
            self._revoked = self._first()
            for line in json.loads(self._path.read_bytes()) if self._path.exists() else ():
                one = Revocation(int(line["serial"], 16), datetime.fromisoformat(line["at"]), line["reason"])
                self._revoked[one.serial] = one
        return self._revoked

    def _first(self) -> dict[int, Revocation]:
        path = self._folder / "revoked.cert.pem"
        if not path.exists():
            return {}
        first = x509.load_pem_x509_certificate(path.read_bytes())
        at = first.not_valid_before_utc + timedelta(hours=1)
        return {first.serial_number: Revocation(first.serial_number, at, "key_compromise")}

    def _read_again(self) -> None:
        for folder, folders, names in os.walk(self._folder):
            # A card in the making stands in a hidden folder, which is not there any more a moment later.
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            for name in sorted(names):
                if name.endswith(".cert.pem") and not name.startswith("."):
                    certificate = x509.load_pem_x509_certificate(Path(folder, name).read_bytes())
                    self._issued.setdefault(certificate.serial_number, certificate)


def authority_key(certificate: x509.Certificate) -> bytes | None:
    """Return the identifier of the key that signed a certificate, as it says."""
    try:
        return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None


def subject_key(certificate: x509.Certificate) -> bytes:
    """Return the identifier of a certificate's own key."""
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
