"""The one font of the documents made here: DejaVu Sans, embedded as PDF/A-1 wants it.

It is read from the wheel ``ziafont``, which carries it, so that the same document is the same bytes on every system.
Its licence stands in the font itself.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from segur_sdk.errors import ConfigError

FAMILY: Final = "DejaVuSans"
_CARRIER: Final = "ziafont"


@cache
def font_file() -> Path:
    """Return where the font is.

    Raises:
        ConfigError: ``config.pdf_font``: the extra ``pdf`` is not installed whole.
    """
    carrier = find_spec(_CARRIER)
    for folder in (carrier.submodule_search_locations or ()) if carrier is not None else ():
        file = Path(folder) / "fonts" / "DejaVuSans.ttf"
        if file.is_file():
            return file
    raise ConfigError("config.pdf_font")
