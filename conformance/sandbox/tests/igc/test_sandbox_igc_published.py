"""Lists, authorities and chain as published, fetched with curl and judged by openssl."""

import http.client
import ssl
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from segur_sandbox.pki.authorities import AUTHORITIES

Control = Callable[..., tuple[int, Any]]
Download = Callable[..., tuple[int, bytes]]
Openssl = Callable[..., str]
AuthorityFile = Callable[[str], Path]
_PEM = serialization.Encoding.PEM
USED = ("ACR-EL-TEST", "ACI-EL-ORG-TEST", "ACR-FO-TEST", "ACI-FO-PP-TEST")
HOUR, DAY = 3600, 86400


def _fetch_list(igc: dict[str, Any], download: Download, folder: Path, short: str = "ACI-EL-ORG-TEST") -> Path:
    status, der = download(igc["crl"][short])
    assert status == 200
    path = folder / f"{short}.crl.pem"
    path.write_bytes(x509.load_der_x509_crl(der).public_bytes(_PEM))
    return path


def _serial(certificate: str) -> str:
    return f"{x509.load_pem_x509_certificate(Path(certificate).read_bytes()).serial_number:X}"


@pytest.mark.parametrize("short", AUTHORITIES)
def test_every_list_is_signed_by_its_own_authority(
    igc: dict[str, Any], download: Download, openssl: Openssl, authority: AuthorityFile, tmp_path: Path, short: str
) -> None:
    path = _fetch_list(igc, download, tmp_path, short)
    assert "verify OK" in openssl("crl", "-in", path, "-CAfile", authority(short), "-noout")
    shown = openssl("crl", "-in", path, "-noout", "-issuer")
    assert shown.strip() == "issuer=C = FR, O = ASIP-SANTE, OU = 0002 187512751, OU = IGC-SANTE TEST, CN = " + (
        AUTHORITIES[short].common_name
    )


@pytest.mark.parametrize("short", AUTHORITIES)
def test_every_authority_is_published_where_certificates_say(
    igc: dict[str, Any], download: Download, openssl: Openssl, authority: AuthorityFile, short: str
) -> None:
    status, der = download(igc["authorities"][short])
    assert status == 200
    assert openssl("x509", "-inform", "DER", "-outform", "PEM", given=der) == authority(short).read_text()


def test_the_addresses_in_certificates_lead_here(
    igc: dict[str, Any], descriptor: dict[str, Any], openssl: Openssl, download: Download
) -> None:
    shown = openssl("x509", "-in", descriptor["certificates"]["org-auth"]["cert"], "-noout", "-text")
    for address in (igc["crl"]["ACI-EL-ORG-TEST"], igc["ocsp"], igc["authorities"]["ACI-EL-ORG-TEST"]):
        assert f"URI:{address}\n" in shown
    assert igc["url"] == igc["in_certificates"]
    assert descriptor["services"]["pki"] == {
        "crl": igc["crl"]["ACI-EL-ORG-TEST"],
        "ocsp": igc["ocsp"],
        "ordering": igc["ordering"],
    }
    assert {
        line.partition("URI:")[2].partition("//")[2].partition("/")[0] for line in shown.split("\n") if "URI:" in line
    } == {urlsplit(igc["url"]).netloc}


SHAPE = {
    "X509v3 Basic Constraints: critical": "CA:TRUE, pathlen:0",
    "X509v3 Key Usage: critical": "Certificate Sign, CRL Sign",
    "X509v3 Certificate Policies:": "Policy: X509v3 Any Policy",
}


@pytest.mark.parametrize("short", [short for short in USED if AUTHORITIES[short].issuer])
def test_an_intermediate_has_the_extensions_of_the_published_ones(
    openssl: Openssl, authority: AuthorityFile, short: str, igc: dict[str, Any]
) -> None:
    lines = [line.strip() for line in openssl("x509", "-in", authority(short), "-noout", "-text").split("\n")]
    for name, value in SHAPE.items():
        assert lines[lines.index(name) + 1] == value
    assert "CPS: http://igc-sante.esante.gouv.fr/PC%20TEST" in lines
    assert f"URI:{igc['crl'][AUTHORITIES[short].issuer or '']}" in lines
    assert "Authority Information Access:" not in lines
    assert [line for line in lines if line.startswith("Signature Algorithm")] == [
        "Signature Algorithm: sha256WithRSAEncryption"
    ] * 2


def test_the_chain_file_is_ber_whose_certificates_are_not_sorted(
    igc: dict[str, Any], download: Download, openssl: Openssl
) -> None:
    status, content = download(igc["chain"])
    assert status == 200
    assert content.startswith(b"-----BEGIN PKCS7-----\n")
    shown = openssl("pkcs7", "-print_certs", "-noout", given=content)
    names = [line.rpartition("CN = ")[2] for line in shown.splitlines() if line.startswith("subject=")]
    assert sorted(names) == sorted(one.common_name for one in AUTHORITIES.values())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert len(pkcs7.load_pem_pkcs7_certificates(content)) == len(AUTHORITIES)
    assert "InvalidSetOrdering" in str(told[0].message)


@pytest.mark.parametrize(
    "path",
    ["/CRL/AUTRE.crl", "/AC%20TEST/AUTRE.cer", "/", "/CRL/../control.token", "/AC%20TEST/..%2f..%2fcontrol.token.cer"],
)
def test_what_is_not_published_is_not_found_and_journalled(
    igc: dict[str, Any], download: Download, control: Control, path: str
) -> None:
    assert download(igc["url"] + path, "--path-as-is")[0] == 404
    (entry,) = control("GET", "/exchanges?service=igc")[1]
    assert entry["unexpected"] is True


@pytest.mark.parametrize("role", ["insi-auto", "revoked"])
def test_openssl_judges_a_role_by_the_lists_as_published(
    igc: dict[str, Any], download: Download, openssl: Openssl, descriptor: dict[str, Any], tmp_path: Path, role: str
) -> None:
    lists = tmp_path / "lists.pem"
    lists.write_bytes(
        b"".join(
            _fetch_list(igc, download, tmp_path, short).read_bytes() for short in ("ACI-EL-ORG-TEST", "ACR-EL-TEST")
        )
    )
    certificate = descriptor["certificates"][role]["cert"]
    verdict = openssl("verify", "-CAfile", descriptor["ca"], "-CRLfile", lists, "-crl_check_all", certificate)
    assert ("certificate revoked" in verdict) is (role == "revoked")
    assert (": OK" in verdict) is (role != "revoked")


@pytest.mark.parametrize("by", ["role", "serial"])
def test_a_revocation_is_in_the_list_at_once_and_every_simulator_refuses(
    igc: dict[str, Any],
    download: Download,
    openssl: Openssl,
    control: Control,
    descriptor: dict[str, Any],
    curl: Callable[..., tuple[int, int, bytes]],
    by_traits: Callable[..., bytes],
    exchanges: Callable[[], list[dict[str, Any]]],
    tmp_path: Path,
    by: str,
) -> None:
    files = descriptor["certificates"]["insi-manu"]
    assert curl(by_traits(), "insi-manu")[:2] == (0, 200)
    named = "insi-manu" if by == "role" else _serial(files["cert"])
    status, answer = control("POST", "/igc/revoke", {by: named, "reason": "key_compromise"})
    assert (status, answer["serial"]) == (200, _serial(files["cert"]))
    shown = openssl("crl", "-in", _fetch_list(igc, download, tmp_path), "-noout", "-text")
    assert f"Serial Number: {answer['serial']}" in shown.replace("Serial Number: 0", "Serial Number: ")
    assert "Key Compromise" in shown
    assert curl(by_traits(), "insi-manu")[0] != 0
    assert exchanges()[-1]["reason"] == "handshake: certificate revoked"
    assert curl(by_traits(), "insi-auto")[:2] == (0, 200)
    resource = descriptor["services"]["psc"]["service"]["resource"]
    command = ["curl", "-s", "--cacert", descriptor["ca"], "--cert", files["cert"], "--key", files["key"], resource]
    assert subprocess.run(command, capture_output=True, check=False, timeout=30).returncode != 0
    assert control("GET", "/exchanges?service=psc-api")[1][-1]["reason"] == "handshake: certificate revoked"
    assert control("POST", "/reset")[0] == 200
    assert curl(by_traits(), "insi-manu")[:2] == (0, 200)


def test_a_connection_already_open_does_not_outlive_the_revocation(
    descriptor: dict[str, Any], control: Control, by_traits: Callable[..., bytes]
) -> None:
    files = descriptor["certificates"]["insi-manu"]
    context = ssl.create_default_context(cafile=descriptor["ca"])
    context.load_cert_chain(files["cert"], files["key"])
    address = urlsplit(descriptor["services"]["insi"]["url"])
    connection = http.client.HTTPSConnection("127.0.0.1", address.port, context=context, timeout=20)
    connection.request("POST", address.path, b"x")
    connection.getresponse().read()
    control("POST", "/igc/revoke", {"role": "insi-manu"})

    def ask_again() -> None:
        connection.request("POST", address.path, b"x")
        connection.getresponse()

    with pytest.raises((OSError, http.client.HTTPException)):
        ask_again()
    connection.close()


REFUSED = [
    ({}, "exactly one"),
    ({"role": "insi-auto", "serial": "1"}, "exactly one"),
    ({"role": "nobody"}, "unknown role"),
    ({"serial": "XYZ"}, "serial"),
    ({"serial": "123456"}, "no certificate of this sandbox"),
    ({"role": "insi-auto", "reason": "weather"}, "reason"),
    ({"role": "insi-auto", "more": 1}, "more"),
]


@pytest.mark.parametrize(("order", "said"), REFUSED, ids=[row[1] + str(index) for index, row in enumerate(REFUSED)])
def test_a_wrong_revocation_order_is_refused(control: Control, order: dict[str, Any], said: str) -> None:
    status, answer = control("POST", "/igc/revoke", order)
    assert status == 400
    assert said in answer["error"]


def test_a_list_names_what_its_own_authority_issued_and_nothing_else(
    igc: dict[str, Any], download: Download, descriptor: dict[str, Any], control: Control
) -> None:
    serial = int(_serial(descriptor["certificates"]["org-sign"]["cert"]), 16)
    assert control("POST", "/igc/revoke", {"role": "org-sign"})[0] == 200
    lists = {short: x509.load_der_x509_crl(download(igc["crl"][short])[1]) for short in USED}
    named = [short for short in USED if lists[short].get_revoked_certificate_by_serial_number(serial) is not None]
    assert named == ["ACI-EL-ORG-TEST"]


def test_revoking_twice_keeps_the_first_date_and_reason(control: Control) -> None:
    first = control("POST", "/igc/revoke", {"role": "org-sign", "reason": "superseded"})[1]
    control("POST", "/clock", {"advance_s": DAY})
    assert control("POST", "/igc/revoke", {"role": "org-sign", "reason": "key_compromise"})[1] == first


def test_the_day_after_its_end_a_certificate_passes_no_simulator(
    control: Control,
    descriptor: dict[str, Any],
    curl: Callable[..., tuple[int, int, bytes]],
    by_traits: Callable[..., bytes],
) -> None:
    pem = Path(descriptor["certificates"]["insi-auto"]["cert"]).read_bytes()
    end = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    control("POST", "/clock", {"now": f"{end:%Y-%m-%dT%H:%M:%SZ}"})
    control("POST", "/clock", {"advance_s": -DAY})
    assert curl(by_traits())[0] == 0
    control("POST", "/clock", {"advance_s": 2 * DAY})
    assert curl(by_traits())[0] != 0


def _verify_with(openssl: Openssl, descriptor: dict[str, Any], path: Path) -> str:
    certificate = descriptor["certificates"]["insi-auto"]["cert"]
    return openssl("verify", "-CAfile", descriptor["ca"], "-CRLfile", path, "-crl_check", certificate)


FAULTY_LISTS = {
    "crl_expired": "CRL has expired",
    "crl_stale": ": OK",
    "crl_wrong_signature": "CRL signature failure",
    "crl_other_authority": "unable to get certificate CRL",
}


@pytest.mark.parametrize(("variant", "verdict"), FAULTY_LISTS.items(), ids=list(FAULTY_LISTS))
def test_a_wrong_list_is_wrong_for_openssl_too(
    igc: dict[str, Any],
    download: Download,
    openssl: Openssl,
    control: Control,
    descriptor: dict[str, Any],
    tmp_path: Path,
    variant: str,
    verdict: str,
) -> None:
    good = _verify_with(openssl, descriptor, _fetch_list(igc, download, tmp_path))
    assert ": OK" in good
    control("POST", "/faults", {"service": "igc", "fault": "wrong_answer", "variant": variant, "count": 1})
    assert verdict in _verify_with(openssl, descriptor, _fetch_list(igc, download, tmp_path))
    assert _fetch_list(igc, download, tmp_path).exists()


def test_a_stale_list_misses_what_was_revoked_since(
    igc: dict[str, Any],
    download: Download,
    openssl: Openssl,
    control: Control,
    descriptor: dict[str, Any],
    tmp_path: Path,
) -> None:
    control("POST", "/igc/revoke", {"role": "insi-auto"})
    control("POST", "/faults", {"service": "igc", "fault": "wrong_answer", "variant": "crl_stale", "count": 1})
    assert ": OK" in _verify_with(openssl, descriptor, _fetch_list(igc, download, tmp_path))
    assert "certificate revoked" in _verify_with(openssl, descriptor, _fetch_list(igc, download, tmp_path))


@pytest.mark.parametrize(
    ("fault", "status"), [("refuse", 0), ("reset", 0), ("answer_lost", 0), ("truncated", 0), ("error5xx", 503)]
)
def test_the_publication_point_can_be_down(
    igc: dict[str, Any], download: Download, control: Control, fault: str, status: int
) -> None:
    control("POST", "/faults", {"service": "igc", "fault": fault, "count": 1})
    assert download(igc["crl"]["ACI-EL-ORG-TEST"])[0] == status
    assert download(igc["crl"]["ACI-EL-ORG-TEST"])[0] == 200


def test_a_fault_may_be_for_one_list_only(igc: dict[str, Any], download: Download, control: Control) -> None:
    control("POST", "/faults", {"service": "igc", "fault": "error5xx", "operation": "crl:ACR-EL-TEST"})
    assert download(igc["crl"]["ACR-EL-TEST"])[0] == 503
    assert download(igc["crl"]["ACI-EL-ORG-TEST"])[0] == 200


def test_lists_follow_the_sandboxs_clock(
    igc: dict[str, Any], download: Download, control: Control, tmp_path: Path
) -> None:
    control("POST", "/clock", {"now": "2027-03-01T08:00:00Z"})
    crl = x509.load_pem_x509_crl(_fetch_list(igc, download, tmp_path).read_bytes())
    assert f"{crl.last_update_utc:%Y-%m-%d}" == "2027-03-01"
    assert crl.next_update_utc is not None
    assert (crl.next_update_utc - crl.last_update_utc).days == 7


def test_the_port_stays_the_same_and_a_taken_one_is_told(
    start: Callable[[Path], Any], stop: Callable[..., int], igc: dict[str, Any], tmp_path: Path, download: Download
) -> None:
    process, descriptor = start(tmp_path / "copy")
    try:
        other = descriptor["services"]["igc"]
        # The shared sandbox has the same certificates, and is on the port that they name.
        assert other["in_certificates"] == igc["url"]
        assert other["url"] != igc["url"]
        assert download(other["crl"]["ACI-EL-ORG-TEST"])[0] == 200
    finally:
        assert stop(process) == 0
