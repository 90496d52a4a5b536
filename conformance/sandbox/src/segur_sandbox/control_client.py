"""A small client of the control API, for the sandbox's own commands."""

import http.client
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SECONDS = 10.0


class ControlError(Exception):
    """The sandbox does not answer, or refuses; the message is the reason it gives."""


def call_control(descriptor: dict[str, Any], method: str, path: str, body: object | None = None) -> Any:
    """Call the control API of the sandbox that `descriptor` describes and return its JSON answer.

    Raises:
        ControlError: no answer, or an answer other than 200.
    """
    address = urlsplit(descriptor["control"]["url"])
    context = ssl.create_default_context(cafile=descriptor["ca"])
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, timeout=_SECONDS, context=context)
    try:
        token = Path(descriptor["control"]["token_file"]).read_text(encoding="ascii")
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ControlError(f"le bac à sable ne répond pas : {type(error).__name__}") from None
    finally:
        connection.close()
    decoded = json.loads(content)
    if answer.status != http.client.OK:
        raise ControlError(decoded.get("error", str(answer.status)))
    return decoded
