"""Accounts of operators: one for each person, whichever means he signs in by."""

import uuid
from datetime import datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa

from segur_host.broker.ask import is_writable
from segur_host.operators.codes import NOBODYS, fits, hashed, still_waits
from segur_host.operators.rights import Role
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.context import Clock
from segur_sdk.errors import InputError

MIN_CODE: Final = 8
"""Characters of a code at least."""
MAX_CODE: Final = 128
MAX_NAME: Final = 100
"""Characters of a name, as an actor may bear it."""

operators: Final = sa.Table(
    "operators",
    metadata,
    tenant_column(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(MAX_NAME), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("rpps", sa.String(11)),
    sa.Column("national_id", sa.String(64)),
    sa.Column("code", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failed_at", sa.String(40)),
    sa.UniqueConstraint("tenant", "name"),
    sa.UniqueConstraint("tenant", "rpps"),
    sa.UniqueConstraint("tenant", "national_id"),
)

_OF_PROFESSIONAL: Final = sa.select(operators).where(
    operators.c.tenant == sa.bindparam("tenant"),
    sa.or_(operators.c.national_id == sa.bindparam("national_id"), operators.c.rpps == sa.bindparam("rpps")),
)
"""Asked at every login. What is not known equals nothing."""


@attrs.frozen
class Account:
    """One person."""

    id: str
    name: str
    role: Role
    rpps: str | None
    national_id: str | None
    """As Pro Santé Connect names him; known once somebody linked it, or by the RPPS."""
    has_code: bool


class Accounts:
    """Accounts of one tenant.

    Args:
        database: the host's database.
        clock: dates failures.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.ensure(operators)

    def all(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        query = sa.select(operators).where(operators.c.tenant == self._database.tenant).order_by(operators.c.name)
        with self._database.reading_accepted() as connection:
            return tuple(_account(row) for row in connection.execute(query))

    def named(self, name: str) -> Account:
        """Return the account of that name.

        Raises:
            InputError: ``operator.unknown``.
        """
        row = self._row(operators.c.name == name) if is_writable(name) else None
        if row is None:
            raise InputError("operator.unknown")
        return _account(row)

    def of_professional(self, rpps: str | None, national_id: str | None) -> Account | None:
        """Return the account that was linked to a national identifier, or that bears the RPPS."""
        return min(self._of(rpps, national_id), key=lambda one: one.national_id != national_id, default=None)

    def add(self, name: str, role: Role, rpps: str | None = None, code: str | None = None) -> Account:
        """Make an account.

        Raises:
            InputError: ``operator.exists``: the name or the RPPS has one already; ``operator.name_form``,
                ``operator.code_form``.
        """
        if not (1 <= len(name) <= MAX_NAME and is_writable(name)):
            raise InputError("operator.name_form", most=MAX_NAME)
        kept = None if code is None else _kept(code)
        with self._database.accepting() as transaction:
            taken = operators.c.name == name
            if rpps is not None:
                taken = sa.or_(taken, operators.c.rpps == rpps)
            if self._row(taken) is not None:
                raise InputError("operator.exists")
            transaction.connection.execute(
                operators.insert(),
                {
                    "tenant": self._database.tenant,
                    "id": str(uuid.uuid4()),
                    "name": name,
                    "role": role.value,
                    "rpps": rpps,
                    "code": kept,
                    "failures": 0,
                },
            )
        return self.named(name)

    def remove(self, name: str) -> None:
        """Take an account away; errors as ``named``."""
        account = self.named(name)
        with self._database.accepting() as transaction:
            transaction.connection.execute(operators.delete().where(*self._that(account)))

    def set_code(self, name: str, code: str | None) -> None:
        """Give an account another code, or none, and forget its failures.

        Raises:
            InputError: ``operator.unknown``, ``operator.code_form``.
        """
        kept = None if code is None else _kept(code)
        self._change(self.named(name), code=kept, failures=0, failed_at=None)

    def link(self, account: Account, rpps: str | None, national_id: str | None) -> None:
        """Say which professional an account belongs to; he is then known by both, whichever his means tells.

        Raises:
            InputError: ``operator.linked``: the account belongs to somebody else, or he has another one.
        """
        new = {name: value for name, value in (("rpps", rpps), ("national_id", national_id)) if value is not None}
        belongs = any(getattr(account, name) not in (None, value) for name, value in new.items())
        if belongs or any(one.id != account.id for one in self._of(rpps, national_id)):
            raise InputError("operator.linked")
        self._change(account, **new)

    def by_code(self, name: str, code: str) -> Account:
        """Return the account of who typed name and code.

        Raises:
            InputError: ``operator.refused``: nobody has that name, or not that code; ``operator.wait``: too many wrong
                codes, with the seconds to wait; the code was not looked at.
        """
        if not (is_writable(name) and is_writable(code)):
            raise InputError("operator.refused")
        # Counted before it is looked at: neither a kill of the host nor a second try at once is free.
        with self._database.accepting():
            row = self._row(operators.c.name == name)
            if row is not None and row.code is not None:
                failed_at = datetime.fromisoformat(row.failed_at) if row.failed_at else None
                left = still_waits(failed_at, row.failures, self._clock.now())
                if left:
                    raise InputError("operator.wait", seconds=int(left.total_seconds()) + 1)
                account = _account(row)
                self._change(account, failures=row.failures + 1, failed_at=self._clock.now().isoformat())
        if row is None or row.code is None:
            fits(NOBODYS, code)
            raise InputError("operator.refused")
        if not fits(row.code, code):
            raise InputError("operator.refused")
        self._change(account, failures=0, failed_at=None)
        return account

    def _of(self, rpps: str | None, national_id: str | None) -> tuple[Account, ...]:
        named = {"tenant": self._database.tenant, "rpps": rpps or None, "national_id": national_id or None}
        with self._database.reading_accepted() as connection:
            return tuple(_account(row) for row in connection.execute(_OF_PROFESSIONAL, named))

    def _row(self, condition: sa.ColumnElement[bool]) -> Any:
        query = sa.select(operators).where(operators.c.tenant == self._database.tenant, condition)
        with self._database.reading_accepted() as connection:
            return connection.execute(query).first()

    def _that(self, account: Account) -> tuple[sa.ColumnElement[bool], ...]:
        return operators.c.tenant == self._database.tenant, operators.c.id == account.id

    def _change(self, account: Account, **values: Any) -> None:
        with self._database.accepting() as transaction:
            transaction.connection.execute(operators.update().where(*self._that(account)).values(**values))


def _kept(code: str) -> str:
    if not (MIN_CODE <= len(code) <= MAX_CODE and is_writable(code)):
        raise InputError("operator.code_form", least=MIN_CODE)
    return hashed(code)


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        rpps=row.rpps,
        national_id=row.national_id,
        has_code=row.code is not None,
    )
