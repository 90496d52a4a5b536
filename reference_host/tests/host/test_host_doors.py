"""The host's door takes what the host sealed, unchanged and current, and nothing else."""

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from pydantic import ValidationError

from segur_host import Host
from segur_sdk.errors import IdentityError
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import IdentityAttribute, InsStatus, MatriculeIns, ProofDocument, Traits

Source = tuple[dict[str, Any], dict[str, str]]
Sealed = SealedIdentity


@pytest.fixture
def qualified(
    source: Source,
    evidence: Callable[..., Any],
    open_host: Callable[..., Host],
    anthony: Traits,
) -> tuple[Host, Sealed]:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    found = host.identify(anthony, document=ProofDocument(type="CN")).identity
    assert found is not None
    assert found.status is InsStatus.QUALIFIEE
    return host, found


@pytest.fixture
def provisional(qualified: tuple[Host, Sealed], source: Source, zoe: Traits) -> Sealed:
    source[0]["answer"] = None
    found = qualified[0].identify(zoe).identity
    assert found is not None
    assert found.status is InsStatus.PROVISOIRE
    return found


def test_what_the_host_sealed_is_admitted(qualified: tuple[Host, Sealed]) -> None:
    host, identity = qualified
    assert host.admit(identity) is identity
    assert host.admit(copy.deepcopy(identity)).status is InsStatus.QUALIFIEE


MATRICULE = MatriculeIns(value="180032B02040123", oid="1.2.250.1.213.1.4.8")


class _Subclass(SealedIdentity):
    pass


class _Agreeable:
    """Claims to equal anything."""

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(InsStatus.QUALIFIEE)


def _mutated(identity: Sealed, **fields: Any) -> Sealed:
    identity.__dict__.update(fields)
    return identity


def _with_traits_changed(identity: Sealed) -> Sealed:
    identity.traits.__dict__["nom_naissance"] = "ADRTROIS"
    return identity


def _set(identity: Sealed, name: str, value: Any) -> Sealed:
    object.__setattr__(identity, name, value)
    return identity


def _by_hand(kind: Any, **fields: Any) -> Any:
    return kind.model_construct(**fields)


def _of_another_class(identity: Sealed, kind: type) -> Sealed:
    identity.__class__ = kind
    return identity


def _raised_status(identity: Sealed) -> dict[str, Any]:
    return {**vars(identity), "status": InsStatus.QUALIFIEE, "matricule": MATRICULE}


FORGERIES: dict[str, Callable[[Sealed], object]] = {
    "constructor": lambda one: SealedIdentity(**_raised_status(one)),
    "model_validate": lambda one: SealedIdentity.model_validate(_raised_status(one)),
    "model_validate_unchanged": lambda one: SealedIdentity.model_validate(dict(vars(one))),
    "model_validate_from_attributes": lambda one: SealedIdentity.model_validate(one, from_attributes=True).model_copy(
        update={"status": InsStatus.QUALIFIEE}
    ),
    "model_validate_json": lambda one: SealedIdentity.model_validate_json(
        json.dumps({"identity_ref": one.identity_ref, "status": "QUAL"})
    ),
    "reference_without_a_host": lambda one: SealedIdentity.model_validate({"identity_ref": one.identity_ref}),
    "model_construct": lambda one: SealedIdentity.model_construct(**_raised_status(one)),
    "model_construct_of_half": lambda one: _by_hand(SealedIdentity, status=InsStatus.QUALIFIEE, seal=one.seal),
    "model_construct_of_nothing": lambda _: _by_hand(SealedIdentity),
    "model_copy": lambda one: one.model_copy(update={"status": InsStatus.QUALIFIEE}),
    "dataclasses_replace": lambda one: dataclasses.replace(one, status=InsStatus.QUALIFIEE),  # type: ignore[type-var]
    "attrs_evolve": lambda one: attrs.evolve(one, status=InsStatus.QUALIFIEE),  # type: ignore[misc]
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "deepcopy_then_changed": lambda one: _mutated(copy.deepcopy(one), status=InsStatus.QUALIFIEE, matricule=MATRICULE),
    "object_setattr": lambda one: _set(one, "status", InsStatus.VALIDEE),
    "changed_traits": _with_traits_changed,
    "changed_revision": lambda one: _mutated(one, revision=one.revision + 1),
    "changed_reference": lambda one: _mutated(one, identity_ref="another"),
    "changed_tenant": lambda one: _mutated(one, tenant="another"),
    "changed_environment": lambda one: _mutated(one, environment=Environment.PRODUCTION),
    "dropped_attribute": lambda one: _mutated(one, attributes=frozenset({IdentityAttribute.HOMONYME})),
    "one_field_more": lambda one: _mutated(one, more=1),
    "status_that_equals_anything": lambda one: _mutated(one, status=_Agreeable()),
    "text_for_a_status": lambda one: _mutated(one, status="QUAL"),
    "no_seal": lambda one: _mutated(one, seal=""),
    "seal_of_another_kind": lambda one: _mutated(one, seal=None),
    "zeros": lambda one: _mutated(one, seal="0" * 64),
    "subclass": lambda one: _Subclass.model_construct(**vars(one)),
    "subclass_afterwards": lambda one: _of_another_class(one, _Subclass),
    "look_alike": lambda one: SimpleNamespace(**vars(one)),
    "dictionary": lambda one: dict(vars(one)),
    "reference": lambda one: one.identity_ref,
    "its_json": lambda one: one.model_dump(mode="json"),
    "nothing": lambda _: None,
    "the_class": lambda _: SealedIdentity,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_no_forgery_is_admitted(
    forge: Callable[[Sealed], object], qualified: tuple[Host, Sealed], provisional: Sealed
) -> None:
    host, _ = qualified
    try:
        forged = forge(provisional)
    except (TypeError, ValidationError, attrs.exceptions.NotAnAttrsClassError):
        return  # it cannot even be made
    with pytest.raises(IdentityError) as raised:
        host.admit(forged)
    assert raised.value.code == "identity.not_sealed"


def test_the_seal_of_another_identity_is_none(qualified: tuple[Host, Sealed], provisional: Sealed) -> None:
    host, identity = qualified
    with pytest.raises(IdentityError) as raised:
        host.admit(_mutated(provisional, seal=identity.seal))
    assert raised.value.code == "identity.not_sealed"


def test_an_earlier_revision_is_outdated(qualified: tuple[Host, Sealed]) -> None:
    host, identity = qualified
    later = host.mark(identity.identity_ref, IdentityAttribute.HOMONYME).identity
    with pytest.raises(IdentityError) as raised:
        host.admit(identity)
    assert (raised.value.code, raised.value.retryable) == ("identity.outdated", True)
    assert host.admit(later) is later


ELSEWHERE: dict[str, tuple[dict[str, Any], str]] = {
    "another_tenant": ({"tenant": "another"}, "identity.elsewhere"),
    "another_environment": ({"environment": Environment.TEST}, "identity.elsewhere"),
    "an_identity_never_recorded": ({"identity_ref": "nobody"}, "identity.unknown"),
    "a_revision_never_recorded": ({"revision": 99}, "identity.outdated"),
}


@pytest.mark.parametrize(("change", "code"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_sealed_for_elsewhere_is_not_admitted_here(
    change: dict[str, Any], code: str, qualified: tuple[Host, Sealed]
) -> None:
    host, identity = qualified
    fields = {name: value for name, value in vars(identity).items() if name != "seal"}
    sealer: Sealer = host._desk._sealer
    assert host.admit(sealer.seal(**fields)).status is InsStatus.QUALIFIEE
    with pytest.raises(IdentityError) as raised:
        host.admit(sealer.seal(**(fields | change)))
    assert raised.value.code == code


def test_another_installation_is_another_seal(
    qualified: tuple[Host, Sealed], open_host: Callable[..., Host], tmp_path: Path
) -> None:
    _, identity = qualified
    with pytest.raises(IdentityError) as raised:
        open_host(data=tmp_path / "elsewhere").admit(identity)
    assert raised.value.code == "identity.not_sealed"


def test_an_identity_survives_a_restart_of_its_host(
    qualified: tuple[Host, Sealed], open_host: Callable[..., Host]
) -> None:
    host, identity = qualified
    host.close()
    assert open_host().admit(identity) is identity


CLAIMS: dict[str, dict[str, Any]] = {
    "status_beside_traits": {"traits": {"nom_naissance": "CORSE", "prenoms_naissance": ["A"], "status": "QUAL"}},
    "status_beside_everything": {"traits": {"nom_naissance": "CORSE", "prenoms_naissance": ["A"]}, "status": "QUAL"},
    "status_beside_a_reference": {"identity_ref": "x", "status": "QUAL"},
    "seal_beside_a_reference": {"identity_ref": "x", "seal": "0" * 64},
    "a_whole_identity": {"identity": {"identity_ref": "x", "status": "QUAL", "seal": "0" * 64}},
    "matricule_beside_traits": {
        "traits": {"nom_naissance": "CORSE", "prenoms_naissance": ["A"]},
        "matricule": {"value": "180032B02040123", "oid": "1.2.250.1.213.1.4.8"},
    },
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_status_claimed_in_json_is_refused(
    claim: dict[str, Any], config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    status, out, _ = segur(
        "identify", "--input", "-", "--json", "--config", config_file(), stdin=json.dumps(claim).encode()
    )
    assert status == 2
    assert json.loads(out)["error"]["code"] == "input.identify"


def test_a_deciding_hook_is_not_called_from_outside(
    config_file: Callable[..., Path], segur: Callable[..., tuple[int, str, str]]
) -> None:
    status, out, _ = segur("call", "before_dmp_send", "--event", "-", "--json", "--config", config_file(), stdin=b"{}")
    assert status == 2
    assert json.loads(out)["error"]["code"] == "input.hook_decides"
