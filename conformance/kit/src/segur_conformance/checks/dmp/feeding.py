"""What reaches the DMP: one document, once, by the structure's certificates, as the professional wrote it."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import CERTIFICATE_NAME, INTERVIEW, STRUCTURE, Counter
from segur_conformance.checks.dmp.registry import (
    CONFIDENTIALITY,
    EXISTENCE,
    FEEDING,
    HL7,
    INCLUDE,
    XDS_DOCUMENT,
    cda_of,
    documents,
    expect_fed_once,
    feedings,
    messages,
    operations,
    there,
)
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

_FILM: Final = "un entretien validé, puis le DMP de test du patient"
_MASKED: Final = ("MASQUE_PS", "INVISIBLE_PATIENT")
_PARIS_WINTER: Final = timedelta(hours=1)


@checks(
    "dmp.feeding.once",
    "S000-34",
    "S004-43",
    purpose="Un document qui n’arrive pas manque au patient ; un document en double égare ceux qui le soignent.",
    steps=(
        "alimenter le DMP d’un patient qualifié et informé d’un entretien pharmaceutique",
        "redonner le même envoi sous la même clé d’idempotence, relancer la file",
    ),
    expected="un document au registre, de ce type et de ce patient, pris une fois ; le second reçu est le premier",
    mend="garder les identifiants gelés avec l’intention ; rendre le même reçu à la même clé",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def once(bench: Bench) -> None:
    """One document, under the identifier that the user is told."""
    counter = Counter.opened(bench)
    draft = counter.draft()
    found = counter.fed(draft, key="essai-1")
    expect_equal(counter.let_in(draft, key="essai-1"), found["id"], "reçu de la même clé")
    counter.later()
    expect_fed_once(bench, "après un envoi donné deux fois")
    (entry,) = documents(bench)
    number = published("ADRUN", "ZOE")["matricule"]
    expect(str(entry["patient"]).startswith(f"{number['numero']}{number['cle']}"), "le document est d’un autre patient")
    expect_equal(found["sent"]["references"]["document"], entry["unique_id"], "identifiant rendu du document")
    code = there(cda_of(bench, entry["unique_id"]), "code", "le type")
    expect_equal(code.get("code"), INTERVIEW, "type du document")


@checks(
    "dmp.feeding.structure",
    "CERT-14",
    "SC.DMP.02.LGO",
    "S003-29",
    "R25",
    "DMP-0.1-210",
    purpose="Sans carte, c’est la structure qui répond de l’envoi : partout la même, celle de son certificat.",
    steps=(
        "retirer les cartes de tous les lecteurs",
        "alimenter le DMP, puis lire la connexion, le VIHF et le document",
    ),
    expected="authentification indirecte ; la structure du VIHF et celle du document sont celle du certificat",
    mend="prendre la structure dans le certificat qui signe, et refuser qu’il en soit autrement",
    film="un envoi au DMP, les lecteurs vides",
    kinds=PLUGIN_KINDS,
)
def structure(bench: Bench) -> None:
    """The structure of the certificate, in the assertion and in the document."""
    for reader in bench.readers:
        bench.sandbox.insert(reader, None)
    counter = Counter.opened(bench)
    found = counter.fed()
    number = published("ADRUN", "ZOE")["matricule"]
    for one in messages(bench):
        told = one.habilitation
        expect_equal(one.client.get("cn"), CERTIFICATE_NAME, "certificat de la connexion")
        expect_equal(told.get("Identifiant_Structure"), STRUCTURE, "Identifiant_Structure du VIHF")
        mode = told.get("Authentification_mode") or told.get("Authentification_Mode")
        expect_equal(mode, "INDIRECTE", "mode d’authentification du VIHF")
        about = told.get("urn:oasis:names:tc:xacml:2.0:resource:resource-id", "")
        expect(about.startswith(f"{number['numero']}{number['cle']}^"), "le VIHF est d’un autre patient")
    root = cda_of(bench, found["sent"]["references"]["document"])
    custodian = there(root, "custodian//id", "la structure qui le conserve")
    expect_equal(custodian.get("extension"), STRUCTURE, "structure qui conserve le document")


@checks(
    "dmp.feeding.nothing-more",
    "SC.DMP/CONF.05",
    "R11",
    "DMP/CONF.01",
    purpose="Alimenter n’autorise pas à lire : le logiciel ne demande ni accès ni document.",
    steps=("alimenter le DMP d’un document", "lire toutes les demandes que le DMP a reçues"),
    expected="le test d’existence (TD0.2), puis l’alimentation (TD2.1) ; rien d’autre, jamais d’autorisation (TD0.3)",
    mend="ne poser aucune autorisation pour alimenter ; tester l’existence avant",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def nothing_more(bench: Bench) -> None:
    """Is there a record, and here is a document."""
    Counter.opened(bench).fed()
    expect_equal(operations(bench), [EXISTENCE, FEEDING], "demandes reçues par le DMP")


@checks(
    "dmp.feeding.mtom",
    "EX_2.1-1260",
    "SC.DOC.02",
    purpose="Le document voyage à côté du message, octet pour octet : c’est ainsi que sa signature tient.",
    steps=("alimenter le DMP d’un document", "démonter le message reçu"),
    expected="multipart/related, XOP ; le CDA en pièce jointe, son corps un PDF en base64",
    mend="écrire le message en MTOM, jamais le document en base64 dans l’enveloppe",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def mtom(bench: Bench) -> None:
    """The document beside the envelope, and a PDF within it."""
    found = Counter.opened(bench).fed()
    (message,) = feedings(bench)
    expect_equal((message.media, message.root_media), ("multipart/related", "application/xop+xml"), "forme du message")
    for one in message.envelope.iter(XDS_DOCUMENT):
        expect(one.find(INCLUDE) is not None and not (one.text or "").strip(), "un document est dans l’enveloppe")
    expect_equal(len(message.attached), 2, "pièces jointes, le document et la signature du lot")
    root = cda_of(bench, found["sent"]["references"]["document"])
    body = there(root, "component/nonXMLBody/text", "le corps non structuré (nonXMLBody)")
    expect_equal((body.get("mediaType"), body.get("representation")), ("application/pdf", "B64"), "corps du document")
    expect(b64decode(body.text or "").startswith(b"%PDF-1."), "le corps du document n’est pas un PDF")


@checks(
    "dmp.feeding.act-date",
    "SC.DMP/HISTO.03",
    "PD-05",
    purpose="Un acte du lundi envoyé le jeudi reste un acte du lundi : c’est à sa date qu’on le cherche.",
    steps=("alimenter le DMP d’un document dont l’acte a trois jours", "lire le document et ses métadonnées"),
    expected="serviceEvent/effectiveTime et serviceStartTime (en temps universel) sont l’instant de l’acte",
    mend="reprendre la date de l’acte, jamais celle de l’envoi",
    film="le document dans le DMP de test, à la date de l’acte",
    kinds=PLUGIN_KINDS,
)
def act_date(bench: Bench) -> None:
    """The act's date, not the sending's."""
    act = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    # Written where the clocks are ahead of universal time: the metadata have to be in the latter.
    local = (act + _PARIS_WINTER).replace(tzinfo=None)
    counter = Counter.opened(bench)
    counter.fed(counter.draft(content={"act": {"start": f"{local.isoformat()}+01:00"}}))
    (entry,) = documents(bench)
    root = cda_of(bench, entry["unique_id"])
    low = there(root, "documentationOf/serviceEvent/effectiveTime/low", "serviceEvent/effectiveTime")
    expect_equal(str(low.get("value"))[:12], f"{local:%Y%m%d%H%M}", "début de l’acte dans le document")
    (start,) = entry["metadata"]["slots"].get("serviceStartTime") or [""]
    expect_equal(start[:12], f"{act:%Y%m%d%H%M}", "serviceStartTime")


@checks(
    "dmp.feeding.visibility",
    "DMP/va1.17",
    "DMP/va1.18",
    "S000-38",
    purpose="Un document masqué par erreur se rattrape ; un document montré par erreur, jamais.",
    steps=("alimenter le DMP d’un document visible de tous, puis d’un document masqué de chaque façon",),
    expected="les métadonnées portent N, et la visibilité demandée ; rien de plus",
    mend="écrire chaque visibilité demandée dans confidentialityCode, après N",
    film="le choix de la visibilité, puis le document dans le DMP de test",
    kinds=PLUGIN_KINDS,
)
def visibility(bench: Bench) -> None:
    """What was asked for, in the metadata."""
    counter = Counter.opened(bench)
    for kept_from in ((), *((one,) for one in _MASKED)):
        found = counter.fed(counter.draft(confidentiality=list(kept_from), title=f"Entretien {len(kept_from)}"))
        entry = next(one for one in documents(bench) if one["unique_id"] == found["sent"]["references"]["document"])
        coded = [one for one in entry["metadata"]["classifications"] if one["scheme"] == CONFIDENTIALITY]
        expect_equal([one["code"] for one in coded], ["N", *kept_from], "codes de confidentialité")


@checks(
    "dmp.feeding.recipients",
    "SC.DOC.04",
    purpose="Un document adressé dit à qui : c’est ce qui le distingue d’une copie.",
    steps=("alimenter le DMP d’un document adressé à deux personnes",),
    expected="le document les nomme toutes les deux (informationRecipient)",
    mend="écrire chaque destinataire dans l’en-tête du document",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def recipients(bench: Bench) -> None:
    """Each is named in the document."""
    named = [{"family_name": "DUPONT", "given_name": "ANNE"}, {"family_name": "MARTIN", "given_name": "PAUL"}]
    counter = Counter.opened(bench)
    found = counter.fed(counter.draft(content={"recipients": named}))
    root = cda_of(bench, found["sent"]["references"]["document"])
    told = [one.text for one in root.iterfind(f"{HL7}informationRecipient//{HL7}family")]
    expect_equal(told, [one["family_name"] for one in named], "destinataires nommés dans le document")
