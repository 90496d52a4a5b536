"""The way up: what RFC 5280 asks for, whatever the order in which certificates come."""

import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import verification

from plugins.certificates.tests.made_pki import DAY, LIFE, NOW, Made, Pki, make_authority, make_leaf
from segur_plugin_certificates.anchors import Anchors, read_anchors
from segur_plugin_certificates.authorities import Tree
from segur_plugin_certificates.chain import build_chain
from segur_sdk.errors import InputError

UNKNOWN = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)


@pytest.fixture(scope="module")
def anchors(pki: Pki) -> Anchors:
    return read_anchors(pki.anchors, Tree.TEST)


def refused(leaf: Made, others: Sequence[Made], anchors: Anchors, at: datetime = NOW) -> str:
    with pytest.raises(InputError) as refusal:
        build_chain(leaf.der, [one.der for one in others], anchors, at)
    return refusal.value.code.removeprefix("certificates.")


@pytest.mark.req("CERT-01")
@pytest.mark.parametrize(
    ("others", "notes"),
    [
        (("organisations",), ()),
        (("organisations", "root"), ()),
        (("root", "organisations"), ("chain_order",)),
        (("organisations", "persons"), ("chain_extra",)),
        (("persons", "root", "organisations"), ("chain_order", "chain_extra")),
        (("impostor", "organisations"), ("chain_extra",)),
    ],
    ids=lambda value: "+".join(value) or "none",
)
def test_path_is_found_in_any_order_and_what_is_odd_is_noted(
    pki: Pki, anchors: Anchors, others: tuple[str, ...], notes: tuple[str, ...]
) -> None:
    leaf = make_leaf(pki.organisations)
    chain = build_chain(leaf.der, [getattr(pki, one).der for one in others], anchors, NOW)
    assert chain.path == (leaf.certificate, pki.organisations.certificate, pki.root.certificate)
    assert chain.notes == tuple("certificates." + note for note in notes)
    assert (chain.not_before, chain.not_after) == (NOW - DAY, NOW + LIFE)


def test_missing_intermediate_is_found_among_the_anchors_and_noted(pki: Pki) -> None:
    anchors = read_anchors([pki.root.der, pki.organisations.der], Tree.TEST)
    assert build_chain(make_leaf(pki.organisations).der, (), anchors, NOW).notes == ("certificates.chain_completed",)


def test_renewed_intermediate_of_the_same_name_and_key_serves(pki: Pki, anchors: Anchors) -> None:
    name = "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
    former = make_authority(name, pki.root, end=NOW - DAY)
    chain = build_chain(make_leaf(pki.organisations).der, [former.der, pki.organisations.der], anchors, NOW)
    assert chain.path[1] == pki.organisations.certificate


@pytest.mark.req("CERT-02")
def test_production_certificate_is_refused_in_the_test_tree(pki: Pki, anchors: Anchors) -> None:
    assert refused(make_leaf(pki.production), [pki.production, pki.production_root], anchors) == "chain_tree"


def test_missing_link_is_told(pki: Pki, anchors: Anchors) -> None:
    assert refused(make_leaf(pki.organisations), [], anchors) == "chain_missing"
    assert refused(make_leaf(pki.organisations), [pki.root], anchors) == "chain_missing"


def test_root_of_the_same_name_and_another_key_is_refused(pki: Pki, anchors: Anchors) -> None:
    forged = make_authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", pki.impostor, key_name="forged")
    assert refused(make_leaf(forged), [forged, pki.impostor], anchors) == "chain_root"


def test_root_that_nobody_trusts_is_refused(pki: Pki, anchors: Anchors) -> None:
    own = make_authority("ma propre autorité", unit="ailleurs")
    assert refused(make_leaf(own), [own], anchors) == "chain_missing"
    assert refused(own, [], anchors) == "chain_root"


def test_forged_signature_is_refused(pki: Pki, anchors: Anchors) -> None:
    forged = make_authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", pki.root, key_name="forged")
    assert refused(make_leaf(forged), [pki.organisations], anchors) == "chain_signature"


def test_loop_is_told_and_ends(pki: Pki, anchors: Anchors) -> None:
    one = make_authority("A", unit="x")
    other = make_authority("B", one, unit="x")
    back = make_authority("A", other, unit="x", key_name="A")
    assert refused(make_leaf(back), [back, other, one], anchors) == "chain_loop"


def test_many_authorities_of_one_name_and_key_are_not_tried_for_ever(pki: Pki, anchors: Anchors) -> None:
    one = make_authority("A", unit="x")
    other = make_authority("B", one, unit="x")
    many = [make_authority(name, issuer, unit="x", key_name=name) for name, issuer in [("A", other), ("B", one)] * 20]
    assert refused(make_leaf(one), many, anchors) == "chain_too_long"


def test_too_many_certificates_are_refused(pki: Pki, anchors: Anchors) -> None:
    assert refused(make_leaf(pki.organisations), [pki.persons] * 65, anchors) == "too_many"


def test_path_length_of_an_intermediate_is_obeyed(pki: Pki, anchors: Anchors) -> None:
    below = make_authority("AC du dessous", pki.organisations, unit="x")
    assert refused(make_leaf(below), [below, pki.organisations], anchors) == "chain_path_length"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ca": False, "path_length": None}, "chain_not_ca"),
        ({"ca": None}, "chain_not_ca"),
        ({"usage": ("crl_sign",)}, "chain_key_usage"),
        ({"end": NOW - DAY}, "chain_expired"),
        ({"begin": NOW + DAY}, "chain_not_yet"),
        ({"extras": (UNKNOWN,)}, "chain_critical"),
    ],
    ids=["not an authority", "says nothing", "may not sign", "ended", "not begun", "unknown critical"],
)
def test_bad_intermediate_is_refused(pki: Pki, anchors: Anchors, changes: dict[str, Any], code: str) -> None:
    bad = make_authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", pki.root, key_name="bad", **changes)
    assert refused(make_leaf(bad), [bad], anchors) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"begin": NOW - LIFE, "end": NOW - DAY}, "chain_expired"),
        ({"begin": NOW + DAY}, "chain_not_yet"),
        ({"bits": 1024, "key_name": "small"}, "chain_weak"),
        ({"extras": (UNKNOWN,)}, "chain_critical"),
    ],
    ids=["ended", "not begun", "RSA 1024", "unknown critical"],
)
def test_bad_leaf_is_refused(pki: Pki, anchors: Anchors, changes: dict[str, Any], code: str) -> None:
    assert refused(make_leaf(pki.organisations, **changes), [pki.organisations], anchors) == code


def test_sha_1_signature_is_refused(
    pki: Pki, anchors: Anchors, openssl: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(pki.organisations.pem)
    private = pki.organisations.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "ca.key").write_bytes(private)
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-subj", "/CN=x")
    made = openssl(
        *[
            "x509",
            "-req",
            "-sha1",
            "-in",
            "r.pem",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-set_serial",
            "7",
            "-days",
            "3000",
            "-outform",
            "DER",
            "-out",
            "l.der",
        ]
    )
    assert made.returncode == 0, made.stderr
    with pytest.raises(InputError, match=r"certificates\.chain_weak"):
        build_chain((tmp_path / "l.der").read_bytes(), [pki.organisations.der], anchors, NOW + 400 * DAY)


@pytest.mark.parametrize(
    ("at", "code"),
    [(NOW - DAY, None), (NOW - DAY - DAY / 86400, "chain_not_yet"), (NOW + LIFE, None),
     (NOW + LIFE + DAY / 86400, "chain_expired"), (NOW.replace(year=1990), "chain_not_yet"),
     (NOW.replace(year=2090), "chain_expired")],
    ids=str,
)  # fmt: skip
def test_chain_that_is_kept_holds_to_the_second(pki: Pki, anchors: Anchors, at: datetime, code: str | None) -> None:
    chain = build_chain(make_leaf(pki.organisations).der, [pki.organisations.der], anchors, NOW)
    if code is None:
        chain.refuse_outside(at)
        return
    with pytest.raises(InputError, match=rf"certificates\.{code}"):
        chain.refuse_outside(at)


@pytest.mark.parametrize(
    ("names", "code"),
    [((), "no_anchor"), (("organisations",), "no_anchor"), (("root", "production_root"), "anchors_mixed")],
    ids=["none", "no root", "mixed"],
)
def test_anchors_that_are_none_are_refused(pki: Pki, names: tuple[str, ...], code: str) -> None:
    with pytest.raises(InputError, match=rf"certificates\.{code}"):
        read_anchors([getattr(pki, name).der for name in names], Tree.TEST)


def test_leaf_is_no_anchor(pki: Pki) -> None:
    with pytest.raises(InputError, match=r"certificates\.not_authority"):
        read_anchors([pki.root.der, make_leaf(pki.organisations).der], Tree.TEST)


CASES: dict[str, tuple[bool, dict[str, Any]]] = {
    "good": (True, {}),
    "signature usage": (True, {"kind": "SIGN"}),
    "ended": (False, {"begin": NOW - LIFE, "end": NOW - DAY}),
    "not begun": (False, {"begin": NOW + DAY}),
    "unknown critical": (False, {"extras": (UNKNOWN,)}),
    "forged": (False, {"issuer": "impostor"}),
}


def library_accepts(leaf: Made, pki: Pki) -> bool:
    policy = (
        verification.PolicyBuilder()
        .store(verification.Store([pki.root.certificate]))
        .time(NOW)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all(),
        )
    )
    try:
        policy.build_client_verifier().verify(leaf.certificate, [pki.organisations.certificate])
    except verification.VerificationError:
        return False
    return True


@pytest.mark.parametrize("case", list(CASES))
def test_openssl_and_the_library_agree_with_our_verdict(
    pki: Pki, anchors: Anchors, case: str, openssl: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    accepted, changes = CASES[case]
    settings = dict(changes)
    issuer = getattr(pki, str(settings.pop("issuer", "organisations")))
    leaf = make_leaf(issuer, str(settings.pop("kind", "AUTH_CLI")), **settings)
    for name, made in (("root", pki.root), ("organisations", pki.organisations), ("leaf", leaf)):
        (tmp_path / f"{name}.pem").write_bytes(made.pem)
    moment = str(int(NOW.timestamp()))
    verdict = openssl("verify", "-attime", moment, "-CAfile", "root.pem", "-untrusted", "organisations.pem", "leaf.pem")
    ours = True
    try:
        build_chain(leaf.der, [pki.organisations.der], anchors, NOW)
    except InputError:
        ours = False
    assert (ours, verdict.returncode == 0, library_accepts(leaf, pki)) == (accepted,) * 3
