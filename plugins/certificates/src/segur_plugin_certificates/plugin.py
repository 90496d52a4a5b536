"""The plugin as a host sees it: one service, two jobs, one hook."""

from datetime import datetime

from segur_plugin_certificates.installing import install
from segur_plugin_certificates.judging import judge
from segur_plugin_certificates.kept_lists import ReadLists
from segur_plugin_certificates.leading import begin_order, lead, settle
from segur_plugin_certificates.orders import Order, Orders
from segur_plugin_certificates.progress import progress_of
from segur_plugin_certificates.refreshing import refresh
from segur_plugin_certificates.renewing import renew
from segur_plugin_certificates.rows import calendar_of, row_of
from segur_plugin_certificates.settings import CertificatesSettings
from segur_plugin_certificates.watching import warnings, watch
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.jobs import JobDone, JobRun
from segur_sdk.services.structure_certificates import (
    CalendarRequest,
    CertificateCalendar,
    CertificateInventory,
    InstallRequest,
    InventoryRequest,
    OrderProgress,
    OrderRequest,
    RenewRequest,
)


class CertificatesPlugin(SegurHooks):
    """Judges the certificates of a structure, and leads through ordering and renewing them.

    Implements ``StructureCertificates`` and ``JobRunner``.
    """

    def __init__(self) -> None:
        self._read = ReadLists()

    @hookimpl
    def on_session_login(self, event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
        """Tell who signs in of certificates that end soon or may not be used."""
        if not ctx.settings(CertificatesSettings).warn_at_login:
            return None
        found = tuple(warnings(judge(ctx, self._read)))
        return SessionContribution(warnings=found) if found else None

    def run_job(self, run: JobRun, ctx: HookContext) -> JobDone:
        """Fetch revocation lists (``crl``), or watch the ends of certificates (``watch``); see ``JobRunner``.

        Raises:
            ServiceError: ``certificates.lists_unreachable``.
            InputError: ``input.job_unknown``; those of :func:`segur_plugin_certificates.trusted.trusted`.
        """
        if run.job == "crl":
            return refresh(ctx, self._read)
        if run.job == "watch":
            return watch(ctx, self._read)
        raise InputError("input.job_unknown")

    def inventory(self, request: InventoryRequest, ctx: HookContext) -> CertificateInventory:
        """Judge certificates; see ``StructureCertificates`` and :func:`segur_plugin_certificates.judging.judge`.

        Raises:
            InputError: ``certificates.use_unknown``.
        """
        judged = judge(ctx, self._read, uses=request.uses or None, online=request.online)
        now = ctx.clock.now()
        return CertificateInventory(rows=tuple(row_of(one, now) for one in judged))

    def calendar(self, request: CalendarRequest, ctx: HookContext) -> CertificateCalendar:
        """Return when certificates end."""
        return calendar_of(judge(ctx, self._read), ctx.clock.now())

    def order(self, request: OrderRequest, ctx: HookContext) -> OrderProgress:
        """Begin an order, note what was done, or say where it stands; see :mod:`segur_plugin_certificates.leading`."""
        orders = Orders(ctx)
        if request.product is None and request.action is not None:
            order = orders.get(request.use)
        else:
            order = begin_order(request.use, request.product, orders, ctx)
        if request.action is not None:
            order = lead(order, request.action, orders, ctx, _at_the_workplace(ctx))
        return _settled(order, ctx)

    def install(self, request: InstallRequest, ctx: HookContext) -> OrderProgress:
        """Check the certificate, and have it installed; see :func:`segur_plugin_certificates.installing.install`."""
        orders = Orders(ctx)
        order = orders.get(request.use)
        order, notes = install(order, request.certificates, orders, ctx, self._read, _at_the_workplace(ctx))
        return _settled(order, ctx, *notes)

    def renew(self, request: RenewRequest, ctx: HookContext) -> OrderProgress:
        """Begin to replace a certificate; see :func:`segur_plugin_certificates.renewing.renew`."""
        return _settled(renew(request.use, Orders(ctx), ctx), ctx)


def _settled(order: Order, ctx: HookContext, *notes: str) -> OrderProgress:
    settle(order, ctx)
    return progress_of(order, ctx, _at_the_workplace(ctx), *notes)


def _at_the_workplace(ctx: HookContext) -> datetime:
    """Return now by the clock on the wall: who types today's date shortly after midnight means that day."""
    return ctx.clock.now().astimezone()
