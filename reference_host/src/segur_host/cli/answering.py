"""Answers that a program gives beforehand, in JSON, to questions that are asked meanwhile."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from segur_host.broker.ask import CheckedAsker
from segur_host.cli.asking import ConsoleAsker, UnattendedAsker, console_asker
from segur_host.storage.private_files import NotPrivateError, read_private
from segur_sdk.errors import ConfigError, InputError

STANDARD_INPUT: Final = "-"
MAX_ANSWERS: Final = 65_536

AnswersOption = Annotated[
    str | None,
    typer.Option(
        "--answers",
        help="JSON {code de la question: réponse}, fichier de mode 0600 ou - pour l’entrée standard.",
        show_default=False,
    ),
]


@contextmanager
def answering(given: str | None, *, json: bool) -> Iterator[CheckedAsker | ConsoleAsker | UnattendedAsker]:
    """Give who answers questions while the block runs: what was given beforehand, else whoever sits there.

    Args:
        given: file with the answers, or ``-``. Some are secret: no other account may be able to read it.
        json: the answer of the command is for a program.

    Raises:
        ConfigError: ``config.secret_permissions``.
        InputError: ``input.file``, ``input.json``.
    """
    with console_asker(json=json) as asker:
        if given is None:
            yield asker
            return
        answers = _answers(given)
        yield CheckedAsker(lambda question: answers.get(question.code), asker.show)


def _answers(given: str) -> dict[str, str]:
    found: Any
    content = _content(given)
    if len(content) > MAX_ANSWERS:
        raise InputError("input.json", reason="too_large")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        # The exception of a failed decoding holds the secrets: it must not become the context of an error.
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise InputError("input.json", reason="not_answers")
    return found


def _content(given: str) -> bytes:
    try:
        if given == STANDARD_INPUT:
            return sys.stdin.buffer.read(MAX_ANSWERS + 1)
        return read_private(Path(given), MAX_ANSWERS + 1)
    except NotPrivateError:
        raise ConfigError("config.secret_permissions", where=f"file:{Path(given).name}") from None
    except OSError as failure:
        raise InputError("input.file", reason=type(failure).__name__) from None
