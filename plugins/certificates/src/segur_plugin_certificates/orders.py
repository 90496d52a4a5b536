"""The orders of an installation, one for each use of a key, in the plugin's store."""

from datetime import timedelta
from typing import Final

import attrs
from pydantic import Field, ValidationError

from segur_plugin_certificates.ordering.state import OrderState, resume, save
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.models.base import Moment, Value

RETENTION: Final = timedelta(days=1461)
"""As the manifest says, from the last change on: an order of three years ago is what a renewal begins with."""


class _Written(Value):
    changed_at: Moment
    preset: str | None = None
    order: str = Field(repr=False)


@attrs.frozen
class Order:
    """An order as it stands."""

    state: OrderState
    preset: str | None = None
    written: bytes | None = attrs.field(default=None, repr=False)
    """As it was read; ``None`` for one that nobody wrote down yet."""

    @property
    def use(self) -> str:
        """Of the key whose certificate is ordered."""
        return self.state.product.use


class Orders:
    """The orders of one call.

    Args:
        ctx: context of the call.
    """

    def __init__(self, ctx: HookContext) -> None:
        self._ctx = ctx

    def find(self, use: str) -> Order | None:
        """Return the order of a use; ``None`` when there is none, or when it is older than the retention.

        Raises:
            InputError: ``certificates.order_unreadable``, ``certificates.order_version``.
        """
        content = self._ctx.store.get(_place(use))
        if content is None:
            return None
        written: _Written | None = None
        try:
            written = _Written.model_validate_json(content)
        except ValidationError:
            # What it holds is named in no message.
            written = None
        if written is None:
            raise InputError("certificates.order_unreadable", reason="form")
        if self._ctx.clock.now() - written.changed_at > RETENTION:
            self._ctx.store.delete(_place(use))
            return None
        return Order(resume(written.order), written.preset, content)

    def get(self, use: str) -> Order:
        """Return the order of a use.

        Raises:
            InputError: ``certificates.order_none``; those of ``find``.
        """
        found = self.find(use)
        if found is None:
            raise InputError("certificates.order_none", use=use)
        return found

    def keep(self, order: Order, state: OrderState) -> Order:
        """Write an order down in its new state, at once and whole; nothing is written when nothing changed.

        Raises:
            InputError: ``certificates.order_changed``: somebody else led it on meanwhile.
        """
        if order.written is not None and state == order.state:
            return order
        if self._ctx.store.get(_place(order.use)) != order.written:
            raise InputError("certificates.order_changed", use=order.use)
        written = _Written(changed_at=self._ctx.clock.now(), preset=order.preset, order=save(state))
        content = written.model_dump_json().encode()
        self._ctx.store.put(_place(order.use), content)
        return Order(state, order.preset, content)


def _place(use: str) -> str:
    return f"order/{use}"
