"""``on_certificate_expiring``: a certificate of the structure nears its end, or has reached it."""

from typing import Final

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.hooks.session_ended import Noted
from segur_sdk.models.base import Event
from segur_sdk.models.certificate import CertificateInfo, ExpiryLevel


class CertificateExpiringEvent(Event):
    """A certificate reached a level."""

    use: str = Field(min_length=1, max_length=40)
    """Of its key in the configuration of the host."""
    certificate: CertificateInfo
    level: ExpiryLevel
    days_left: int
    """Days that are left, a begun one counted whole; 0 or less once it ended."""


class OnCertificateExpiring:
    """Specification of ``on_certificate_expiring``."""

    @hookspec
    def on_certificate_expiring(self, event: CertificateExpiringEvent, ctx: HookContext) -> Noted | None:
        """Take notice that a certificate of the structure nears its end.

        When: once for each certificate and level, when a plugin that watches certificates tells the host; at least
        once: an event may come twice.

        When not: to refuse a call; the host itself makes none with a certificate that ended.

        Args:
            event: which certificate, and how long it still holds.
            ctx: context of this plugin.

        Returns:
            ``Noted``, or ``None`` when that certificate is of no interest.

        Stop rule: all plugins are told (``observe``).

        Failure: recorded; the plugin is told again later, and the cause is not affected.

        Source: IGC-Santé tells administrators a month before; SC.MSS/CONF.22.
        """


ON_CERTIFICATE_EXPIRING: Final = HookInfo(
    name="on_certificate_expiring",
    version="1.0",
    mode=HookMode.OBSERVE,
    deadline_s=10,
    stability=Stability.EXPERIMENTAL,
    event=CertificateExpiringEvent,
    result=Noted,
)
