"""The reference says what the code has, all of it and nothing else."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.generate import CONTRACTS, PAGES, REFERENCE, differences, page, unreviewed
from docs.reference_pages import cli, configuration, errors, manifest, sandbox
from docs.reference_pages.docstrings import field_texts, supplied_texts
from docs.reference_pages.error_codes import raised_codes, written_codes
from docs.reference_pages.hooks import contracts
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_sandbox.running import RunningSandbox
from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.manifest import PluginManifest

CONTRACT = contracts()
CODES = raised_codes(errors.sources())
TEXTS = {code: text for catalogue in errors.catalogues().values() for code, text in catalogue.items()}
COMMANDS = list(cli.commands())
LABELS = ("When", "When not", "Returns", "Stop rule", "Failure", "Source")
DESCRIBED: list[tuple[str, Any]] = [
    *configuration.sections(),
    *configuration.plugin_settings(),
    *manifest.PARTS,
    ("segur_plugin.toml", PluginManifest),
]


def reference(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


# --- freshness ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_fresh(name: str) -> None:
    assert reference(name) == page(name), "the code changed: run python -m docs.generate"


def test_contracts_are_those_that_were_reviewed() -> None:
    review = unreviewed(CONTRACT)

    assert review is None, review


def test_committed_contracts_are_what_the_command_gives() -> None:
    given = subprocess.run(
        [sys.executable, "-m", "segur_host.cli", "hooks", "--json"], capture_output=True, text=True, check=True
    )

    assert json.loads(given.stdout) == json.loads(CONTRACTS.read_text("utf-8"))


def test_changed_contract_says_how_to_review_it(tmp_path: Path) -> None:
    other = contracts()
    other["hooks"][1]["deadline_s"] = 11.0
    del other["schemas"]["CardReading"]["properties"]["serial"]
    committed = tmp_path / "hooks.json"
    committed.write_text(json.dumps(other), "utf-8")

    review = unreviewed(CONTRACT, committed)

    assert review is not None
    assert "/hooks/on_card_read/deadline_s: 11.0 → 10.0" in review
    assert "+ /schemas/CardReading/properties/serial" in review
    assert "python -m docs.generate --accept-contracts" in review


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="same"),
        pytest.param({"a": 1}, {}, ["- /a"], id="removed"),
        pytest.param({}, {"a": [1]}, ["+ /a: [1]"], id="added"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": True}}, ["  /a/b: 1 → true"], id="type"),
        pytest.param({"a": [1, 2]}, {"a": [2, 1]}, ["  /a: [1, 2] → [2, 1]"], id="list"),
        pytest.param([{"name": "x", "m": 1}], [{"name": "x", "m": 2}], ["  /x/m: 1 → 2"], id="named"),
        pytest.param([{"name": "x"}, {"name": "y"}], [{"name": "y"}, {"name": "x"}], ["  : another order"], id="order"),
    ],
)
def test_differences_name_their_place(before: Any, after: Any, lines: list[str]) -> None:
    assert list(differences(before, after)) == lines


# --- hooks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_has_its_section_with_its_exact_signature(hook: str) -> None:
    info = HOOKS[hook]
    parameters = list(inspect.signature(getattr(SegurHooks, hook)).parameters)
    text = section(reference("hooks.md"), hook)

    assert parameters == ["self", "event", "ctx"]
    exact = f"def {hook}(self, event: {info.event.__name__}, ctx: HookContext) -> {info.result.__name__} | None"
    assert f"```python\n{exact}\n```" in text
    assert f"| Mode | `{info.mode}` |" in text
    assert f"| Deadline per plugin | {info.deadline_s:g} s |" in text
    assert f"| Stability | {info.stability} |" in text
    assert [one for one in info.requirements if f"`{one}`" not in text] == []
    assert [label for label in LABELS if f"**{label}:**" not in text] == []


@pytest.mark.parametrize("name", CONTRACT["schemas"])
def test_value_of_a_contract_has_its_section_with_every_field(name: str) -> None:
    schema = CONTRACT["schemas"][name]
    text = section(reference("hooks.md"), name)

    assert text
    assert [field for field in schema.get("properties", {}) if f"| `{field}` |" not in text] == []
    assert [value for value in schema.get("enum", ()) if f"`{value}`" not in text] == []


def test_patient_data_are_marked_in_the_tables() -> None:
    rows = section(reference("hooks.md"), "Beneficiary").splitlines()
    marked = {row.split("`")[1] for row in rows if "| yes |" in row}

    assert {"nom", "prenom", "date_naissance", "date_en_carte", "sexe"} <= marked
    assert "position" not in marked


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_error_code_has_its_french_texts(code: str) -> None:
    text = TEXTS.get(code)

    assert text is not None, f"{code} is raised and no catalogue explains it"
    assert all((text.message.strip(), text.cause.strip(), text.action.strip()))
    assert f"| `{code}` |" in reference("errors.md")


def test_no_catalogue_explains_what_nobody_raises() -> None:
    # A code may have finer texts, one for each reason: ``service.server_certificate.expired``. A plugin also tells of
    # what it found, as a notice and not as an error.
    told = written_codes(one for one in errors.sources() if "plugins" in one.parts)
    unknown = [text for text in TEXTS if text not in told and not {text, text.rpartition(".")[0]} & CODES.keys()]
    assert sorted(unknown) == []


def test_every_explained_code_is_written_in_the_source() -> None:
    assert sorted(TEXTS.keys() - written_codes(errors.sources())) == []


def test_every_code_is_raised_with_a_known_class() -> None:
    assert {code: classes for code, classes in CODES.items() if not classes} == {}


@pytest.mark.parametrize("code", errors.notice_codes())
def test_notice_is_documented(code: str) -> None:
    assert f"| `{code}` |" in section(reference("errors.md"), "Notices")


RAISING = """
from segur_sdk.errors import CardError, HostError, InputError
TABLE = {1: "card.from_table"}
RULES = (("input.from_rule", 1),)

def make(code, step):
    return CardError(code, step=step)

def direct(yes):
    raise HostError("host.one" if yes else "host.other")

def indirect(found):
    code = TABLE.get(found, "card.by_default")
    for rule, _ in RULES:
        raise InputError(rule)
    raise CardError(code)

def handed():
    raise make("card.handed", 1)

class Derived(HostError):
    def __init__(self):
        super().__init__("host.derived")

def found():
    yield Finding("card.found", "slot")

NOT_RAISED = "card.not_raised"
"""


def test_codes_are_found_wherever_they_come_from(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(RAISING, "utf-8")

    assert raised_codes([tmp_path]) == {
        "card.by_default": {"CardError"},
        "card.found": {"Finding"},
        "card.from_table": {"CardError"},
        "card.handed": {"CardError"},
        "host.derived": {"HostError"},
        "host.one": {"HostError"},
        "host.other": {"HostError"},
        "input.from_rule": {"InputError"},
    }


# --- command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=lambda value: value if isinstance(value, str) else "")
def test_command_is_documented_with_its_options(name: str, command: Any) -> None:
    text = section(reference("cli.md"), name)
    words = [option for one in command.params for option in one.opts if option.startswith("--")]
    words += [one.name.upper() for one in command.params if one.param_type_name == "argument"]

    assert text.strip()
    assert [word for word in words if f"`{word}" not in text] == []
    assert [one.name for one in command.params if not one.help] == []


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_help_of_a_command_lists_no_other_option(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(application(), [*name.split()[1:], "--help"]) == 0
    help_text = capsys.readouterr().out
    options = set(re.findall(r"^│ \*?\s*(--[a-z][a-z-]*)", help_text, re.MULTILINE)) - {"--help"}

    assert [one for one in options if f"`{one}" not in section(reference("cli.md"), name)] == []


# --- configuration and manifest -------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "model"), list(configuration.sections()), ids=lambda value: str(value) or "top")
def test_configuration_key_is_documented(path: str, model: Any) -> None:
    text = section(reference("configuration.md"), path or "Top level")

    assert [name for name in model.model_fields if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(("plugin", "model"), list(configuration.plugin_settings()), ids=str)
def test_plugin_setting_is_documented(plugin: str, model: Any) -> None:
    text = section(reference("configuration.md"), f"plugins.{plugin}.settings")

    assert [name for name in model.model_fields if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(("heading", "model"), [("Top level", PluginManifest), *manifest.PARTS], ids=str)
def test_manifest_key_is_documented(heading: str, model: Any) -> None:
    text = section(reference("manifest.md"), heading)

    assert [name for name in model.model_fields if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("model", [model for _, model in DESCRIBED], ids=lambda model: str(model.__name__))
def test_every_key_says_what_it_means(model: Any) -> None:
    texts = field_texts(model)

    assert [name for name in model.model_fields if not texts.get(name)] == []


def test_no_supplied_text_is_left_over() -> None:
    fields = {f"{model.__name__}.{name}" for _, model in DESCRIBED for name in model.model_fields}

    assert sorted(supplied_texts().keys() - fields) == []


# --- sandbox --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", sandbox.routes())
def test_route_of_the_control_api_is_documented(route: str) -> None:
    assert f"| `{route}` |" in section(reference("sandbox.md"), "Control API")


def test_descriptor_is_documented(segur_sandbox: RunningSandbox) -> None:
    text = section(reference("sandbox.md"), "Descriptor")
    services = segur_sandbox.descriptor["services"]
    members = [name for name in segur_sandbox.descriptor if name not in {"control", "services", "certificates"}]
    members += [f"control.{name}" for name in segur_sandbox.descriptor["control"]]
    members += [f"services.insi.{name}" for name in services["insi"]]
    members += [f"services.{name}" for name in services if name != "insi"]
    members += list(segur_sandbox.descriptor["certificates"])

    assert [name for name in members if f"`{name}" not in text] == []
