"""Whatever bytes come, parsers answer or refuse with a code; nothing else leaves them."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs7, pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.certificates.tests.made_pki import NOW, make_leaf, pki
from segur_plugin_certificates.anchors import read_anchors
from segur_plugin_certificates.authorities import Tree
from segur_plugin_certificates.ber import read_ber
from segur_plugin_certificates.chain import build_chain
from segur_plugin_certificates.containers import read_certificates
from segur_plugin_certificates.crl import read_list
from segur_plugin_certificates.facts import read_facts
from segur_plugin_certificates.findings import Held, catalogue, inventory
from segur_plugin_certificates.identifiers import read_person, read_structure
from segur_plugin_certificates.ocsp import ask, read_answer
from segur_plugin_certificates.ordering.actions import read_action
from segur_plugin_certificates.ordering.state import resume
from segur_sdk.errors import InputError


@cache
def seeds() -> dict[str, bytes]:
    leaf = make_leaf(pki().organisations)
    bag = pkcs12.serialize_key_and_certificates(b"x", leaf.key, leaf.certificate, None, BestAvailableEncryption(b"x"))
    chain = [leaf.certificate, pki().organisations.certificate]
    return {
        "certificate": leaf.der,
        "pem": leaf.pem,
        "p7b": pkcs7.serialize_certificates(chain, Encoding.DER),
        "p12": bag,
        "request": ask(leaf.certificate, pki().organisations.certificate).request,
    }


def parsers() -> dict[str, Callable[[bytes], object]]:
    leaf, issuer = make_leaf(pki().organisations), pki().organisations.certificate
    question = ask(leaf.certificate, issuer)
    anchors = read_anchors(pki().anchors, Tree.TEST)
    return {
        "ber": lambda data: read_ber(data).der(),
        "certificates": read_certificates,
        "facts": read_facts,
        "list": lambda data: read_list(data, issuer),
        "answer": lambda data: read_answer(data, question, NOW),
        "chain": lambda data: build_chain(data, [data], anchors, NOW),
        "resume": resume,
        "action": read_action,
    }


@cache
def parser(name: str) -> Callable[[bytes], object]:
    return parsers()[name]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(seeds()[draw(st.sampled_from(["certificate", "pem", "p7b", "p12", "request"]))])
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=6)):
        data[place] = value
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


@pytest.mark.parametrize("name", ["ber", "certificates", "facts", "list", "answer", "chain", "resume", "action"])
@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.binary(max_size=400), damaged()))
def test_parsers_raise_nothing_untyped(name: str, data: bytes) -> None:
    refused = refusal(parser(name), data)
    assert refused is None or (refused.code in catalogue() and refused.__cause__ is None)


def refusal(read: Callable[[Any], object], given_value: Any) -> InputError | None:
    try:
        read(given_value)
    except InputError as failure:
        return failure
    return None


@settings(max_examples=60, deadline=None)
@given(data=damaged())
def test_inventory_never_fails(data: bytes) -> None:
    (entry,) = inventory([Held("x", "x", data)], Tree.TEST, NOW)
    assert all(finding.notice().text for finding in entry.findings)


@given(st.text(max_size=40))
def test_identifiers_of_any_text_are_read_or_refused(text: str) -> None:
    for read in (read_structure, read_person):
        refused = refusal(read, text)
        assert refused is None or refused.code in catalogue()
