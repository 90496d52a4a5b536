"""A key of a token is compared with the others before anything of that token was used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.software_token import KEY, ROOT, Make, Token
from reference_host.tests.keys.issuing import PASSWORD, issue, name, p12_table
from segur_host.broker import keys as keys_module
from segur_host.broker.keys import KeyRing
from segur_host.config.model import HostConfig
from segur_host.keyring.pairs import fingerprint_of
from segur_sdk.errors import CardError, ConfigError, SegurError

COPIED = issue(name("INSI-AUTO"), ROOT, (), KEY)
OWN = issue(name("INSI-AUTO"), ROOT)


@pytest.fixture
def ring(
    make: Make, make_config: Callable[..., HostConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., KeyRing]:
    """The keys of a host: a file, and a token that nobody has asked for anything."""
    monkeypatch.setenv("P12_PASSWORD", PASSWORD)

    def ring(token: Token, file: Any = COPIED) -> KeyRing:
        tokens = make(token)
        keys = {"insi-auto": p12_table(tmp_path, file.p12()), "card": {"token": {"serial": "2800385266"}}}
        return KeyRing(make_config(keys=keys, trust={"igc": tmp_path / "igc.pem"}), tokens)

    return ring


def code_of_use(keys: KeyRing) -> str | None:
    try:
        keys.ssl_context("insi-auto", "igc")
    except SegurError as failure:
        return failure.code
    return None


@pytest.mark.req("R26", "S003-25")
def test_a_key_copied_from_a_token_that_nobody_read_serves_in_neither_place(ring: Callable[..., KeyRing]) -> None:
    keys = ring(Token())
    with pytest.raises(ConfigError) as raised:
        keys.ssl_context("insi-auto", "igc")
    assert (raised.value.code, raised.value.facts["other"]) == ("config.key_twice", "card")
    assert code_of_use(ring(Token(), OWN)) is None


@pytest.mark.req("R26")
def test_a_key_is_not_taken_in_that_a_token_has_already(ring: Callable[..., KeyRing]) -> None:
    token = Token(gone=True)
    keys = ring(token, OWN)
    assert code_of_use(keys) is None
    token.gone = False
    with pytest.raises(ConfigError) as raised:
        keys.refuse_in_another_place(fingerprint_of(KEY.public_key()), "dmp")
    assert (raised.value.code, raised.value.facts["other"]) == ("config.key_twice", "card")


@pytest.mark.parametrize("trouble", [{"gone": True}, {"failing": "card.driver_stopped"}], ids=["absent", "failing"])
def test_a_token_that_cannot_be_read_keeps_no_other_key_from_serving(
    ring: Callable[..., KeyRing], trouble: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = Token(**trouble)
    keys = ring(token)
    assert [code_of_use(keys), code_of_use(keys), len(token.seconds)] == [None, None, 1]
    with pytest.raises(CardError):
        keys.certificate("card")
    # It is looked for again a while later, and known from then on.
    token.gone, token.failing = False, None
    assert code_of_use(keys) is None
    monkeypatch.setattr(keys_module, "monotonic", lambda: float("inf"))
    looks = len(token.seconds)
    assert [code_of_use(keys), code_of_use(keys), len(token.seconds)] == ["config.key_twice"] * 2 + [looks + 1]
