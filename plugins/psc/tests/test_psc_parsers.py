"""Whatever comes in, a parser returns or raises its own typed error, and takes its time only once."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.psc.tests.made_provider import ADDRESS, ISSUER, NOW, SUB, USERINFO
from segur_plugin_psc.callback import MAX_QUERY, read_callback
from segur_plugin_psc.discovery import Provider, read_document
from segur_plugin_psc.exchanges import Endpoint
from segur_plugin_psc.exercices import exercices_of, profession_of
from segur_plugin_psc.grants import read_grant
from segur_plugin_psc.json_objects import MAX_DEPTH, read_object
from segur_plugin_psc.key_set import read_keys
from segur_plugin_psc.national_id import read_national_id
from segur_plugin_psc.signed_claims import read_signed
from segur_plugin_psc.userinfo import read_userinfo
from segur_sdk.errors import InputError, SegurError, ServiceError

FEW = settings(max_examples=40)
PROVIDER = Provider(ISSUER, "https://wallet.psc.test/auth", names_itself=False, endpoints=())
PLACE = Endpoint("token", "/token")
STATE = "s" * 43
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def of(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these members."""
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), JSON, max_size=6)


@FEW
@given(st.text() | st.from_regex(r"(state|code|iss|error)=[!-~]{0,50}(&(state|code)=[!-~]{0,50}){0,3}", fullmatch=True))
def test_any_query_is_read_or_refused(query: str) -> None:
    with pytest.raises((InputError, ServiceError)) as caught:
        read_callback(query, STATE, PROVIDER)
    assert caught.value.code in {"psc.callback", "psc.state"}


@FEW
@given(
    code=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60),
    others=st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=10), max_size=5),
)
def test_code_comes_back_as_it_was_given(code: str, others: dict[str, str]) -> None:
    for name in ("state", "code", "error", "iss"):
        others.pop(name, None)
    query = urlencode({**others, "state": STATE, "code": code}, errors="surrogatepass")
    if any(map(_is_surrogate, "".join([*others, *others.values()]))):
        with pytest.raises(InputError):
            read_callback(query, STATE, PROVIDER)
    else:
        assert read_callback(query, STATE, PROVIDER) == code


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


@pytest.mark.parametrize(("length", "code"), [(MAX_QUERY, "psc.state"), (MAX_QUERY + 1, "psc.callback")])
def test_query_has_a_longest_length(length: int, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_callback("x=" + "a" * (length - 2), STATE, PROVIDER)
    assert caught.value.code == code


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_none(data: bytes) -> None:
    found = read_object(data, 100)
    assert found is None or (len(data) <= 100 and found == json.loads(data))


@FEW
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON))
def test_object_is_read_as_it_was_written(content: dict[str, Any]) -> None:
    try:
        data = json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        data = json.dumps(content).encode()
        assert read_object(data, 100_000) is None
    else:
        assert read_object(data, 100_000) in (content, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":1}',
        b'{"b":{"a":1,"a":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_two_readers_could_understand_differently_is_no_object(data: bytes) -> None:
    assert read_object(data, 200_000) is None


def test_object_as_deep_and_as_long_as_allowed_is_one() -> None:
    data = b'{"a":' + b"[" * (MAX_DEPTH - 2) + b"]" * (MAX_DEPTH - 2) + b"}"
    assert read_object(data, len(data)) is not None
    assert read_object(data, len(data) - 1) is None


@FEW
@given(of("sub", "SubjectNameID", "given_name", "SubjectRole", "SubjectRefPro", "SubjectOrganizationID", "authMode"))
def test_any_object_is_a_userinfo_or_refused(content: dict[str, Any]) -> None:
    for claims in (content, {**content, "sub": SUB}):
        refused = ""
        try:
            found = read_userinfo(claims, SUB)
            exercices_of(found)
            profession_of(found)
        except ServiceError as failure:
            refused = failure.code
        assert refused in {"", "psc.userinfo"}


ACTIVITY = st.dictionaries(
    st.sampled_from(
        ["codeModeExercice", "codeSecteurDactivite", "numeroFinessSite", "raisonSocialeSite", "numeroSiretSite"]
    ),
    st.none() | st.text(st.characters(exclude_categories=["C", "Z"]), max_size=500),
)
EXERCICE = st.fixed_dictionaries(
    {"activities": st.lists(ACTIVITY, max_size=4) | st.none()}, optional={"codeProfession": st.text("0123", max_size=3)}
)


@FEW
@given(st.lists(EXERCICE, max_size=4))
def test_every_situation_has_an_id_of_its_own(exercices: list[dict[str, Any]]) -> None:
    found = exercices_of(read_userinfo({**USERINFO, "SubjectRefPro": {"exercices": exercices}}, SUB))
    assert len({one.id for one in found}) == len(found)
    assert bool(found) or not exercices or exercices == []


@FEW
@given(of("access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "id_token"))
def test_any_object_is_a_grant_or_refused(content: dict[str, Any]) -> None:
    given_type = {"token_type": "Bearer", **content}
    for answer in (content, given_type, {"access_token": "a", "expires_in": 1, **given_type}):
        refused = ""
        try:
            read_grant(answer, PLACE, NOW)
        except ServiceError as failure:
            refused = failure.code
        assert refused in {"", "psc.answer_unreadable"}


@FEW
@given(of("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint"))
def test_any_object_is_a_discovery_document_or_refused(content: dict[str, Any]) -> None:
    for document in (content, {**content, "issuer": ISSUER}):
        with pytest.raises(ServiceError) as caught:
            read_document(document, ADDRESS, ISSUER)
        assert caught.value.code in {"psc.discovery", "psc.discovery_hostile", "psc.answer_unreadable"}


@FEW
@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{1,60}(\.[A-Za-z0-9_-]{0,60}){0,3}", fullmatch=True))
def test_any_text_is_no_token(text: str) -> None:
    keys = read_keys({"keys": [{}]}, PLACE)
    with pytest.raises(ServiceError):
        read_signed(text, lambda _: keys, ("RS256",), frozenset({None}), lambda reason: ServiceError("psc.x", r=reason))


@FEW
@given(st.dictionaries(st.sampled_from(["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"]), JSON))
def test_any_object_is_a_key_or_none(key: dict[str, Any]) -> None:
    for algorithm, kind in (("RS256", "RSA"), ("ES256", "EC")):
        known = {"kid": "k", "kty": kind, "crv": "P-256", "e": "AQAB", **key}
        read_keys({"keys": [known]}, PLACE).find("k", algorithm)


@FEW
@given(st.text())
def test_any_text_is_a_national_identifier_or_none(text: str) -> None:
    found = read_national_id(text)
    assert found is None or found.text == text


@FEW
@given(st.text(max_size=30))
def test_what_the_authority_says_is_not_repeated(text: str) -> None:
    query = urlencode({"state": STATE, "error": text}, errors="surrogatepass")
    with pytest.raises(SegurError) as caught:
        read_callback(query, STATE, PROVIDER)
    assert set(map(str, caught.value.facts.values())) <= {"authorization", "other", "None", "form"} or (
        caught.value.facts.get("service_code") == text
    )
