"""Services that fail when a test says so, and are well again when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

from segur_sandbox.control_client import call_control
from segur_sandbox.running import RunningSandbox


class Faults:
    """Makes services of the sandbox fail.

    Args:
        sandbox: whose services.
    """

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox

    def __call__(
        self,
        service: str,
        fault: str,
        *,
        operation: str | None = None,
        count: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Make a service fail until it is mended, or the test ends.

        Args:
            service: ``insi`` or another one of the sandbox.
            fault: ``refuse``, ``delay``, ``drip``, ``reset``, ``error5xx``, ``garbage``, ``truncated``,
                ``expired_certificate``, ``wrong_answer`` or ``answer_lost``.
            operation: fail at this operation alone.
            count: fail that many times only.
            seconds: how long to wait, for faults that do.
        """
        limits = {"operation": operation, "count": count, "seconds": seconds}
        self._sandbox.fault(service, fault, **{name: value for name, value in limits.items() if value is not None})

    @contextmanager
    def during(self, service: str, fault: str) -> Iterator[None]:
        """Make a service fail as long as the block lasts; every fault is mended at its end."""
        self(service, fault)
        try:
            yield
        finally:
            self.mend()

    def mend(self) -> None:
        """Take back every fault."""
        call_control(self._sandbox.descriptor, "DELETE", "/faults", None)
