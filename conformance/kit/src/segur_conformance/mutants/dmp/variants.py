"""Honest variants: other choices of the plugin that are just as right."""

from typing import Final

from segur_conformance.mutants.mutant import Variant

VARIANTS: Final = (
    Variant("dmp.as-it-is", "rien"),
    Variant("dmp.by-the-structure", "alimente toujours par la structure", settings={"dmp": {"mode": "indirect"}}),
    Variant("dmp.other-version", "annonce un VIHF 4.0", settings={"dmp": {"vihf_version": "4.0"}}),
    Variant(
        "dmp.looks-through-all",
        "cherche un document parmi tous ceux du patient",
        settings={"dmp": {"reference_query": "find_documents"}},
    ),
    Variant("dmp.own-root", "numérote sous une racine à lui", settings={"dmp": {"id_root": "1.2.250.1.999.1"}}),
)
