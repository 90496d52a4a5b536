"""What commands to a professional's card amount to, for the checks that judge by them."""

from __future__ import annotations

import pytest

from segur_conformance.checks.cps.commands import AUTHENTICATION, SIGNATURE, codes_presented, keys_used

COMMANDS = {
    "cps4-tries": ("01200001", 0, set()),
    "cps4-verify": ("012000010400000000", 1, set()),
    "cps3-verify": ("002000010400000000", 1, set()),
    "change": ("01240101080000000000000000", 1, set()),
    "unblock": ("012C0381080000000000000000", 1, set()),
    "select": ("01A40800022F0000", 0, set()),
    "cps4-authenticate": ("012241B803830120", 0, {AUTHENTICATION}),
    "cps3-authenticate": ("002241A406800102840120", 0, {AUTHENTICATION}),
    "cps4-pss-of-authentication": ("012281B60491022CA0", 0, {AUTHENTICATION}),
    "cps4-sign": ("012281B60491022890", 0, {SIGNATURE}),
    "cps3-sign": ("002241B606800142840110", 0, {SIGNATURE}),
    "cps3-hash": ("002241AA03800140", 0, set()),
    "perform": ("012A8086020001", 0, set()),
}


@pytest.mark.parametrize(("command", "codes", "keys"), COMMANDS.values(), ids=COMMANDS)
def test_command_is_known_for_what_it_does(command: str, codes: int, keys: set[int]) -> None:
    given = [bytes.fromhex(command)]

    assert (codes_presented(given), keys_used(given)) == (codes, keys)
