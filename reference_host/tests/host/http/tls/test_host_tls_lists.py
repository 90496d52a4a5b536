"""Revocation lists in a folder: the latest that holds is asked, an expired one never, what is no list harms nothing."""

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reference_host.tests.host.http.tls.hierarchy import AUTHORITY, DAY, NOW, Hierarchy, Made, issue
from segur_host.broker.tls import crl_folder
from segur_host.broker.tls.crl_folder import CrlFolder
from segur_host.broker.tls.revocation import UNKNOWN, RevocationAnswer, Verdict
from segur_host.keyring.kept_lists import KeptLists
from segur_sdk.errors import InputError

HOUR = timedelta(hours=1)


@attrs.define
class SetClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def ask(made: Hierarchy, clock: SetClock, tmp_path: Path) -> Callable[[], RevocationAnswer]:
    """Ask whether the good server was revoked, of one object that looks into the test's folder."""
    folder = CrlFolder(tmp_path, clock)
    return lambda: folder.status(made.good.der, made.servers.der)


Ask = Callable[[], RevocationAnswer]


def good(since: timedelta) -> RevocationAnswer:
    return RevocationAnswer(Verdict.GOOD, NOW + since)


def test_a_list_tells_when_and_until_when(made: Hierarchy, ask: Ask, clock: SetClock, tmp_path: Path) -> None:
    (tmp_path / "a.crl").write_bytes(made.servers.revoking(since=-HOUR, until=HOUR))
    told = {}
    for at in (-HOUR - timedelta(seconds=1), -HOUR, HOUR - timedelta(seconds=1), HOUR):
        clock.at = NOW + at
        told[at] = ask().verdict
    assert list(told.values()) == [Verdict.UNKNOWN, Verdict.GOOD, Verdict.GOOD, Verdict.UNKNOWN]


@pytest.mark.req("SC.MSS/CONF.22")
def test_the_last_list_is_kept_until_it_expires(made: Hierarchy, ask: Ask, clock: SetClock, tmp_path: Path) -> None:
    (tmp_path / "old.crl").write_bytes(made.servers.revoking(since=-2 * HOUR, until=HOUR))
    (tmp_path / "new.crl").write_bytes(made.servers.revoking(made.good, since=-HOUR, until=2 * HOUR))
    assert ask() == RevocationAnswer(Verdict.REVOKED, NOW - DAY)
    (tmp_path / "new.crl").write_bytes(b"half a downl")
    assert ask() == good(-2 * HOUR)
    (tmp_path / "new.crl").unlink()
    assert ask() == good(-2 * HOUR)
    clock.at = NOW + HOUR
    assert ask() == UNKNOWN


def test_a_list_that_is_replaced_is_read_again(made: Hierarchy, ask: Ask, tmp_path: Path) -> None:
    assert ask() == UNKNOWN
    (tmp_path / "a.crl").write_bytes(made.servers.revoking())
    assert ask().verdict is Verdict.GOOD
    (tmp_path / "next").write_bytes(made.servers.revoking(made.good))
    (tmp_path / "next").replace(tmp_path / "a.crl")
    assert ask().verdict is Verdict.REVOKED


def test_a_list_is_not_read_again_for_nothing(
    made: Hierarchy, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.crl").write_bytes(made.servers.revoking())
    read: list[bytes] = []
    parse = x509.load_der_x509_crl

    def spy(content: bytes) -> x509.CertificateRevocationList:
        read.append(content)
        return parse(content)

    monkeypatch.setattr(x509, "load_der_x509_crl", spy)
    assert [ask().verdict for _ in range(3)] == [Verdict.GOOD] * 3
    assert len(read) == 1


USELESS: dict[str, Callable[[Hierarchy], bytes]] = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"\x30\x82\xff\xff" + b"\x00" * 100,
    "garbage_in_pem": lambda _: b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    "a_certificate": lambda made: made.good.der,
    "truncated": lambda made: made.servers.revoking()[:-20],
    "of_another_authority": lambda made: made.persons.revoking(),
    "of_a_namesake": lambda made: made.foreign.revoking(),
    "signed_by_another_key": lambda made: made.servers.revoking(signer=made.foreign.key),
    "of_a_part_only": lambda made: made.servers.revoking(
        extensions=[(x509.IssuingDistributionPoint(None, None, True, False, None, False, False), True)]
    ),
    "of_changes_only": lambda made: made.servers.revoking(extensions=[(x509.DeltaCRLIndicator(1), True)]),
    "too_large": lambda made: made.servers.revoking() + b"\n" * 5000,
}


@pytest.mark.parametrize("content", USELESS.values(), ids=USELESS)
def test_what_is_no_list_of_that_authority_tells_nothing_and_hides_nothing(
    content: Callable[[Hierarchy], bytes], made: Hierarchy, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crl_folder, "MAX_LIST_BYTES", 4096)
    (tmp_path / "useless.crl").write_bytes(content(made))
    (tmp_path / "folder.crl").mkdir()
    assert ask() == UNKNOWN
    (tmp_path / "good.crl").write_bytes(made.servers.revoking())
    assert ask().verdict is Verdict.GOOD


HERE, ELSEWHERE = (x509.UniformResourceIdentifier(f"http://127.0.0.1/{one}.crl") for one in ("here", "elsewhere"))


def published(place: x509.GeneralName) -> tuple[x509.ExtensionType, bool]:
    return x509.IssuingDistributionPoint([place], None, False, False, None, False, False), True


PLACES: dict[str, tuple[x509.GeneralName | None, Verdict]] = {
    "named_by_the_certificate": (HERE, Verdict.REVOKED),
    "another_place": (ELSEWHERE, Verdict.UNKNOWN),
    "none": (None, Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("stated", "expected"), PLACES.values(), ids=PLACES)
def test_a_list_that_says_where_it_is_published_is_of_the_certificates_that_name_that_place(
    stated: x509.GeneralName | None, expected: Verdict, made: Hierarchy, clock: SetClock, tmp_path: Path
) -> None:
    points = [x509.CRLDistributionPoints([x509.DistributionPoint([stated], None, None, None)])] if stated else []
    server = issue("127.0.0.1", made.servers, made.rsa, *points)
    (tmp_path / "a.crl").write_bytes(made.servers.revoking(server, extensions=[published(HERE)]))
    folder = CrlFolder(tmp_path, clock)
    assert folder.status(server.der, made.servers.der).verdict is expected
    # Another list of the same authority, of another place, hides nothing.
    (tmp_path / "b.crl").write_bytes(made.servers.revoking(since=-HOUR, extensions=[published(ELSEWHERE)]))
    if stated is not ELSEWHERE:
        assert folder.status(server.der, made.servers.der).verdict is expected


RESTRICTED: dict[str, tuple[Any, ...]] = {
    "users": (True, False, None, False, False),
    "authorities": (False, True, None, False, False),
    "reasons": (False, False, frozenset({x509.ReasonFlags.key_compromise}), False, False),
    "others": (False, False, None, True, False),
    "attributes": (False, False, None, False, True),
}


@pytest.mark.parametrize("restricted", RESTRICTED.values(), ids=RESTRICTED)
@pytest.mark.parametrize("critical", [True, False], ids=["critical", "not_critical"])
def test_a_list_of_a_part_is_kept_by_nobody(
    restricted: tuple[Any, ...], critical: bool, made: Hierarchy, clock: SetClock, tmp_path: Path
) -> None:
    point = x509.IssuingDistributionPoint([HERE], None, *restricted)
    content = made.servers.revoking(extensions=[(point, critical)])
    with pytest.raises(InputError) as raised:
        KeptLists(tmp_path / "lists" / "crl", clock).keep(content, lambda: None)
    assert (raised.value.code, raised.value.facts["reason"]) == ("input.crl_unreadable", "partial")
    server = issue(
        "127.0.0.1",
        made.servers,
        made.rsa,
        x509.CRLDistributionPoints([x509.DistributionPoint([HERE], None, None, None)]),
    )
    (tmp_path / "a.crl").write_bytes(content)
    assert CrlFolder(tmp_path, clock).status(server.der, made.servers.der) == UNKNOWN


def test_lists_of_several_places_are_kept_side_by_side(made: Hierarchy, clock: SetClock, tmp_path: Path) -> None:
    lists, told = KeptLists(tmp_path / "lists" / "crl", clock), list[str]()
    contents = [made.servers.revoking(extensions=[published(place)]) for place in (HERE, ELSEWHERE)]
    for content in (*contents, *contents):
        lists.keep(content, lambda: told.append("kept"))
    assert (set(lists.all()), told) == (set(contents), ["kept"] * 2)


def test_a_folder_that_is_not_there_tells_nothing(made: Hierarchy, clock: SetClock, tmp_path: Path) -> None:
    assert CrlFolder(tmp_path / "none", clock).status(made.good.der, made.servers.der) == UNKNOWN


@pytest.mark.parametrize("which", ["certificate", "issuer"])
def test_what_is_no_certificate_is_unknown(which: str, made: Hierarchy, clock: SetClock, tmp_path: Path) -> None:
    asked = {"certificate": made.good.der, "issuer": made.servers.der, which: b"\x30\x00"}
    assert CrlFolder(tmp_path, clock).status(**asked) == UNKNOWN


@pytest.mark.parametrize(("allowed", "expected"), [(True, Verdict.GOOD), (False, Verdict.UNKNOWN)])
def test_an_authority_that_may_not_sign_lists_signs_none(
    allowed: bool, expected: Verdict, made: Hierarchy, clock: SetClock, tmp_path: Path
) -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, allowed, False, False)
    authority = issue("AC DE LISTES", made.root, made.servers.key, AUTHORITY, usage)
    server = made.server(above=authority)
    (tmp_path / "a.crl").write_bytes(authority.revoking())
    assert CrlFolder(tmp_path, clock).status(server.der, authority.der).verdict is expected


@pytest.mark.parametrize("form", ["DER", "PEM"])
@pytest.mark.parametrize(("revoked", "expected"), [(True, Verdict.REVOKED), (False, Verdict.GOOD)])
def test_a_list_made_by_openssl_is_understood(
    form: str, revoked: bool, expected: Verdict, made: Hierarchy, tmp_path: Path
) -> None:
    folder = Openssl(tmp_path, made.servers)
    if revoked:
        folder.revoke(made.good)
    folder.list(tmp_path / "made.crl", form)
    # OpenSSL stamps it with its own time.
    answer = CrlFolder(tmp_path, SetClock(datetime.now(NOW.tzinfo) + timedelta(seconds=1)))
    assert answer.status(made.good.der, made.servers.der).verdict is expected


class Openssl:
    """An authority whose books ``openssl ca`` keeps."""

    def __init__(self, folder: Path, authority: Made) -> None:
        self._folder = folder
        key = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "ca.pem").write_bytes(key + authority.pem)
        (folder / "index.txt").touch()
        (folder / "crlnumber").write_text("01")
        lines = ["[ca]", "default_ca=d", "[d]", "database=index.txt", "crlnumber=crlnumber", "default_md=sha256"]
        (folder / "ca.cnf").write_text("\n".join([*lines, "private_key=ca.pem", "certificate=ca.pem", ""]))

    def revoke(self, one: Made) -> None:
        (self._folder / "one.pem").write_bytes(one.pem)
        self._run("-revoke", "one.pem")

    def list(self, path: Path, form: str) -> None:
        self._run("-gencrl", "-crldays", "1", "-out", "list.pem")
        command = ["openssl", "crl", "-in", "list.pem", "-outform", form, "-out", str(path)]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=30)

    def _run(self, *options: str) -> None:
        command = ["openssl", "ca", "-config", "ca.cnf", *options]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=30)
