"""Secrets that are sealed, lists that are kept, ends that are told: each in its own place, and at its time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.keys.issuing import Issued, authority
from segur_host.config.secrets import Secret, SecretReference
from segur_host.keyring.announcements import Announcements
from segur_host.keyring.kept_lists import KeptLists
from segur_host.keyring.sealed import SealedSecrets, sealed_secrets
from segur_host.storage.database import Database
from segur_sdk.errors import ConfigError, InputError
from segur_sdk.models.certificate import ExpiryLevel

REFERENCE = SecretReference(env="KEYRING_PASSPHRASE")
SCOPE: dict[str, Any] = {
    "full_name": None,
    "relative_name": None,
    "only_contains_user_certs": False,
    "only_contains_ca_certs": False,
    "only_some_reasons": None,
    "indirect_crl": False,
    "only_contains_attribute_certs": False,
}


def moved(content: bytes, database: Database, place: str) -> str | None:
    """Put what was sealed elsewhere into a place; returns why it does not open there."""
    with database.accepting() as transaction:
        row = {"tenant": database.tenant, "name": place, "content": content}
        transaction.connection.execute(sealed_secrets.insert(), row)
    with pytest.raises(ConfigError) as raised:
        SealedSecrets(database, REFERENCE).get(place)
    assert raised.value.code == "config.keyring_passphrase"
    reason = raised.value.facts["reason"]
    return str(reason)


def test_a_sealed_secret_opens_in_its_own_place_only(tmp_path: Path) -> None:
    with (
        Database(tmp_path / "a", "one") as one,
        Database(tmp_path / "a", "two") as two,
        Database(tmp_path / "b", "one") as elsewhere,
    ):
        here, beside = SealedSecrets(one, REFERENCE), SealedSecrets(two, REFERENCE)
        SealedSecrets(elsewhere, REFERENCE)
        here.put("code", "une valeur")
        assert (here.get("code").reveal(), here.names()) == ("une valeur", ("code",))
        assert (beside.has("code"), beside.names()) == (False, ())
        with one.reading() as connection:
            content = connection.execute(sa.select(sealed_secrets.c.content)).scalar_one()
        places = ((one, "other"), (two, "code"), (elsewhere, "code"))
        assert [moved(content, database, place) for database, place in places] == ["other"] * 3
        beside.forget("code")
        assert here.has("code")


def test_secrets_that_are_sealed_together_are_sealed_all_or_none(tmp_path: Path) -> None:
    with Database(tmp_path / "a", "one") as database:
        here = SealedSecrets(database, REFERENCE)
        here.put("a", "avant")
        with pytest.raises(InputError):
            here.put_all({"a": Secret("après"), "b": Secret("\udce9")})
        assert (here.get("a").reveal(), here.names()) == ("avant", ("a",))
        here.put_all({"a": Secret("après"), "b": Secret("aussi")})
        assert [here.get(name).reveal() for name in here.names()] == ["après", "aussi"]


def made_list(of: Issued, day: int, *, revoked: int | None = None, **scope: Any) -> bytes:
    begins = of.certificate.not_valid_before_utc + timedelta(days=day)
    builder = x509.CertificateRevocationListBuilder().issuer_name(of.certificate.subject)
    builder = builder.last_update(begins).next_update(begins + timedelta(days=3))
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(of.key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if scope:
        builder = builder.add_extension(x509.IssuingDistributionPoint(**(SCOPE | scope)), critical=True)
    if revoked is not None:
        one = x509.RevokedCertificateBuilder().serial_number(revoked).revocation_date(begins).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(of.key, SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def lists(bench: Callable[..., Any], tmp_path: Path) -> KeptLists:
    return KeptLists(tmp_path / "data" / "crl", bench().clock)


def kept(lists: KeptLists, *contents: bytes) -> set[bytes]:
    for one in contents:
        lists.keep(one, lambda: None)
    return set(lists.all())


def test_a_renewed_authority_has_a_list_for_each_of_its_keys(lists: KeptLists) -> None:
    names = ("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", "IGC-SANTE TEST")
    former, renewed = made_list(authority(*names), 1), made_list(authority(*names), 2)
    assert kept(lists, renewed, former) == {former, renewed}


def test_a_list_that_was_signed_anew_within_its_second_replaces_the_former(lists: KeptLists, ca: Issued) -> None:
    former, again = made_list(ca, 1), made_list(ca, 1, revoked=5)
    assert kept(lists, former, again) == {again}


PARTIAL: dict[str, dict[str, Any]] = {
    "of_users": {"only_contains_user_certs": True},
    "of_authorities": {"only_contains_ca_certs": True},
    "of_a_reason": {"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})},
    "of_others": {"indirect_crl": True},
}


@pytest.mark.parametrize("scope", PARTIAL.values(), ids=PARTIAL)
def test_a_list_of_a_part_never_takes_the_place_of_a_whole_one(
    lists: KeptLists, ca: Issued, scope: dict[str, Any]
) -> None:
    whole = made_list(ca, 1)
    kept(lists, whole)
    with pytest.raises(InputError) as raised:
        lists.keep(made_list(ca, 2, **scope), lambda: None)
    assert (raised.value.code, raised.value.facts["reason"]) == ("input.crl_unreadable", "partial")
    assert lists.all() == (whole,)


def test_an_end_is_told_when_it_is_written_and_not_before(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path
) -> None:
    told: list[str] = []
    with Database(tmp_path / "a", "one") as database:
        announcements = Announcements(database, lambda hook, _: told.append(hook), bench().clock)
        announcements.when_written(lambda: told.append("woken"))
        announce = partial(announcements.announce, "k", ca.certificate, ExpiryLevel.URGENT, 7)

        def begun_and_given_up() -> None:
            with database.accepting():
                announce()
                raise InputError("input.cancelled")

        with pytest.raises(InputError):
            begun_and_given_up()
        assert told == ["on_certificate_expiring"]
        announce()
        announce()
    assert told == ["on_certificate_expiring"] * 2 + ["woken"]
