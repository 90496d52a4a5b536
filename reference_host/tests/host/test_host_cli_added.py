"""Commands that other packages add."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from segur_host.cli.failing import run

Segur = Callable[..., tuple[int, str, str]]

ADDED = """
import typer
{top}
app = typer.Typer()

@app.command()
def five() -> None:
    raise typer.Exit(5)

@app.command()
def fine() -> None:
    print("fine")
"""


@pytest.fixture
def add_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a distribution that adds a sub-command."""
    site = tmp_path / "commands"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def add_command(name: str, text: str, value: str = "app") -> None:
        (site / f"made_up_command_{name}.py").write_text(text)
        metadata = site / f"made_up_command_{name}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: made_up_command_{name}\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[segur.commands]\n{name} = made_up_command_{name}:{value}\n")

    return add_command


BROKEN_COMMANDS: dict[str, tuple[str, str]] = {
    "raises": (ADDED.format(top="raise ValueError('TCHITCHI')"), "app"),
    "exits": (ADDED.format(top="raise SystemExit(0)"), "app"),
    "missing": (ADDED.format(top=""), "nothing"),
    "another_thing": ("app = 3", "app"),
}


@pytest.mark.parametrize(("text", "value"), BROKEN_COMMANDS.values(), ids=BROKEN_COMMANDS)
def test_a_broken_command_of_another_package_stops_no_other(
    text: str, value: str, add_command: Callable[..., None], segur: Segur, request: pytest.FixtureRequest
) -> None:
    name = f"odd_{request.node.callspec.id}"
    add_command(name, text, value)
    status, out, err = segur("hooks", "--json")
    assert status == 0
    assert json.loads(out)["hooks"]
    assert name in err
    assert "TCHITCHI" not in err


def test_a_command_of_another_package_keeps_its_status(add_command: Callable[..., None], segur: Segur) -> None:
    add_command("good", ADDED.format(top=""))
    assert segur("good", "five")[0] == 5
    assert segur("good", "fine")[:2] == (0, "fine\n")


def test_an_interruption_from_the_keyboard_is_status_130() -> None:
    app = typer.Typer()

    @app.command()
    def wait() -> None:
        raise KeyboardInterrupt

    assert run(app, []) == 130
