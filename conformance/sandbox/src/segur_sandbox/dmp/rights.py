"""Who may do what: the functional rights of the DMP, as data.

Source: the matrix of functional rights that GIE SESAM-Vitale publishes, by card or certificate of a structure, and the
one for authentication *indirecte renforcée*. Columns: professionals who are no physicians (`other`), physicians,
occupational physicians, the attending physician (`attending`), `staff`, `structure`; access modes `n` (normal), `r`
(regulation), `b` (emergency).
"""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Final, Literal, cast

from segur_sandbox.dmp.refusal import SoapRefusedError
from segur_sandbox.dmp.vihf import ACCESS_MODES, AIR, DIRECT, Vihf

Right = Literal["yes", "own", "structure", "reference"]
Matrix = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Right]]]]
_PROFESSIONS: Final = ("1.2.250.1.71.1.2.7", "1.2.250.1.71.1.2.8")
_PHYSICIAN: Final = "10"
_OCCUPATIONAL: Final = ("SM25",)


def load_matrix() -> Matrix:
    """Read the file of the package: means, transaction, column, access mode, right."""
    file = resources.files("segur_sandbox.dmp").joinpath("data/rights.json")
    return cast("Matrix", json.loads(file.read_bytes()))


def column_of(vihf: Vihf, *, attending: bool) -> tuple[str, str]:
    """Return by which means somebody acts, and his column.

    Args:
        vihf: What he says.
        attending: Whether the patient has him as attending physician.
    """
    if vihf.mode not in (DIRECT, AIR):
        return "structure", "structure"
    means = "card" if vihf.mode == DIRECT else "air"
    first = vihf.roles[0]
    if first.system not in _PROFESSIONS:
        return means, "staff"
    if first.code != _PHYSICIAN:
        return means, "other"
    if attending:
        return means, "attending"
    return means, "occupational" if vihf.roles[-1].code in _OCCUPATIONAL else "physician"


def right_to(matrix: Matrix, transaction: str, vihf: Vihf, *, attending: bool) -> Right:
    """Return what somebody may do.

    Raises:
        SoapRefusedError: `rights`, when he may not.
    """
    means, column = column_of(vihf, attending=attending)
    right = matrix[means].get(transaction, {}).get(column, {}).get(ACCESS_MODES[vihf.purpose.code])
    if right is None:
        by = " in authentication indirecte renforcée" if vihf.mode == AIR else ""
        raise SoapRefusedError("rights", f"{transaction} is not open to this user and access mode{by}")
    return right
