"""The library through which a workstation may reach the professional's card: what is said when it cannot be used."""

import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.cps.judging import expect_refused_at_once
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench

checks = CheckSet()

BY_LIBRARY: Final = "pkcs11"
"""The plugin that reaches cards by such a library, and its driver that does."""
_HEAD: Final = 64
_NO_MACHINE: Final = 0xFFFF


@checks(
    "cps.module.unusable",
    "CPS-07",
    purpose="Une bibliothèque absente ou d’un autre poste se répare, si le logiciel le dit.",
    steps=(
        "nommer dans les réglages une bibliothèque absente, un fichier quelconque, celle d’un autre processeur",
        "demander chaque fois une session",
    ),
    expected="token.module_missing, puis token.module_unusable, en français ; aucun code demandé",
    mend="laisser passer l’erreur de ctx.tokens.present()",
    film="le message d’une bibliothèque absente",
    kinds=PLUGIN_KINDS,
)
def unusable(bench: Bench) -> None:
    """Whatever is wrong with the library that the settings name, it is said, and nobody types a PIN."""
    if BY_LIBRARY not in (bench.plugin.id, *bench.product.companions):
        raise NotApplicable("aucun module n’emploie de bibliothèque de carte")
    with _libraries() as (missing, none, foreign):
        for what, library, code in (
            ("bibliothèque absente", missing, "token.module_missing"),
            ("fichier quelconque", none, "token.module_unusable"),
            ("bibliothèque d’un autre processeur", foreign, "token.module_unusable"),
        ):
            chosen = {"drivers": [BY_LIBRARY], "settings": {"module": str(library)}}
            subject = bench.start(plugins={BY_LIBRARY: chosen})
            expect_refused_at_once(bench, subject, what, code)


@contextmanager
def _libraries() -> Iterator[tuple[Path, Path, Path]]:
    """Give the path of a library that is not there, of a file that is none, and of one for no machine there is."""
    with tempfile.TemporaryDirectory(prefix="segur-modules-") as folder:
        none, foreign = Path(folder, "none.so"), Path(folder, "foreign.so")
        none.write_bytes(b"no library\n")
        foreign.write_bytes(_for_no_machine())
        yield Path(folder, "missing.so"), none, foreign


def _for_no_machine() -> bytes:
    """Return the head of an ELF library like this interpreter's own kind, but for a processor that nobody makes."""
    bits, order = (2 if sys.maxsize > 2**32 else 1), (1 if sys.byteorder == "little" else 2)
    mark = b"\x7fELF" + bytes([bits, order, 1])
    return (mark.ljust(16, b"\0") + struct.pack("=HH", 3, _NO_MACHINE)).ljust(_HEAD, b"\0")
