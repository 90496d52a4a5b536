"""Settings for what official documents do not settle, read from `DIR/settings.json` when it exists."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from segur_sandbox.data_files import read_data_file

_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class InsiSettings(BaseModel):
    """Settings of the INSi simulator.

    Attributes:
        idam: The only software authorisation number accepted.
        fault_codes: Reason → `siram:Erreur` code of a refusal whose official code is not public;
            a reason left out has the code `sandbox_<reason>`. UNVERIFIED, ours.
        fault_subcode: SOAP subcode of those refusals. UNVERIFIED.
        vitale_assertion_seconds: Age from which a Vitale assertion is refused.
        body_prefix: Prefix of the SOAP Body of replies.
    """

    model_config = _CLOSED

    idam: str = "TESTSGIE0000"
    fault_codes: dict[str, str] = Field(default_factory=dict)
    fault_subcode: str = "siram_100"
    vitale_assertion_seconds: int = Field(default=20 * 60, ge=1)
    body_prefix: str = Field(default="env", pattern=r"^[A-Za-z]{1,10}$")


class SandboxSettings(BaseModel):
    """All settings of the sandbox."""

    model_config = _CLOSED

    insi: InsiSettings = InsiSettings()


def load_settings(path: Path) -> SandboxSettings:
    """Read `path`, or return the defaults when it does not exist.

    Raises:
        DataFileError: not JSON, or an unknown or wrong member.
    """
    if not path.exists():
        return SandboxSettings()
    return read_data_file(path.read_bytes(), path.name, SandboxSettings)
