"""What a professional's card says without its PIN: who holds it, and until when."""

from typing import Any, Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.cps.commands import codes_presented, sent
from segur_conformance.checks.cps.holders import (
    AUTHORISED,
    EMPLOYEE,
    EXPIRED,
    HOLDERS,
    PHARMACIST,
    PHARMACIST_CPS3,
    PHYSICIAN,
    STUDENT,
    names_in,
    profession_in,
    situations_in,
)
from segur_conformance.checks.cps.judging import cps_reader, inserted, read
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

EVERY_KIND: Final = (PHYSICIAN, PHARMACIST, STUDENT, EMPLOYEE, AUTHORISED)
USAGES: Final = {"authentication": True, "signature": False}
"""Whether the certificate for each usage authenticates a client."""


@checks(
    "cps.reading.public-phase",
    "CPS-01",
    "S000-77",
    purpose="Une carte de professionnel dit qui la porte sans son code : rien d’autre n’est à demander pour la lire.",
    steps=("insérer une CPS", "demander sa lecture", "examiner ce que la carte a reçu"),
    expected="porteur, spécialité, deux certificats et fin de validité ; ni situation, ni erreur, ni code présenté",
    mend="lire par ctx.tokens.at(lecteur) sans unlock, et rendre situations = None",
    film="la CPS insérée et le porteur qui s’affiche, sans saisie",
)
def public_phase(bench: Bench) -> None:
    """Everything that is public on a card, read without presenting anything to it."""
    event = inserted(bench, PHYSICIAN)
    reading = read(bench.start(), event, "CPS d’un médecin")
    expect_equal(names_in(reading), HOLDERS[PHYSICIAN].names, "porteur")
    expect_equal(situations_in(reading), None, "situations sans code")
    expect_equal((reading["family"], reading["nature"]), ("cpx", "T"), "famille et nature")
    expect_equal(reading["beneficiaries"], [], "bénéficiaires")
    expect_equal((reading["presence"] or {}).get("slot"), cps_reader(bench), "insertion qui a été lue")
    certificates = reading["holder"]["certificates"]
    found = {one["usage"]: one["info"]["client_authentication"] for one in certificates}
    expect_equal((len(certificates), found), (2, USAGES), "certificats")
    ends = min(one["info"]["not_after"] for one in certificates)
    expect_equal(reading["holder"]["valid_until"], ends, "fin de validité de la carte")
    expect_equal(codes_presented(sent(bench)), 0, "codes présentés à la carte")


@checks(
    "cps.reading.same-on-both",
    "CPS-08",
    "S000-28",
    purpose="Une CPS4 se lit comme une CPS3 : le logiciel n’a pas à savoir laquelle est là.",
    steps=("lire la CPS4 d’une pharmacienne", "lire sa CPS3"),
    expected="la même personne, les mêmes usages ; deux numéros de carte",
    mend="ne rien tirer de la génération ; prendre le numéro de série sur la carte",
    film="la même personne lue sur ses deux cartes",
)
def same_on_both(bench: Bench) -> None:
    """Both generations give the same professional."""
    subject = bench.start()
    found = []
    for card in (PHARMACIST, PHARMACIST_CPS3):
        reading = read(subject, inserted(bench, card), card)
        found.append((names_in(reading), profession_in(reading), _usages(reading), reading["serial"]))
    fourth, third = found
    expect_equal(third[:-1], fourth[:-1], "porteur et certificats de la CPS3")
    expect(third[-1] and fourth[-1] and third[-1] != fourth[-1], "les deux cartes n’ont pas chacune leur numéro")


@checks(
    "cps.reading.names",
    "CPS-05",
    purpose="Le nom distinctif range ses attributs autrement d’une carte à l’autre, et certaines ne nomment personne.",
    steps=("lire une CPS de médecin, une CPS de pharmacien, une CPF, une CPE de service, une CPA",),
    expected="nom, prénom et identifiant, chacun à sa place ; pour la CPE, sa structure et son identifiant, personne",
    mend="lire le sujet par type d’attribut (CN, SN, GN, O), jamais par rang",
    film="les cinq cartes lues tour à tour",
)
def names(bench: Bench) -> None:
    """Attributes of the subject are known by their type."""
    subject = bench.start()
    for card in EVERY_KIND:
        reading = read(subject, inserted(bench, card), card)
        expect_equal(names_in(reading), HOLDERS[card].names, f"{card}, identifiant et noms")


@checks(
    "cps.reading.professions",
    "CPS-01",
    "S000-77",
    purpose="Ce que le porteur peut faire dépend de sa carte, de sa profession et de son savoir-faire.",
    steps=("lire une CPS de médecin, une CPS de pharmacien, une CPF, une CPE de service, une CPA",),
    expected="type de carte, profession et savoir-faire de chacune ; rien d’inventé quand la carte n’en dit rien",
    mend="lire type et profession dans les extensions de l’ANS, le savoir-faire dans CPS_INFO_PS",
    film="le type et la profession affichés pour chaque carte",
)
def professions(bench: Bench) -> None:
    """Card type, profession and speciality of each kind of card."""
    subject = bench.start()
    for card in EVERY_KIND:
        reading = read(subject, inserted(bench, card), card)
        expect_equal(
            profession_in(reading), HOLDERS[card].profession_and_type, f"{card}, type, profession et savoir-faire"
        )


@checks(
    "cps.reading.expired",
    "CPS-01",
    "KIT-CPS-01",
    purpose="Une carte arrivée à son terme se lit encore : son porteur doit apprendre pourquoi elle ne sert plus.",
    steps=("lire une carte dont les certificats sont arrivés à leur terme",),
    expected="son porteur, et une fin de validité passée",
    mend="ne juger de la validité qu’à l’ouverture d’une session",
    film="la carte expirée et sa date de fin à l’écran",
)
def expired(bench: Bench) -> None:
    """An expired card is read, and says since when."""
    reading = read(bench.start(), inserted(bench, EXPIRED), "carte expirée")
    expect_equal(names_in(reading), HOLDERS[PHARMACIST].names, "porteur")
    expect(reading["holder"]["valid_until"] < reading["read_at"], "la fin de validité n’est pas passée")


def _usages(reading: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((one["usage"], one["info"]["issuer_cn"]) for one in reading["holder"]["certificates"])
