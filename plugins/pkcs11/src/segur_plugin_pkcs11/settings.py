"""Settings of the plugin; each driver is given all of them as keyword arguments."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from segur_sdk import PluginSettings


def _absolute(module: str) -> str:
    if module and not Path(module).is_absolute():
        raise ValueError("a module is named by its whole path, so that no other one of its name is loaded")
    return module


class Pkcs11Settings(PluginSettings):
    """One table ``[plugins.pkcs11.settings]`` of the host's configuration."""

    module: Annotated[str, AfterValidator(_absolute)] = Field(
        default="",
        max_length=1_000,
        description="Absolute path of the PKCS#11 module of driver `pkcs11`. Empty: the Cryptolib CPS where its "
        "installer puts it. Driver `apdu` needs no module.",
    )
