"""What tests of jobs have plugins do, and read afterwards."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.jobs import JobDone

Script = dict[str, Any]


def failing(*_: Any) -> JobDone:
    raise ServiceError("service.unreachable", retryable=True)


def hanging(script: Script) -> Callable[..., JobDone]:
    def hang(*_: Any) -> JobDone:
        script["hold"].wait(60)
        return JobDone()

    return hang


def facts(bench: Any, event: str) -> list[dict[str, Any]]:
    return [{name: one for name, one in json.loads(text).items() if name != "ms"} for text in bench.audited(event)]


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(SegurError) as raised:
        action()
    return raised.value.code
