"""What becomes of a request, and by whom it is sent."""

import attrs

from segur_host.broker.tls.refusal import Reason
from segur_sdk.errors import ServiceError
from segur_sdk.manifest import NetworkUse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
USES = {
    "none": NetworkUse(purpose="p", trust="ours", auth="none"),
    "mtls": NetworkUse(purpose="p", trust="ours", auth="mtls", key="key"),
    "p12": NetworkUse(purpose="p", trust="ours", auth="mtls", key="bundle"),
    "token": NetworkUse(purpose="p", trust="ours", auth="mtls", key="card"),
    "secret": NetworkUse(purpose="p", trust="ours", auth="client", key="other"),
    "client_by_key": NetworkUse(purpose="p", trust="ours", auth="client", key="key"),
    "bearer": NetworkUse(purpose="p", trust="ours", auth="bearer"),
}
"""Every way in which this host authenticates."""


@attrs.define
class Reached:
    """What became of a request."""

    failure: ServiceError | None
    notes: list[str]


KNOWN = Reached(None, ["broker.http"])
DOUBTED = Reached(None, ["broker.http", "broker.revocation_unknown"])


def assert_refused(reached: Reached, reason: Reason) -> None:
    failure = reached.failure
    assert failure is not None
    assert (failure.code, failure.facts["reason"], failure.maybe_processed, failure.retryable) == (
        "service.server_certificate",
        reason,
        False,
        reason is Reason.REVOCATION_UNKNOWN,
    )
    assert reached.notes == ["broker.http"]
