"""Generates RSA keys on every processor while the one thread that needs them signs and writes."""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric import rsa

from segur_sandbox.pki.issuing import new_key


class KeysAhead:
    """A context in which keys that will be wanted are already being made.

    Args:
        sizes: Bits of each key, in the order in which they are taken.
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self._sizes = sizes
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)
        self._coming: deque[Future[rsa.RSAPrivateKey]] = deque()

    def __enter__(self) -> Self:
        self._coming.extend(self._pool.submit(new_key, bits) for bits in self._sizes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self) -> rsa.RSAPrivateKey:
        """Return the next key, when it is there."""
        return self._coming.popleft().result()
