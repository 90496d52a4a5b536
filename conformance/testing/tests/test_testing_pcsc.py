"""A test that needs pcscd never passes without it: skipped with the reason, failed where nothing may be skipped."""

from pathlib import Path

import pytest

from segur_sandbox.pcsc import packages
from segur_testing.pcsc import require_pcsc

REFUSALS: dict[str, tuple[str, type[BaseException]]] = {
    "on a developer's machine": ("false", pytest.skip.Exception),
    "under CI": ("true", pytest.fail.Exception),
}


@pytest.mark.parametrize(("ci", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_without_pcscd_a_test_does_not_go_on(
    ci: str, refusal: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(packages, "VPCD", Path("/nowhere/libifdvpcd.so"))
    with pytest.raises(refusal, match=r"/nowhere/libifdvpcd\.so.*apt-get install .*vsmartcard-vpcd"):
        require_pcsc()


@pytest.mark.parametrize(("ci", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_without_a_program_that_it_calls_a_test_does_not_go_on(
    ci: str, refusal: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("segur_testing.pcsc.require_all", lambda: None)
    with pytest.raises(refusal, match="not found: no-such-program"):
        require_pcsc("no-such-program")


def test_where_everything_is_there_a_test_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("segur_testing.pcsc.require_all", lambda: None)
    (tmp_path / "reads-cards").write_text("#!/bin/sh\n")
    (tmp_path / "reads-cards").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    require_pcsc("reads-cards")
