"""Reads parameters of queries and forms; each may be there once (RFC 6749 §3.1, §3.2)."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from segur_sandbox.psc.errors import invalid_request

FORM = "application/x-www-form-urlencoded"


def read_parameters(text: str) -> dict[str, str]:
    """Return the parameters of `text`, `application/x-www-form-urlencoded`; those without a value are left out.

    Raises:
        OAuthRefusedError: not that encoding, not UTF-8, or a parameter twice.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError:
        raise invalid_request("the parameters are not form-encoded UTF-8") from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            raise invalid_request("a parameter is there twice")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


async def read_form(request: Request) -> dict[str, str]:
    """Return the parameters of a POST.

    Raises:
        OAuthRefusedError: no form, or one that is malformed.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise invalid_request(f"expected {FORM}")
    try:
        text = (await request.body()).decode("ascii")
    except UnicodeDecodeError:
        raise invalid_request("the parameters are not form-encoded UTF-8") from None
    return read_parameters(text)


def required(parameters: dict[str, str], name: str) -> str:
    """Return one parameter.

    Raises:
        OAuthRefusedError: it is missing.
    """
    value = parameters.get(name)
    if value is None:
        raise invalid_request(f"Missing parameter: {name}")
    return value
