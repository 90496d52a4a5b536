"""From the counter to the sandbox's DMP: fed once, replaced, withdrawn, refused, by the reference host."""

from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from plugins.dmp.tests.at_the_sandbox import in_words, pharmacist, settled, version_of, zoe
from plugins.dmp.tests.scripted_dmp import PARIS, draft
from segur_sdk.models.document import Concept, PdfBody, Vaccination, VaccinationBody, Vaccine

if TYPE_CHECKING:
    from segur_host import Host
    from segur_sandbox.running import RunningSandbox


@pytest.mark.req("SC.DMP/CONF.05", "S000-34")
def test_interview_is_fed_by_the_structure_once(
    open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox"
) -> None:
    host = open_host()
    author = pharmacist()
    given = draft(identity=zoe(host), author=author, validator=author)
    sent = settled(host, given, idempotency_key="k1")
    assert in_words(sent) == ("sent", [])
    assert sent.sent is not None
    assert settled(host, given, idempotency_key="k1").id == sent.id
    (document,) = segur_sandbox.dmp_documents(sent.sent.references["document"])
    assert sent.prepared is not None
    assert document == sent.prepared.parts[0].data


@pytest.mark.parametrize("query", ["get_documents", "find_documents"])
def test_new_version_replaces_the_one_before_and_the_last_is_withdrawn(
    open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox", query: str
) -> None:
    host = open_host(reference_query=query)
    author = pharmacist()
    identity = zoe(host)
    who = {"identity": identity, "author": author, "validator": author}
    one = version_of(settled(host, draft(**who)))
    second = settled(host, draft(**who, replaces=one, title="Entretien asthme, corrigé"))
    assert in_words(second) == ("sent", [])
    two = version_of(second)
    assert (two.number, two.set_id, two.replaces) == (2, one.set_id, one.id)
    own = draft(**who, replaces=two, title="Entretien asthme, corrigé")
    host.oppose(identity.identity_ref)
    assert [one.code for one in host.send(own).reasons] == ["gate.patient_opposed", "dmp.unchanged"]
    assert in_words(settled(host, own, kind="dmp-delete")) == ("sent", [])
    entries = {one["unique_id"]: one["status"].rpartition(":")[2] for one in segur_sandbox.dmp_now()["entries"]}
    assert (entries[one.id], entries[two.id]) == ("Deprecated", "Deleted")


CIS = Concept(code="60004277", system="1.2.250.1.213.2.3.1", label="VACCIN D’ESSAI, suspension injectable")
ATC = Concept(code="J07BB02", system="2.16.840.1.113883.6.73", label="Grippe, antigène inactivé, virion fragmenté")
JAB = Vaccination(given_at=PARIS, vaccine=Vaccine(code=CIS, translations=(ATC,), name="VACCIN D’ESSAI"))


@pytest.mark.req("S000-35", "S000-36")
def test_every_kind_of_body_is_taken(open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox") -> None:
    host = open_host(existence_test="never")
    author = pharmacist()
    who = {"identity": zoe(host), "author": author, "validator": author}
    document = etree.fromstring(host.rehearse(draft(**who)).parts[0].data)
    pdf = b64decode(document.findtext(".//{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text") or "")
    given: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("56445-0", "Bilan partagé de médication", {}),
        ("87273-9", "Note de vaccination", {"body": VaccinationBody(vaccinations=(JAB,))}),
        ("34133-9", "Synthèse d’épisode de soins", {"body": PdfBody(pdf=pdf)}),
    )
    for kind, title, more in given:
        assert in_words(settled(host, draft(**who, document_type=kind, title=title, **more))) == ("sent", []), title
    assert len(segur_sandbox.dmp_now()["lots"]) == 3


@pytest.mark.parametrize(
    ("status", "code"), [("closed", "dmp.closed"), ("none", "dmp.no_record")], ids=["closed", "none"]
)
def test_document_of_who_has_no_open_record_is_kept_and_said(
    open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox", status: str, code: str
) -> None:
    host = open_host()
    identity = zoe(host)
    assert identity.matricule is not None
    segur_sandbox.dmp_patient(identity.matricule.value, status=status)
    author = pharmacist()
    kept = settled(host, draft(identity=identity, author=author, validator=author))
    assert in_words(kept) == ("rejected", [code])


@pytest.mark.parametrize(
    ("role", "settings", "code"),
    [
        pytest.param("G15_21", {}, "dmp.role_incomplete", id="pharmacist without tableau"),
        pytest.param("G15_21/A", {"mode": "indirect_renforcee"}, "dmp.air_feeding", id="AIR"),
    ],
)
def test_what_the_service_would_refuse_is_refused_at_the_gate(
    open_host: "Callable[..., Host]", segur_sandbox: "RunningSandbox", role: str, settings: dict[str, str], code: str
) -> None:
    host = open_host(**settings)
    author = pharmacist(role)
    receipt = host.send(draft(identity=zoe(host), author=author, validator=author))
    assert receipt.intent is None
    assert [one.code for one in receipt.reasons] == [code]
    assert segur_sandbox.exchanges("dmp") == []


def test_rehearsal_by_the_host_is_what_goes_out(open_host: "Callable[..., Host]") -> None:
    host = open_host()
    author = pharmacist()
    parts = host.rehearse(draft(identity=zoe(host), author=author, validator=author)).parts
    assert [one.name for one in parts] == [
        "document.xml",
        "metadata.xml",
        "signature.xml",
        "vihf.xml",
        "message.mime",
    ]
