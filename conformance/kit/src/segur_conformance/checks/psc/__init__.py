"""Profile ``psc``: sessions by Pro Santé Connect, in the browser and on a professional's own device."""

from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.psc import (
    availability,
    callback,
    ciba,
    client,
    discovery,
    id_token,
    leaving,
    notices,
    request,
    session,
    tokens,
    transport,
    userinfo,
)

_GROUPS: Final = (
    discovery,
    request,
    callback,
    id_token,
    userinfo,
    ciba,
    client,
    tokens,
    leaving,
    notices,
    availability,
    transport,
    session,
)
CHECKS: Final[tuple[Check, ...]] = tuple(check for group in _GROUPS for check in group.checks.checks)
