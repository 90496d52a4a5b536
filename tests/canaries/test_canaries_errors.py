"""Whatever is wrong with an input or an answer, neither the error nor a log line repeats the patient in it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from segur_conformance.canaries import Canaries
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_sandbox.running import RunningSandbox

NAME, MATRICULE = "D'ARTAGNAN DE L'HERAULT", "101066322075460"
PERSON: Final[dict[str, Any]] = {
    "nom_naissance": NAME,
    "premier_prenom": "PIERRE-ALAIN",
    "prenoms_naissance": ["PIERRE-ALAIN", "MURIEL", "FLORIANT"],
    "sexe": "M",
    "date_naissance": "2001-06-17",
    "lieu_naissance": "63220",
}
FAULT: Final = f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault>
<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>s:{MATRICULE}</s:Value></s:Subcode></s:Code>
<s:Reason><s:Text xml:lang="fr">{NAME} {MATRICULE} inconnu</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"""

Segur = Callable[..., tuple[int, str, str]]


@pytest.fixture
def segur(
    segur_sandbox: RunningSandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Segur:
    """Run a command on the sandbox's configuration; return its status, its answer, and what else it said or logged."""
    config = tmp_path / "segur.toml"
    text = segur_sandbox.config.read_text("utf-8").splitlines()
    data = f"data = {json.dumps(str(tmp_path / 'host'))}"
    config.write_text("\n".join(data if line.startswith("data = ") else line for line in text), "utf-8")

    def command(*arguments: str) -> tuple[int, str, str]:
        with caplog.at_level(logging.DEBUG):
            status = run(application(), list(arguments))
        said = capfd.readouterr()
        return status, said.out, said.err + caplog.text

    return lambda *arguments: command(*arguments, "--config", str(config), "--json")


@pytest.fixture
def given(tmp_path: Path) -> Callable[[object], str]:
    """Write an input file and return its path."""

    def write(value: object) -> str:
        path = tmp_path / "input.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return str(path)

    return write


BAD_INPUTS: dict[str, object] = {
    "truncated": json.dumps({"traits": PERSON})[:80],
    "unknown-key": {"traits": PERSON | {NAME: MATRICULE}},
    "sex-is-a-name": {"traits": PERSON | {"sexe": NAME}},
    "date-is-a-matricule": {"traits": PERSON | {"date_naissance": MATRICULE}},
    "place-is-a-name": {"traits": PERSON | {"lieu_naissance": NAME}},
    "two-people": {"traits": PERSON, "identity_ref": MATRICULE},
    "reference-is-a-matricule": {"identity_ref": MATRICULE},
    "slot-is-a-name": {"card": {"slot": NAME}},
    "recorded-card-is-text": {"card": {"atr": NAME, "apdus": [[NAME, MATRICULE]]}},
    "recorded-card-is-cut": {"card": {"atr": "3B751300004009EA9000", "apdus": [["00A40000", NAME.encode().hex()]]}},
    "scanned-ins-is-wrong": {"ins": {"traits": PERSON, "matricule": {"value": MATRICULE, "oid": NAME}}},
}


@pytest.mark.parametrize("value", BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_a_refused_input_is_not_repeated(
    segur: Segur, given: Callable[[object], str], canaries: Canaries, value: object
) -> None:
    status, answer, aside = segur("identify", "--input", given(value))

    assert status in (1, 2)
    assert json.loads(answer)["error"]["code"]
    assert canaries.found_in((answer + aside).encode("utf-8")) == frozenset()


COMMANDS = {
    "hook-named-like-a-patient": ("call", "TCHITCHI", "--event"),
    "event-not-its-form": ("call", "on_card_read", "--event"),
    "identity-in-the-event": ("call", "qualify_identity", "--event"),
    "too-many-words": ("identify", "TCHITCHI", "--input"),
    "option-unknown": ("identify", f"--nom={NAME}", "--input"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_misused_command_is_not_repeated(
    segur: Segur, given: Callable[[object], str], canaries: Canaries, command: tuple[str, ...]
) -> None:
    status, answer, _ = segur(*command, given({"card": {"slot": NAME}, "subject": {"traits": PERSON}, "status": NAME}))

    assert status in (1, 2)
    assert json.loads(answer)["error"]["code"]
    assert canaries.found_in(answer.encode("utf-8")) == frozenset()


WRONG_ANSWERS: dict[str, dict[str, Any]] = {
    "another-person": {"fault": "wrong_answer", "variant": "other_person"},
    "divergent-traits": {"fault": "wrong_answer", "variant": "divergent_traits"},
    "wrong-key": {"fault": "wrong_answer", "variant": "wrong_key"},
    "several": {"fault": "wrong_answer", "variant": "several"},
    "truncated": {"fault": "truncated"},
    "dripping": {"fault": "drip", "seconds": 0.2},
    "lost": {"fault": "answer_lost", "count": 2},
    "fault-that-names-the-patient": {},
}


@pytest.mark.parametrize("fault", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_an_answer_of_insi_is_not_repeated(
    segur: Segur,
    given: Callable[[object], str],
    segur_sandbox: RunningSandbox,
    canaries: Canaries,
    fault: dict[str, Any],
) -> None:
    if fault:
        segur_sandbox.fault("insi", **fault)
    else:
        segur_sandbox.replay("insi", FAULT)

    status, answer, aside = segur("identify", "--input", given({"traits": PERSON}))

    assert status in (0, 1)
    assert [one["plugin"] for one in json.loads(answer)["outcomes"]] == ["insi"]
    assert canaries.found_in((answer + aside).encode("utf-8")) == frozenset()
