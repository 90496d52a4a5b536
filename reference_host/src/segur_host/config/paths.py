"""Paths of the configuration: relative ones start from the folder of the file that names them."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo


def _from_the_file(path: Path, info: ValidationInfo) -> Path:
    folder = info.context.get("folder") if isinstance(info.context, dict) else None
    expanded = path.expanduser()
    return folder / expanded if folder is not None else expanded


ConfigPath = Annotated[Path, AfterValidator(_from_the_file)]
"""A path, absolute once the configuration is loaded."""
