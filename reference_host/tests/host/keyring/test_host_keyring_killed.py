"""Killed at any instant, the store says what it said or what it was to say; the same again ends it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.host.keyring.killing import killed_at
from reference_host.tests.keys.issuing import Issued, p12_table
from segur_host.keyring.standing import Standing
from segur_sdk.errors import SegurError

pytestmark = pytest.mark.usefixtures("quick_keys")
USE = "insi-auto"


def keys_on_disk(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/*/key.pem") if not path.parent.name.startswith("."))


def certificate_of(bench: Any) -> str | None:
    try:
        return str(bench.keys.chain(USE)[0].serial_number)
    except SegurError:
        return None


def ordered(bench: Any, _certify: Any) -> None:
    bench.order()


def installed(bench: Any, certify: Any) -> None:
    bench.install(certify(bench.order(), number=1))


def ordered_again(bench: Any, certify: Any) -> None:
    installed(bench, certify)
    bench.order()


def installed_twice(bench: Any, certify: Any) -> None:
    installed(bench, certify)
    bench.install(certify(bench.order(), number=2))


def nothing(_bench: Any, _certify: Any) -> None:
    """Begin with an empty folder."""


def make(bench: Any, _chain: Any) -> None:
    bench.order()


def put_in(bench: Any, chain: Any) -> None:
    bench.install(chain)


def take_back(bench: Any, _chain: Any) -> None:
    bench.take_back()


def drop(bench: Any, _chain: Any) -> None:
    bench.drop()


def retire(bench: Any, _chain: Any) -> None:
    bench.kept.retire(USE, bench.record)


ACTS: dict[str, tuple[Callable[..., None], Callable[..., None], tuple[int, int], tuple[str | None, str | None]]] = {
    # What was before, what is done; how many keys there are before and after, and which certificate serves.
    "first_key": (nothing, make, (0, 1), (None, None)),
    "first_certificate": (ordered, put_in, (1, 1), (None, "9")),
    "key_beside": (installed, make, (1, 2), ("1", "1")),
    "renewal": (ordered_again, put_in, (2, 2), ("1", "9")),
    "roll_back": (installed_twice, take_back, (2, 2), ("2", "1")),
    "drop": (ordered_again, drop, (2, 1), ("1", "1")),
    "retire": (installed_twice, retire, (2, 1), ("2", "2")),
}


@pytest.mark.req("S003-17", "S003-22")
@pytest.mark.parametrize(("before", "act", "counts", "serving"), ACTS.values(), ids=ACTS)
def test_a_kill_at_any_instant_leaves_the_former_or_the_next_state(
    bench: Callable[..., Any],
    certify: Callable[..., tuple[bytes, ...]],
    tmp_path: Path,
    before: Callable[..., None],
    act: Callable[..., None],
    counts: tuple[int, int],
    serving: tuple[str | None, str | None],
) -> None:
    first = bench()
    before(first, certify)
    standing = first.store.standing(USE)
    chain: tuple[bytes, ...] = ()
    if standing.awaiting:
        chain = certify(x509.load_pem_x509_csr(first.store.request(USE, standing.awaiting[0])), number=9)
    kept_aside = tmp_path / "as-it-was"
    if first.folder.exists():
        shutil.copytree(first.folder, kept_aside)
    number = 0
    while killed_at(number, lambda: act(bench(), chain)):
        after = bench()
        assert certificate_of(after) in serving, number
        assert min(counts) <= len(keys_on_disk(after.folder)) <= max(counts), number
        act(bench(), chain)
        again = bench()
        assert (len(keys_on_disk(again.folder)), certificate_of(again)) == (counts[1], serving[1]), number
        standing = again.store.standing(USE)
        assert (sorted(standing.kept), standing.condemned) == (keys_on_disk(again.folder), ()), number
        assert not list(again.folder.rglob(".unfinished-*")), number
        shutil.rmtree(again.folder)
        if kept_aside.exists():
            shutil.copytree(kept_aside, again.folder)
        number += 1
    assert number > 2


@pytest.mark.req("S003-18")
def test_a_kill_while_a_key_is_taken_in_loses_and_doubles_nothing(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path
) -> None:
    key, chain = ca.key, (ca.certificate.public_bytes(Encoding.DER),)
    number = 0
    while killed_at(number, lambda: bench().install(chain, offered=key)):
        after = bench()
        assert len(keys_on_disk(after.folder)) < 2
        after.install(chain, offered=key)
        [only] = keys_on_disk(after.folder)
        assert after.store.standing(USE) == Standing(serving=only)
        assert certificate_of(after) == str(ca.certificate.serial_number)
        shutil.rmtree(after.folder)
        number += 1
    assert number > 2


def test_what_the_configuration_names_serves_again_after_a_kill(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], ca: Issued, tmp_path: Path
) -> None:
    keys = {USE: p12_table(tmp_path, ca.p12())}
    first = bench(keys=keys)
    first.install(certify(first.order(), number=1))
    number = 0
    while killed_at(number, lambda: bench(keys=keys).take_back()):
        assert certificate_of(bench(keys=keys)) in {"1", str(ca.certificate.serial_number)}
        number += 1
    assert certificate_of(bench(keys=keys)) == str(ca.certificate.serial_number)
    assert len(keys_on_disk(first.folder)) == 1
