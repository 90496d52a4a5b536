"""Checks of a command's parameters and lengths that both generations make."""

from segur_sandbox.cards.command import Command
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.status_words import WRONG_LENGTH, WRONG_P1_P2


def want(command: Command, *allowed: tuple[int, int]) -> None:
    """Raise RefusedError unless P1 and P2 are one of the pairs `allowed`."""
    if (command.p1, command.p2) not in allowed:
        raise RefusedError(WRONG_P1_P2)


def no_data(command: Command) -> None:
    """Raise RefusedError for a command that carries data or wants an answer."""
    if command.data or command.expected is not None:
        raise RefusedError(WRONG_LENGTH)


def only_data(command: Command) -> bytes:
    """Return the data of a command that must carry some and bring none back."""
    if not command.data or command.expected is not None:
        raise RefusedError(WRONG_LENGTH)
    return command.data


def data_of(command: Command, *sizes: int) -> bytes:
    """Return the data of a command, whose size must be one of `sizes`."""
    if len(command.data) not in sizes:
        raise RefusedError(WRONG_LENGTH)
    return command.data
