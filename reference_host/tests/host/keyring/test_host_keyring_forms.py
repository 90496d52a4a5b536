"""What is wrong with a file is told before any library looks at it, and a wrong passphrase from a damaged key."""

import binascii
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from reference_host.tests.keys.issuing import Issued
from segur_host.keyring.ber_form import MAX_DEPTH, Damage, damage_of
from segur_host.keyring.passphrase import is_sealed
from segur_sdk.errors import ConfigError

pytestmark = pytest.mark.usefixtures("quick_keys")
USE = "insi-auto"
INNER = b"\x02\x01\x03"


def whole(content: bytes) -> bytes:
    return b"\x30" + bytes([len(content)]) + content


def nested(levels: int) -> bytes:
    content = INNER
    for _ in range(levels):
        content = b"\x30\x84" + len(content).to_bytes(4, "big") + content
    return content


FORMS: dict[str, tuple[bytes, Damage | None]] = {
    "one": (whole(INNER), None),
    "without parts": (whole(b""), None),
    "indefinite": (b"\x30\x80" + INNER + b"\x00\x00", None),
    "indefinite within": (whole(b"\x30\x80\x30\x80\x00\x00\x00\x00"), None),
    "as deep as may be": (nested(MAX_DEPTH), None),
    "long form": (b"\x30\x82\x00\x03" + INNER, None),
    "empty": (b"", Damage.EMPTY),
    "no sequence": (INNER, Damage.BROKEN),
    "head alone": (b"\x30", Damage.TRUNCATED),
    "length cut": (b"\x30\x82\x01", Damage.TRUNCATED),
    "cut": (whole(INNER)[:-1], Damage.TRUNCATED),
    "no end": (b"\x30\x80" + INNER, Damage.TRUNCATED),
    "half an end": (b"\x30\x80" + INNER + b"\x00", Damage.TRUNCATED),
    "part past its whole": (whole(b"\x02\x05\x03") + b"\x00" * 4, Damage.BROKEN),
    "something behind": (whole(INNER) + b"\x00", Damage.BROKEN),
    "primitive without end": (whole(b"\x02\x80\x00\x00"), Damage.BROKEN),
    "length of nine octets": (b"\x30\x89" + b"\x00" * 9, Damage.BROKEN),
    "long tag": (whole(b"\x1f\x81\x01\x00"), Damage.BROKEN),
    "deep": (nested(MAX_DEPTH + 2), Damage.NESTED),
    "deep without end": (b"\x30\x80" * 40_000, Damage.NESTED),
    "parts without number": (b"\x30\x82\xea\x60" + b"\x05\x00" * 30_000, Damage.BROKEN),
}


@pytest.mark.parametrize(("content", "damage"), FORMS.values(), ids=FORMS)
def test_each_damage_of_a_form_has_its_name(content: bytes, damage: Damage | None) -> None:
    assert damage_of(content) == damage


@given(place=st.integers(0, 400), put=st.binary(max_size=4), left_out=st.integers(0, 4))
def test_any_form_is_judged_and_what_is_cut_is_never_whole(place: int, put: bytes, left_out: int) -> None:
    content = nested(9)
    damage_of(content[:place] + put + content[place + left_out :])
    assert damage_of(content[: min(place, len(content) - 1)]) in {Damage.EMPTY, Damage.TRUNCATED}


@pytest.mark.parametrize("tool", ["p12", "certificate"])
def test_what_tools_write_is_whole(ca: Issued, tool: str) -> None:
    content = ca.p12() if tool == "p12" else ca.certificate.public_bytes(Encoding.DER)
    assert damage_of(content) is None
    assert all(damage_of(content[:size]) is Damage.TRUNCATED for size in (1, 3, len(content) // 2, len(content) - 1))


@pytest.mark.req("S003-30")
def test_a_wrong_passphrase_is_told_from_a_damaged_key(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = bench()
    here.install(certify(here.order(), number=5))
    [path] = here.folder.glob(f"{USE}/*/key.pem")
    kept = path.read_bytes()

    def refusal() -> ConfigError:
        with pytest.raises(ConfigError) as raised:
            bench().keys.certificate(USE)
        return raised.value

    der = binascii.a2b_base64(b"".join(kept.splitlines()[1:-1]))
    for damaged in (kept[:-40], kept.replace(b"ENCRYPTED ", b""), b"garbage", b"", _armoured(der[:-3])):
        path.write_bytes(damaged)
        assert (is_sealed(damaged), refusal().code) == (False, "config.key_unreadable")
    path.write_bytes(kept)
    monkeypatch.setenv("KEYRING_PASSPHRASE", "quite another passphrase")
    assert (refusal().code, refusal().facts["reason"]) == ("config.keyring_passphrase", "other")


def _armoured(der: bytes) -> bytes:
    label = b"ENCRYPTED PRIVATE KEY-----\n"
    return b"-----BEGIN " + label + binascii.b2a_base64(der) + b"-----END " + label
