"""What a plugin says of itself: approval belongs to the version of the practice software, never to a plugin."""

import re
from email import message_from_string
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

_APPROVED: Final = re.compile(r"\b(?:référenc|agré|homologu)(?:é|ée|és|ées)\b", re.IGNORECASE)
_DENIED: Final = re.compile(r"\b(?:ni|pas|aucune?|jamais|sans)\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"[.!?;]\s|\n\s*\n|\n[-*#|]")


@checks(
    "package.wording.no-approval",
    "R27",
    "REQ-12",
    purpose="Le référencement appartient à la version du logiciel métier, jamais à un module.",
    steps=("lire la déclaration, les textes en français et la description du paquet",),
    expected="rien ne dit le module référencé, agréé ou homologué",
    mend="décrire ce que le module fait ; nommer les exigences qu’il sert",
    film="la fiche du module",
    kinds=PLUGIN_KINDS,
)
def no_approval(bench: Bench) -> None:
    """Nothing says that the plugin is approved."""
    declared = bench.plugin.declared
    texts = {
        "déclaration": f"{declared.get('display_name', '')}. {declared.get('description', '')}",
        "description du paquet": _description(bench.plugin.metadata.get("METADATA", "")),
        **{file.name: file.read_text("utf-8") for file in sorted(bench.plugin.package.glob("*.toml"))},
    }
    for place, text in texts.items():
        claimed = [one for one in _SENTENCE.split(text) if _APPROVED.search(one) and not _DENIED.search(one)]
        expect(not claimed, f"{place} : « {' '.join(claimed[0].split())[:120] if claimed else ''} »")


def _description(metadata: str) -> str:
    read = message_from_string(metadata)
    return f"{read.get('Summary', '')}. {read.get_payload()}"
