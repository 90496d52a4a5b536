"""Whose DMP exists, is open, is attached to Mon espace santé, and what each patient decided."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from segur_sandbox.dmp.identifiers import PatientId
from segur_sandbox.people import Person, Register


class DmpPatient(BaseModel):
    """The DMP of one patient, and the body of `POST /dmp/patients`.

    Attributes:
        ins: Matricule and key, 15 characters.
        oid: Authority of the matricule.
        status: `active` (open), `closed`, or `none`: there is no DMP.
        attached: Whether it is attached to Mon espace santé.
        authorisation: What TD0.2 says to a user whom `blocked` does not name.
        attending: PS_IdNat of the attending physicians (médecins traitants DMP).
        blocked: PS_IdNat of those whom the patient keeps out.
        no_emergency: Opposition to regulation centres (`OPPOSITION_ACCES_URGENCE`).
        no_break_glass: Opposition to emergency access (`OPPOSITION_BRIS_DE_GLACE`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    ins: str = Field(pattern=r"^[0-9]{5}[0-9AB]{2}[0-9]{8}$")
    oid: str = Field(default="1.2.250.1.213.1.4.8", pattern=r"^[0-9.]{5,64}$")
    status: Literal["active", "closed", "none"] = "active"
    attached: bool = True
    authorisation: Literal["VALIDE", "EXPIRE", "NON_EXISTE", "INTERDIT"] = "VALIDE"
    attending: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    no_emergency: bool = False
    no_break_glass: bool = False

    @property
    def id(self) -> PatientId:
        """The INS."""
        return PatientId(self.ins, self.oid)


class Patients:
    """Everybody of the register has an open DMP, until a tester says otherwise.

    Args:
        register: The people of the sandbox.
    """

    def __init__(self, register: Register) -> None:
        self._people = {
            PatientId(f"{one.matricule.numero}{one.matricule.cle}", one.matricule.oid): one
            for one in register.everybody
            if one.matricule is not None
        }
        self._changed: dict[PatientId, DmpPatient] = {}

    def find(self, patient: PatientId) -> DmpPatient | None:
        """Return the DMP of a patient, open or closed; `None` when he has none."""
        found = self._changed.get(patient)
        if found is None and patient in self._people:
            found = DmpPatient(ins=patient.ins, oid=patient.oid)
        return found if found is not None and found.status != "none" else None

    def person(self, patient: PatientId) -> Person | None:
        """Return who a patient of the register is."""
        return self._people.get(patient)

    def change(self, patient: DmpPatient) -> None:
        """Make the DMP of a patient so, until the reset."""
        self._changed[patient.id] = patient

    def everybody(self) -> list[DmpPatient]:
        """Return every patient."""
        known = {one: DmpPatient(ins=one.ins, oid=one.oid) for one in self._people}
        return list({**known, **self._changed}.values())

    def reset(self) -> None:
        """Go back to the register."""
        self._changed.clear()
