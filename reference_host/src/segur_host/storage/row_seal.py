"""Seals of rows: what the database gives back is what was put there, for tables in which a change could mislead.

The whole file is encrypted already. A seal tells a row that was edited, or that holds the columns of another one.
"""

import hashlib
import hmac


class RowSeal:
    """Seals rows of one table.

    Args:
        key: derived for this use.
        table: its name; a row of another one has another seal.
    """

    def __init__(self, key: bytes, table: str) -> None:
        self._key = key
        self._table = table

    def of(self, *fields: str | int | None) -> str:
        """Return the seal of a row: 64 hexadecimal digits.

        Args:
            fields: what must not change, in a fixed order.
        """
        mac = hmac.new(self._key, digestmod=hashlib.sha256)
        for one in (self._table, *fields):
            data = b"" if one is None else str(one).encode("utf-8")
            kind = b"n" if one is None else b"i" if isinstance(one, int) else b"s"
            mac.update(kind + len(data).to_bytes(8, "big"))
            mac.update(data)
        return mac.hexdigest()

    def is_of(self, seal: object, *fields: str | int | None) -> bool:
        """Tell whether a seal is that of these fields."""
        return isinstance(seal, str) and hmac.compare_digest(seal.encode("utf-8"), self.of(*fields).encode("ascii"))
