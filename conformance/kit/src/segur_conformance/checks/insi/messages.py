"""What surrounds each question: identifiers, instants, who calls with which software."""

import re
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography import x509
from cryptography.x509.oid import NameOID

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.insi.asking import (
    ask_by_traits,
    criteria,
    errors,
    expect_refused,
    expect_temporary,
    individual,
)
from segur_conformance.checks.insi.namespaces import ACTION, CTXBAM, CTXLPS, WSA
from segur_conformance.checks.insi.sent import Sent, requests, text
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

_UTC: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")
_SKEW: Final = timedelta(seconds=30)


@checks(
    "insi.messages.fresh",
    "SC.INS/va1.38",
    "KIT-INSI-02",
    purpose="Un message qui reprend l’identifiant ou l’heure d’un autre ne se retrouve dans aucune trace.",
    steps=("rechercher trois personnes", "lire les en-têtes des trois demandes"),
    expected="une action partout la même, des UUID et un horaire UTC propres à chaque demande",
    mend="tirer MessageID et les deux Id, et relire l’heure, au moment d’envoyer chaque demande",
    film="deux demandes successives, côte à côte",
)
def fresh(bench: Bench) -> None:
    """Ids are UUIDs never used before, instants are UTC and true, the action is that of the body."""
    subject = bench.start()
    for name, given_name in (("ADRUN", "ZOE"), ("ADRTROIS", "TOUSSAINT"), ("ADRTROIS", "DOMINIQUE")):
        ask_by_traits(subject, criteria(name, given_name))
    sent = requests(bench)
    ids: list[str] = []
    for one in sent:
        action = f"{ACTION}{one.operation}"
        expect_equal(one.http_action, action, "paramètre action du Content-Type")
        expect_equal(one.header(WSA, "Action").text, action, "en-tête Action")
        bam, lps = one.contexts
        ids += [one.message_id, text(bam, "Id", CTXBAM), text(lps, "Id", CTXLPS)]
        for context, namespace in ((bam, CTXBAM), (lps, CTXLPS)):
            _expect_now(text(context, "Temps", namespace), one)
    expect_equal(len(sent), 3, "nombre de demandes")
    for place, written in enumerate(ids):
        expect(
            _is_uuid(written.removeprefix("urn:").removeprefix("uuid:")),
            f"l’identifiant n° {place + 1} n’est pas un UUID",
        )
    expect_equal(len({*ids}), len(ids), "nombre d’identifiants différents")


@checks(
    "insi.messages.software",
    "SC.INS/va1.34",
    "KIT-INSI-03",
    purpose="Le service reconnaît le logiciel, sa version et l’installation qui l’interrogent.",
    steps=("nommer le logiciel « LGO Exemple » version 4.2", "rechercher deux personnes", "lire ContexteLPS"),
    expected="Nom vaut urn:lps:nom:version, Version est celle du logiciel, Instance un UUID qui ne change pas",
    mend="composer Nom avec ce que l’hôte dit du logiciel ; garder Instance d’un appel à l’autre",
    film="l’écran « À propos » du logiciel et l’en-tête envoyé",
    kinds=PLUGIN_KINDS,
)
def software(bench: Bench) -> None:
    """``Nom`` is a URN of name and version; ``Instance`` is stable."""
    known = _configured(bench)["software"]
    subject = bench.start(software={**known, "name": "LGO Exemple", "version": "4.2"})
    ask_by_traits(subject, criteria("ADRUN", "ZOE"))
    ask_by_traits(subject, criteria("ADRTROIS", "DOMINIQUE"))
    described = [one.contexts[1] for one in requests(bench)]
    expect_equal(len(described), 2, "nombre de demandes")
    for lps in described:
        name = text(lps, "LPS/Nom", CTXLPS)
        expect(re.fullmatch(r"urn:lps:LGO(?:%20|[-_+.])?Exemple:4\.2", name), f"Nom vaut {name!r}")
        expect_equal(text(lps, "LPS/Version", CTXLPS), "4.2", "Version")
        idam = lps.find(f"{{{CTXLPS}}}LPS/{{{CTXLPS}}}IDAM")
        expect(idam is not None and idam.get("R") == "4", 'IDAM ne porte pas R="4"')
        expect_equal(text(lps, "LPS/IDAM", CTXLPS), known["authorisation"], "numéro d’autorisation")
    instances = [text(lps, "LPS/Instance", CTXLPS) for lps in described]
    expect(_is_uuid(instances[0]), "Instance n’est pas un UUID")
    expect_equal(len({*instances}), 1, "nombre d’instances pour une seule installation")


@checks(
    "insi.messages.authorisation",
    "SC.INS/va1.34",
    "KIT-INSI-04",
    purpose="Un numéro d’autorisation inconnu est une erreur de configuration : insister ne sert à rien.",
    steps=("configurer un numéro d’autorisation inconnu du service", "rechercher une personne"),
    expected="ce numéro est envoyé une seule fois ; une erreur typée et durable porte le code desir_550",
    mend="ne jamais réessayer après desir_550 et transmettre le code à l’hôte",
    film="le message affiché quand l’autorisation est inconnue",
    kinds=PLUGIN_KINDS,
)
def authorisation(bench: Bench) -> None:
    """The number sent is the configured one, and its refusal is not retried."""
    known = _configured(bench)["software"]
    subject = bench.start(software={**known, "authorisation": "TESTSGIE9999"})
    answer = ask_by_traits(subject, criteria("ADRUN", "ZOE"))
    expect_refused(answer, "numéro d’autorisation inconnu")
    expect_temporary(answer, "numéro d’autorisation inconnu", temporary=False)
    expect("desir_550" in str(errors(answer)), "le code desir_550 n’est pas transmis")
    sent = [text(one.contexts[1], "LPS/IDAM", CTXLPS) for one in requests(bench)]
    expect_equal(sent, ["TESTSGIE9999"], "numéros d’autorisation envoyés")


@checks(
    "insi.messages.emitter",
    "SC.INS/va1.65",
    "S003-29",
    purpose="La structure est désignée par son certificat, sans carte de professionnel dans un lecteur.",
    steps=(
        "retirer toutes les cartes des lecteurs",
        "rechercher une personne",
        "lire Emetteur dans les deux contextes",
    ),
    expected="Emetteur est l’OU du certificat présenté, et aucune assertion n’accompagne la demande",
    mend="lire l’OU du certificat choisi pour l’appel (ctx.keys.certificate)",
    film="le certificat de la structure et l’en-tête envoyé",
)
def emitter(bench: Bench) -> None:
    """Both contexts name the structure as the certificate does."""
    for reader in bench.readers:
        bench.sandbox.insert(reader, None)
    individual(ask_by_traits(bench.start(), criteria("ADRUN", "ZOE")))
    certificate = Path(bench.sandbox.descriptor["certificates"]["insi-manu"]["cert"]).read_bytes()
    subject = x509.load_pem_x509_certificate(certificate).subject
    unit = subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value
    (sent,) = requests(bench)
    for context, namespace in zip(sent.contexts, (CTXBAM, CTXLPS), strict=True):
        expect_equal(text(context, "Emetteur", namespace), unit, "Emetteur")
    expect(sent.security is None or not len(sent.security), "une assertion accompagne une recherche par traits")


def _configured(bench: Bench) -> dict[str, Any]:
    return tomllib.loads(bench.sandbox.config.read_text("utf-8"))


def _expect_now(written: str, sent: Sent) -> None:
    expect(_UTC.fullmatch(written), "Temps n’est pas une date et une heure UTC")
    received = datetime.fromisoformat(sent.exchange["at"])
    expect(abs(received - datetime.fromisoformat(written)) < _SKEW, "Temps n’est pas l’heure de l’envoi")


def _is_uuid(written: str) -> bool:
    try:
        return str(UUID(written)) == written.lower()
    except ValueError:
        return False
