"""The platform: who may order what, and what becomes of an order."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_sandbox.clock import SandboxClock, timestamp
from segur_sandbox.igc.ordering.catalogue import ADMINISTRATORS, STRUCTURES, Administrator
from segur_sandbox.igc.ordering.csr import key_name, read_csr
from segur_sandbox.igc.ordering.forms import (
    CardChange,
    Change,
    Habilitation,
    NewOrder,
    RevocationRequest,
    Withdrawal,
    check_mail,
    read_form,
)
from segur_sandbox.igc.ordering.issue import Product, certificate_for, check_name, check_password, product_with_key
from segur_sandbox.igc.ordering.mails import Mail, sent_by
from segur_sandbox.igc.ordering.mandates import (
    Mandates,
    administrator_of,
    check_delegation,
    check_prerequisites,
    structure_of,
)
from segur_sandbox.igc.ordering.refusals import PlatformRefusedError
from segur_sandbox.igc.ordering.state import FiledForm, Memory, Order, after_working_days, load_memory
from segur_sandbox.pki.issuing import new_key
from segur_sandbox.pki.register import Reason
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.settings import IgcSettings

_REASONS: dict[str, Reason] = {
    "loss": "key_compromise",
    "theft": "key_compromise",
    "end_of_activity": "cessation_of_operation",
    "change": "affiliation_changed",
}
_SHORTEST_CODE = 8


class OrderingPlatform:
    """One structure's certificates from the form to their end.

    Args:
        folder: Keeps `ordering.json`.
        pki: Who issues.
        clock: Its days.
        settings: How long things take.
    """

    def __init__(self, folder: Path, pki: PkiFiles, clock: SandboxClock, settings: IgcSettings) -> None:
        self._path = folder / "ordering.json"
        self._pki = pki
        self._clock = clock
        self._settings = settings
        self._memory = load_memory(self._path)
        self._sessions: dict[str, str] = {}

    def reset(self) -> None:
        """Forget forms, orders, cards and sessions."""
        self._path.unlink(missing_ok=True)
        self._memory = Memory()
        self._sessions.clear()

    def file_habilitation(self, form: Habilitation) -> FiledForm:
        """Take form F413."""
        structure = structure_of(form.structure)
        check_prerequisites(structure)
        if form.signatory == "titulaire" and not structure.has_titulaire:
            raise PlatformRefusedError("signatory_not_titulaire")
        check_mail(form.signatory_mail)
        if not form.boxes:
            raise PlatformRefusedError("no_box")
        check_delegation(self._with_card(form.administrator), form.editor)
        return self._file("F413", form)

    def file_change(self, form: Change) -> FiledForm:
        """Take form F503."""
        structure = structure_of(form.structure)
        if form.signatory == "titulaire" and not structure.has_titulaire:
            raise PlatformRefusedError("signatory_not_titulaire")
        mandates = self._mandates().held_by(form.leaving, form.structure)
        if not mandates:
            raise PlatformRefusedError("not_the_administrator")
        arriving = self._with_card(form.arriving)
        for filed in mandates:
            if isinstance(filed.form, Habilitation):
                check_delegation(arriving, filed.form.editor)
        return self._file("F503", form)

    def form(self, case: str) -> FiledForm:
        """Return a form by its case number."""
        for filed in self._memory.forms:
            if filed.case == case:
                return filed
        raise PlatformRefusedError("case_unknown")

    def log_in(self, name: str) -> str:
        """Open a session and return its token."""
        self._with_card(name)
        token = secrets.token_urlsafe(24)
        self._sessions[token] = name
        return token

    def administrator(self, token: str) -> str:
        """Return whose session it is, if his card is still active."""
        if token not in self._sessions:
            raise PlatformRefusedError("session_missing")
        return self._with_card(self._sessions[token]).name

    def structures_of(self, administrator: str) -> list[dict[str, Any]]:
        """Return the structures for which somebody may order, with the boxes ticked."""
        return self._mandates().structures_of(administrator)

    def order(self, administrator: str, asked: NewOrder) -> Order:
        """Take an order."""
        structure = structure_of(asked.structure)
        self._mandates().check(administrator, asked)
        if not asked.actor_mail.strip():
            raise PlatformRefusedError("actor_mail_missing")
        for address in (asked.actor_mail, asked.informed_mail):
            if address is not None:
                check_mail(address)
        check_prerequisites(structure)
        check_name(asked)
        key = key_name(read_csr(asked.csr, self._is_certified)) if asked.csr is not None else None
        now = self._clock.now()
        order = Order(
            number=f"D{secrets.randbelow(10**8):08d}",
            administrator=administrator,
            asked=asked,
            key=key,
            ordered_at=now,
            available_at=now + timedelta(seconds=self._settings.order_s),
        )
        self._change(orders=(*self._memory.orders, order))
        return order

    def find(self, administrator: str, number: str) -> Order:
        """Return an order that somebody may see."""
        for order in self._memory.orders:
            if order.number == number and administrator in (self._mandates().keeper(order), order.administrator):
                return order
        raise PlatformRefusedError("order_unknown")

    def orders_of(self, administrator: str) -> list[Order]:
        """Return the orders that somebody looks after."""
        return [
            one for one in self._memory.orders if administrator in (self._mandates().keeper(one), one.administrator)
        ]

    def withdraw(self, administrator: str, number: str, how: Withdrawal) -> Product:
        """Hand out what was ordered, once."""
        order = self.find(administrator, number)
        now = self._clock.now()
        state = order.state(now)
        if state == "requested":
            raise PlatformRefusedError("not_available")
        if state != "available":
            raise PlatformRefusedError("already_withdrawn")
        if not how.accept_terms:
            raise PlatformRefusedError("cgu_refused")
        if len(how.revocation_code) < _SHORTEST_CODE or how.revocation_code != how.confirmation:
            raise PlatformRefusedError("revocation_code_invalid")
        product, certificate = self._issue(order, how.key_password, now)
        salt = secrets.token_hex(16)
        changes = {
            "withdrawn_at": now,
            "certificate": product.certificate,
            "serial": f"{certificate.serial_number:X}",
            "not_after": certificate.not_valid_after_utc,
            "code_salt": salt,
            "code_seal": _sealed(how.revocation_code, salt),
        }
        self._replace(order, changes)
        return product

    def restart(self, administrator: str, number: str, csr: str | None) -> Order:
        """Begin an order again, whose key is out of reach; what it gave is revoked."""
        order = self.find(administrator, number)
        if order.replaced_by is not None:
            raise PlatformRefusedError("already_withdrawn")
        again = self.order(administrator, order.asked.model_copy(update={"csr": csr}))
        changes: dict[str, Any] = {"replaced_by": again.number}
        if order.serial is not None and order.revoked_at is None:
            self._revoke(order.serial, "superseded")
            changes["revoked_at"] = self._clock.now()
        self._replace(order, changes)
        return again

    def revoke(self, number: str, how: RevocationRequest) -> Order:
        """Revoke a certificate for good, for whoever knows the code."""
        order = next((one for one in self._memory.orders if one.number == number), None)
        if order is None:
            raise PlatformRefusedError("order_unknown")
        now = self._clock.now()
        state = order.state(now)
        if order.serial is None:
            raise PlatformRefusedError("not_withdrawn")
        if state in ("revoked", "expired"):
            raise PlatformRefusedError(f"already_{state}")
        if not hmac.compare_digest(_sealed(how.revocation_code, order.code_salt), order.code_seal):
            raise PlatformRefusedError("revocation_code_wrong")
        self._revoke(order.serial, _REASONS[how.cause])
        return self._replace(order, {"revoked_at": now})

    def mails(self) -> list[Mail]:
        """Return the mails sent by now."""
        addresses = {one.name: one.mail for one in ADMINISTRATORS}
        orders = {one.number: addresses[self._mandates().keeper(one)] for one in self._memory.orders}
        notice = timedelta(days=self._settings.notice_days)
        return sent_by(self._memory, {**addresses, **orders}, self._clock.now(), notice)

    def change_card(self, body: bytes) -> dict[str, str]:
        """Change the state of an administrator's card, until the reset."""
        change = read_form(body, CardChange)
        administrator_of(change.administrator)
        self._change(cards={**self._memory.cards, change.administrator: change.card})
        return change.model_dump()

    def show(self) -> dict[str, Any]:
        """Return everything, for the control API."""
        return {
            "structures": [
                {"structure": one.unit, "name": one.name, "contract": str(one.contract) if one.contract else None}
                for one in STRUCTURES.values()
            ],
            "administrators": [
                {"administrator": one.name, "mail": one.mail, "editor": one.editor, "card": self._card(one)}
                for one in ADMINISTRATORS
            ],
            "forms": [self.shown_form(one) for one in self._memory.forms],
            "orders": [self.shown_order(one) for one in self._memory.orders],
            "mails": [one.shown() for one in self.mails()],
        }

    def shown_form(self, filed: FiledForm) -> dict[str, Any]:
        """Return a form as JSON."""
        return {
            "case": filed.case,
            "state": filed.state(self._clock.now()),
            "filed_at": timestamp(filed.filed_at),
            "valid_at": timestamp(filed.valid_at),
            **filed.form.model_dump(mode="json"),
        }

    def shown_order(self, order: Order) -> dict[str, Any]:
        """Return an order as JSON, without what is sealed."""
        asked = order.asked.model_dump(mode="json", exclude={"csr"})
        return {
            "number": order.number,
            "state": order.state(self._clock.now()),
            "administrator": self._mandates().keeper(order),
            "key_made_here": order.key is None,
            "serial": order.serial,
            "not_after": timestamp(order.not_after) if order.not_after is not None else None,
            "available_at": timestamp(order.available_at),
            "replaced_by": order.replaced_by,
            **asked,
        }

    def _issue(self, order: Order, password: str | None, now: datetime) -> tuple[Product, x509.Certificate]:
        structure = structure_of(order.asked.structure)
        if order.asked.csr is not None:
            if password is not None:
                raise PlatformRefusedError("key_password_unwanted")
            # The order itself holds this key.
            key: rsa.RSAPublicKey = read_csr(order.asked.csr, lambda _: False)
            certificate = certificate_for(order.asked, structure, key, self._pki, now)
            return Product.of(certificate, self._pki.organisations().certificate), certificate
        check_password(password)
        made = new_key()
        certificate = certificate_for(order.asked, structure, made.public_key(), self._pki, now)
        return product_with_key(certificate, made, self._pki, password, order.asked, now), certificate

    def _revoke(self, serial: str, reason: Reason) -> None:
        self._pki.register.revoke(int(serial, 16), self._clock.now(), reason)

    def _file(self, kind: str, form: Habilitation | Change) -> FiledForm:
        now = self._clock.now()
        filed = FiledForm(
            case=f"{kind}-{secrets.randbelow(10**6):06d}",
            form=form,
            filed_at=now,
            valid_at=after_working_days(now, self._settings.validation_days),
        )
        self._change(forms=(*self._memory.forms, filed))
        return filed

    def _mandates(self) -> Mandates:
        return Mandates(self._memory.forms, self._clock.now())

    def _with_card(self, name: str) -> Administrator:
        administrator = administrator_of(name)
        if self._card(administrator) != "active":
            raise PlatformRefusedError("administrator_without_card")
        return administrator

    def _card(self, administrator: Administrator) -> str:
        return self._memory.cards.get(administrator.name, administrator.card)

    def _is_certified(self, key: str) -> bool:
        waiting = {order.key for order in self._memory.orders if order.replaced_by is None}
        return key in waiting or any(key_name(one.public_key()) == key for one in self._pki.register.certificates())

    def _replace(self, order: Order, changes: dict[str, Any]) -> Order:
        changed = order.model_copy(update=changes)
        self._change(orders=tuple(changed if one.number == order.number else one for one in self._memory.orders))
        return changed

    def _change(self, **members: Any) -> None:
        self._memory = self._memory.model_copy(update=members)
        self._memory.save(self._path)


def _sealed(code: str, salt: str) -> str:
    return hashlib.scrypt(code.encode("utf-8"), salt=salt.encode("ascii"), n=2**12, r=8, p=1).hex()
