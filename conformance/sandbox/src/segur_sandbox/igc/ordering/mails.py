"""The mails that the platform would have sent by now; they leave for nowhere."""

from datetime import datetime, timedelta

import attrs

from segur_sandbox.clock import timestamp
from segur_sandbox.igc.ordering.forms import Habilitation
from segur_sandbox.igc.ordering.state import Memory


@attrs.frozen(order=True)
class Mail:
    """One mail: when, what about (`kind`), the case or order, and to whom."""

    at: datetime
    kind: str
    about: str
    to: str

    def shown(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"at": timestamp(self.at), "kind": self.kind, "about": self.about, "to": self.to}


def sent_by(memory: Memory, addresses: dict[str, str], now: datetime, notice: timedelta) -> list[Mail]:
    """Return every mail sent by `now`, oldest first.

    Args:
        memory: What the platform knows.
        addresses: Order → address of whoever is the administrator now; administrator → address.
        now: The instant.
        notice: How long before its end a certificate is announced to expire.
    """
    mails: list[Mail] = []
    for filed in memory.forms:
        form = filed.form
        administrator = form.administrator if isinstance(form, Habilitation) else form.arriving
        recipients = [addresses[administrator]]
        if isinstance(form, Habilitation):
            recipients.append(form.signatory_mail)
        for recipient in recipients:
            mails.append(Mail(filed.filed_at, "acknowledged", filed.case, recipient))
            mails.append(Mail(filed.valid_at, "validated", filed.case, recipient))
    for order in memory.orders:
        asked = order.asked
        recipients = [asked.actor_mail, *([asked.informed_mail] if asked.informed_mail else [])]
        events = [(order.available_at, "available"), (order.withdrawn_at, "withdrawn"), (order.revoked_at, "revoked")]
        if order.replaced_by is not None and order.withdrawn_at is None:
            events = events[1:]
        mails += [Mail(at, kind, order.number, one) for at, kind in events if at is not None for one in recipients]
        if order.not_after is not None:
            warned = order.not_after - notice
            if order.revoked_at is None or order.revoked_at > warned:
                mails.append(Mail(warned, "expires_soon", order.number, addresses[order.number]))
    return sorted(mail for mail in mails if mail.at <= now)
