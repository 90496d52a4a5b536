"""What is sent fits the official schemas; they are not distributed with the kit."""

from pathlib import Path
from typing import Final

from lxml import etree

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import HOUILLES, ask_by_card, ask_by_traits, card_person, criteria
from segur_conformance.checks.insi.namespaces import BY_CARD, CTXBAM, CTXLPS, RECSANS, RECVIT, WSSE
from segur_conformance.checks.insi.sent import Sent, requests
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

ASSET: Final = "insi/xsd"
_FILES: Final = {
    f"{{{CTXBAM}}}ContexteBAM": "CTX/ROOT_ctxbam_CTXBAM_V01_02.xsd",
    f"{{{CTXLPS}}}ContexteLPS": "CTX/ROOT_ctxlps_CTXLPS_V01_00.xsd",
    f"{{{WSSE}}}Security": "WSSE/Security.xsd",
    f"{{{RECSANS}}}RECSANSVITALE": "ServiceIdentiteCertifiee/INSi_RECSANS_INS.xsd",
    f"{{{RECVIT}}}RECVITALE": "ServiceIdentiteCertifiee/INSi_RECVITALE_INS.xsd",
}


@checks(
    "insi.schemas.by-traits",
    "SC.INS/va1.34",
    "KIT-INSI-01",
    purpose="Une demande hors schéma est refusée par le téléservice, parfois seulement pour certains patients.",
    steps=(
        "rechercher une personne par ses traits, puis une autre à quatre reprises",
        "faire répondre « plusieurs identités » pour que le lieu de naissance soit envoyé",
        "valider chaque en-tête et chaque corps envoyé avec les schémas officiels",
    ),
    expected="ContexteBAM, ContexteLPS, RECSANSVITALE et, s’il existe, Security sont tous valides",
    mend="comparer l’élément nommé dans le motif avec son schéma : ordre, attributs, élément vide",
    film="le rapport de validation des demandes envoyées",
    asset=ASSET,
)
def by_traits(bench: Bench) -> None:
    """Every block of a search by traits is valid, with and without a birthplace."""
    subject = bench.start()
    ask_by_traits(subject, criteria("ADRUN", "ZOE"))
    ask_by_traits(subject, HOUILLES)
    bench.sandbox.fault("insi", "wrong_answer", variant="several")
    ask_by_traits(subject, criteria("NESSI", "RUTH", lieu_naissance="63220"))
    _expect_valid(requests(bench), bench.asset(ASSET))


@checks(
    "insi.schemas.by-card",
    "SC.INS/va1.34",
    "S000-11",
    "KIT-INSI-01",
    purpose="La recherche par carte Vitale emploie un autre message, qui a ses propres schémas.",
    steps=(
        "lire la carte d’une famille, choisir le deuxième bénéficiaire et rechercher son INS",
        "valider chaque en-tête et le corps envoyés avec les schémas officiels",
    ),
    expected="ContexteBAM rempli, ContexteLPS, Security et RECVITALE sont tous valides",
    mend="comparer l’élément nommé dans le motif avec son schéma : ordre, attributs, élément vide",
    film="le rapport de validation des demandes envoyées",
    asset=ASSET,
)
def by_card(bench: Bench) -> None:
    """Every block of a search by card is valid."""
    reader = bench.readers[0]
    bench.sandbox.insert(reader, "family")
    subject = bench.start(answers={"insi.sexe": "M"})
    ask_by_card(subject, card_person(subject, reader, position=2))
    sent = requests(bench)
    if all(one.operation != BY_CARD for one in sent):
        raise NotApplicable("la recherche par carte passe par les traits lus")
    _expect_valid(sent, bench.asset(ASSET))


def _expect_valid(sent: tuple[Sent, ...], folder: Path) -> None:
    expect(sent, "rien n’a été envoyé à INSi")
    schemas = {tag: _schema(folder / file) for tag, file in _FILES.items()}
    for one in sent:
        for block in (*one.contexts, one.security, one.question):
            if block is None:
                continue
            name = etree.QName(block).localname
            schema = schemas.get(str(block.tag))
            expect(schema is not None, f"{name} n’est pas un élément d’INSi")
            # Taken out of its envelope, a block keeps nothing of it but its own namespaces.
            valid = schema is not None and schema.validate(etree.fromstring(etree.tostring(block, with_tail=False)))
            expect(valid, f"{name} n’est pas valide selon le schéma officiel")


def _schema(file: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    return etree.XMLSchema(etree.parse(str(file), parser))
