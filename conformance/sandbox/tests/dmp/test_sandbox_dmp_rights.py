"""The matrix of functional rights: each row counts, and oppositions of the patient too."""

from datetime import UTC, datetime
from typing import Any

import pytest

from segur_sandbox.dmp.identifiers import PatientId
from segur_sandbox.dmp.refusal import SoapRefusedError
from segur_sandbox.dmp.rights import load_matrix, right_to
from segur_sandbox.dmp.vihf import ACCESS_MODES, Code, Vihf

PROFESSIONS = "1.2.250.1.71.1.2.7"
ROLES = {
    "other": (Code("21", PROFESSIONS), Code("A", "1.2.250.1.71.4.2.6")),
    "physician": (Code("10", PROFESSIONS), Code("SM26", "1.2.250.1.71.4.2.5")),
    "occupational": (Code("10", PROFESSIONS), Code("SM25", "1.2.250.1.71.4.2.5")),
    "attending": (Code("10", PROFESSIONS), Code("SM26", "1.2.250.1.71.4.2.5")),
    "staff": (Code("SECRETARIAT_MEDICAL", "1.2.250.1.213.1.1.4.6"),),
    "structure": (Code("21", PROFESSIONS), Code("A", "1.2.250.1.71.4.2.6")),
}
MODES = {"card": "DIRECTE", "structure": "INDIRECTE", "air": "INDIRECTE_RENFORCEE"}
CELLS = [
    (means, transaction, column, access)
    for means, transactions in load_matrix().items()
    for transaction in transactions
    for column in (("structure",) if means == "structure" else tuple(ROLES)[:5])
    for access in ACCESS_MODES
]


def _vihf(means: str, column: str, access: str) -> Vihf:
    now = datetime.now(UTC)
    return Vihf(
        issued_at=now,
        authenticated_at=now,
        issuer="",
        issuer_format="",
        name_id="899700075122",
        context="",
        not_before=None,
        not_on_or_after=None,
        attributes={"Authentification_mode": MODES[means]},
        roles=ROLES[column],
        purpose=Code(access, "1.2.250.1.213.1.1.4.248"),
        patient=PatientId("279035121518989", "1.2.250.1.213.1.4.10"),
    )


@pytest.mark.parametrize(("means", "transaction", "column", "access"), CELLS)
def test_dmp_rights_are_those_of_the_matrix(means: str, transaction: str, column: str, access: str) -> None:
    matrix = load_matrix()
    vihf = _vihf(means, column, access)
    expected = matrix[means][transaction].get(column, {}).get(ACCESS_MODES[access])
    attending = column == "attending"
    if expected is None:
        with pytest.raises(SoapRefusedError) as refused:
            right_to(matrix, transaction, vihf, attending=attending)
        assert refused.value.reason == "rights"
        return
    assert right_to(matrix, transaction, vihf, attending=attending) == expected
    without = {one: {**rows, transaction: {}} for one, rows in matrix.items()}
    with pytest.raises(SoapRefusedError):
        right_to(without, transaction, vihf, attending=attending)


def test_dmp_matrix_is_the_published_one() -> None:
    matrix = load_matrix()
    assert matrix["air"]["TD2.1"] == {}
    assert "staff" not in matrix["card"]["TD2.1"]
    assert matrix["structure"]["TD2.1"] == {"structure": {"n": "yes", "r": "yes"}}
    assert matrix["structure"]["TD3.1"] == {"structure": {"n": "reference", "r": "reference"}}
    assert matrix["structure"]["TD3.3c"] == {"structure": {"n": "structure", "r": "structure"}}
    assert {tuple(row.values()) for row in matrix["card"]["TD3.3c"].values()} == {
        ("own", "own", "own"),
        ("own", "own"),
        ("own",),
        ("structure",),
    }


@pytest.mark.parametrize(
    ("access", "opposition"),
    [
        pytest.param("centre_15", {"no_emergency": True}, id="regulation"),
        pytest.param("bris_de_glace", {"no_break_glass": True}, id="emergency"),
    ],
)
def test_dmp_oppositions_of_the_patient_hold(dmp: Any, access: str, opposition: dict[str, bool]) -> None:
    vihf = {
        "purpose": (access, "1.2.250.1.213.1.1.4.248"),
        "attributes": {"Authentification_mode": "INDIRECTE_RENFORCEE"},
    }
    assert dmp.ask("exists", dmp.existence(), vihf=vihf).said == "PRPA_IN201308UV02"
    dmp.patient(**opposition)
    said = dmp.ask("exists", dmp.existence(), vihf=vihf).said
    assert said.startswith("soap:DMPAccessDeniedByRightsService|the patient is opposed")
    assert dmp.ask("exists", dmp.existence()).said == "PRPA_IN201308UV02"
