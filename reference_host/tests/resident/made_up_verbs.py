"""Verbs that tests have carried out."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from segur_host.resident.server import Conversation
from segur_sdk.errors import CardError, InputError
from segur_sdk.models.notice import Notice, Question


class Answers:
    def ask(self, question: Question) -> str:
        return f"answer to {question.code}"


def echo(arguments: Mapping[str, Any], conversation: Conversation) -> Any:
    return dict(arguments)


def refuse(arguments: Mapping[str, Any], conversation: Conversation) -> Any:
    raise CardError("card.mute", slot="Lecteur 1", retryable=True)


def crash(arguments: Mapping[str, Any], conversation: Conversation) -> Any:
    raise RuntimeError("a defect")


def chat(arguments: Mapping[str, Any], conversation: Conversation) -> Any:
    conversation.show(Notice(code="psc.number", text="Nombre : 42"))
    conversation.tell({"number": 1})
    return conversation.ask(Question(code="token.pin", text="Code ?", pattern=".*"))


def until_gone(conversation: Conversation) -> None:
    with suppress(InputError):
        conversation.cancellation.wait(30)


WAITED = threading.Event()


def wait(arguments: Mapping[str, Any], conversation: Conversation) -> Any:
    conversation.tell("begun")
    until_gone(conversation)
    WAITED.set()


VERBS = {"echo": echo, "refuse": refuse, "crash": crash, "chat": chat, "wait": wait}
