"""The host makes no call with a certificate that ended, or has not begun."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from reference_host.tests.keys.issuing import START, Issued, issue, name, p12_table, usages
from segur_sdk.errors import ConfigError

END = START + timedelta(days=3650)
SECOND = timedelta(seconds=1)
MOMENTS: dict[str, tuple[datetime, str | None]] = {
    "year_before": (START - timedelta(days=365), "config.certificate_not_yet"),
    "second_before": (START - SECOND, "config.certificate_not_yet"),
    "begin": (START, None),
    "end": (END, None),
    "second_after": (END + SECOND, "config.certificate_ended"),
    "clock_wrong_by_years": (datetime(2099, 1, 1, tzinfo=UTC), "config.certificate_ended"),
}


@pytest.mark.req("S003-22")
@pytest.mark.parametrize("kept", [False, True], ids=["first_call", "context_kept"])
@pytest.mark.parametrize(("at", "code"), MOMENTS.values(), ids=MOMENTS)
def test_a_certificate_out_of_date_is_refused_before_any_call(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path, at: datetime, code: str | None, kept: bool
) -> None:
    here = bench(keys={"k": p12_table(tmp_path, issue(name("INSI-AUTO"), ca).p12())})
    context = here.keys.ssl_context("k", "ours") if kept else None
    here.clock.at = at
    if code is None:
        assert here.keys.ssl_context("k", "ours") is (context or here.keys.ssl_context("k", "ours"))
        return
    with pytest.raises(ConfigError) as raised:
        here.keys.ssl_context("k", "ours")
    date = (END if code.endswith("ended") else START).date().isoformat()
    assert (raised.value.code, raised.value.facts) == (code, {"use": "k", "date": date})
    # What it is can still be told.
    assert here.keys.certificate("k").not_after == END


@pytest.mark.req("S003-22")
@pytest.mark.parametrize(("at", "code"), MOMENTS.values(), ids=MOMENTS)
def test_a_certificate_out_of_date_signs_nothing(
    bench: Callable[..., Any], ca: Issued, rsa_key: rsa.RSAPrivateKey, tmp_path: Path, at: datetime, code: str | None
) -> None:
    signing: tuple[x509.ExtensionType, ...] = (usages("content_commitment"),)
    here = bench(keys={"s": p12_table(tmp_path, issue(name("SIGN"), ca, signing, rsa_key).p12())})
    here.clock.at = at
    if code is None:
        assert here.keys.signing_key("s")[0].public_key() == rsa_key.public_key()
        return
    with pytest.raises(ConfigError) as raised:
        here.keys.signing_key("s")
    assert raised.value.code == code


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
