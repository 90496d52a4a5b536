"""Fuzz one target until the time is over: ``python -m tests.fuzz.drive NAME SECONDS CORPUS FINDINGS``.

libFuzzer ends the process, whatever comes of it: 0 when nothing was found.
"""

import sys
from importlib import import_module
from typing import Any, Final

from tests.fuzz.oracle import PACKAGES, judge

INPUT_S: Final = 5
"""How long one input may take."""
MEMORY_MB: Final = 1_024
LONGEST: Final = 4_096
"""Bytes; the longest seed is that of a card's conversation."""


def main(name: str, seconds: str, corpus: str, findings: str) -> None:
    """Fuzz."""
    # Installed in the environment `fuzz` alone.
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=list(PACKAGES)):
        parse = import_module("tests.fuzz.targets").TARGETS[name]

    def one(data: bytes) -> None:
        judge(parse, data)

    options = {
        "max_total_time": seconds,
        "timeout": INPUT_S,
        "rss_limit_mb": MEMORY_MB,
        "max_len": LONGEST,
        "artifact_prefix": f"{findings}/",
        "print_final_stats": 1,
    }
    atheris.Setup([sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), corpus], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
