"""Read ``segur.toml``."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from segur_host.config.model import NETWORK_OVERRIDE, HostConfig
from segur_host.config.secrets import IN_CLEAR
from segur_sdk.errors import ConfigError

MAX_CONFIG_BYTES: Final = 1_048_576
_MAX_NAMED: Final = 8
_OWN_CODES: Final = {IN_CLEAR: "config.secret_in_clear", NETWORK_OVERRIDE: "config.network_override"}
_NAME: Final = re.compile(r"[A-Za-z0-9_\-]{1,60}")
_PLACE: Final = re.compile(r"\(at line (\d+), column \d+\)$")


def load_config(path: Path) -> HostConfig:
    """Read a configuration file; relative paths in it start from its folder.

    Args:
        path: the file, TOML in UTF-8.

    Raises:
        ConfigError: ``config.file_missing``, ``config.unreadable`` (with the line, when it is no TOML),
            ``config.secret_in_clear``, ``config.network_override``, ``config.invalid`` (with the fields, never
            their values).
    """
    content = _read_toml(path)
    try:
        return HostConfig.model_validate(content, context={"folder": path.absolute().parent})
    except ValidationError as failure:
        raise _explained(failure) from None


def checked(config: HostConfig) -> HostConfig:
    """Return a configuration held to its rules again: it may be a changed copy of one that was.

    Raises:
        ConfigError: as ``load_config``.
    """
    try:
        return HostConfig.model_validate(config)
    except ValidationError as failure:
        raise _explained(failure) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError("config.file_missing", file=path.name) from None
    except OSError as failure:
        raise ConfigError("config.unreadable", file=path.name, reason=type(failure).__name__) from None
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError("config.unreadable", file=path.name, reason="too_large")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigError("config.unreadable", file=path.name, reason="not_utf8") from None
    except RecursionError:
        raise ConfigError("config.unreadable", file=path.name, reason="too_deep") from None
    except tomllib.TOMLDecodeError as failure:
        # The parser's own sentence may quote the file; its place does not.
        place = _PLACE.search(str(failure))
        line = int(place[1]) if place else None
        raise ConfigError("config.unreadable", file=path.name, reason="not_toml", line=line) from None


def _explained(failure: ValidationError) -> ConfigError:
    errors = failure.errors(include_url=False, include_context=False, include_input=False)
    code = next((_OWN_CODES[error["type"]] for error in errors if error["type"] in _OWN_CODES), "config.invalid")
    if code != "config.invalid":
        errors = [error for error in errors if _OWN_CODES.get(error["type"]) == code]
    named = sorted({f"{_path(error['loc'])}:{error['type']}" for error in errors})
    return ConfigError(code, fields=", ".join(named[:_MAX_NAMED]))


def _path(location: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in location]
    # Names of tables are the user's own, and a mistyped file may have anything there.
    return ".".join(part if _NAME.fullmatch(part) else "?" for part in parts) or "file"
