"""TD2.1: what is fed is kept as it was, once, and what replaces takes the place of what was there."""

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segur_sandbox.dmp.store import Entry, Store

APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"


def test_dmp_keeps_the_document_byte_for_byte(dmp: Any) -> None:
    lot = dmp.lot()
    answer = dmp.feed(lot)
    assert (answer.status, answer.said, answer.multipart) == (200, "Success", True)
    (entry,) = dmp.entries(lot.document_id)
    assert entry["sha1"] == hashlib.sha1(lot.document, usedforsecurity=False).hexdigest()
    assert (entry["size"], entry["status"]) == (len(lot.document), APPROVED)
    status, found = dmp.control("GET", f"/dmp/document?unique_id={lot.document_id}")
    assert (status, [base64.b64decode(one) for one in found["documents"]]) == (200, [lot.document])
    assert dmp.counts(lot.document_id) == dmp.counts(lot.unique_id) == (1, 1)


def test_dmp_documents_are_listed_by_a_command(dmp: Any) -> None:
    lot = dmp.lot()
    dmp.feed(lot)
    done = subprocess.run(
        [sys.executable, "-m", "segur_sandbox", "dmp", "list", "--sandbox", str(dmp.data)],
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (line,) = (one for one in done.stdout.splitlines() if lot.document_id in one)
    cells = [one.strip() for one in line.strip("│ ").split("│")]
    assert cells == [lot.document_id, "279035121518989", "Entretien pharmaceutique", "1", "Approved"]


def test_dmp_audit_says_who_fed_what(dmp: Any) -> None:
    lot = dmp.lot()
    dmp.feed(lot)
    (line,) = dmp.state()["audit"]
    assert (line["transaction"], line["user"], line["structure"]) == ("TD2.1", "899700075122", "10B0152872")
    assert (line["mode"], line["outcome"], line["documents"]) == ("INDIRECTE", "accepted", [lot.document_id])


def test_dmp_takes_documents_in_the_envelope_unless_told_not_to(dmp: Any) -> None:
    def sent() -> Any:
        body, parts = dmp.lot().body()
        for name, content in parts.items():
            include = f'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:{name}"/>'
            body = body.replace(include, base64.b64encode(content).decode())
        return dmp.ask("feed", body)

    answer = sent()
    assert (answer.said, answer.multipart) == ("Success", False)
    dmp.settings(inline_documents=False)
    assert sent().said.startswith("soap:sandbox_mime|a document is in the envelope")


def test_dmp_direct_feeding_by_card(dmp: Any, cpx: Callable[[str], Callable[[str], str]]) -> None:
    power(cpx)
    authentication, signature = dmp.card("2800901100")
    direct = {"attributes": {"Authentification_mode": "DIRECTE"}}
    lot = dmp.lot(signer=signature)
    assert dmp.feed(lot, key=authentication, signer=signature, vihf=direct).said == "Success"
    other = dmp.lot(signer=signature, entry={"person": person("899700366240")}, document={"author": "899700366240"})
    answer = dmp.feed(other, key=authentication, signer=signature, vihf=direct)
    assert answer.said == "XDSRegistryMetadataError|PS et Structure non liés"


def power(cpx: Callable[[str], Callable[[str], str]]) -> None:
    """Have the certificates of a card made: they are when it is first read."""
    cpx("cps:pharmacist")("00 A4 04 00 00")


def person(identifier: str) -> str:
    return f"{identifier}^NOM^PRENOM^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"


def _uuid(dmp: Any, unique_id: str) -> str:
    return str(dmp.entries(unique_id)[0]["entry_uuid"])


def test_dmp_a_later_version_takes_the_place_of_the_first(dmp: Any) -> None:
    set_id = dmp.oid()
    first = dmp.lot(document={"set_id": set_id})
    dmp.feed(first)
    second = _version(dmp, first, set_id)
    assert dmp.feed(second).said == "Success"
    assert [one["status"] for one in dmp.entries(first.document_id)] == [DEPRECATED]
    assert [(one["status"], one["number"]) for one in dmp.entries(second.document_id)] == [(APPROVED, 2)]
    assert dmp.feed(second).said == "Success"
    third = _version(dmp, first, set_id)
    assert dmp.feed(third).said.startswith("XDSRegistryDeprecatedDocumentError|")


def _version(dmp: Any, first: Any, set_id: str, of_set: str = "", **changes: Any) -> Any:
    said = {"set_id": of_set or set_id, "version": "2", "related": dmp.replacing(first.document_id), **changes}
    return dmp.lot(document=said, replaced=_uuid(dmp, first.document_id))


@pytest.mark.parametrize(
    ("changes", "replaced", "code"),
    [
        pytest.param({"version": "1"}, True, "XDSRegistryMetadataError", id="version"),
        pytest.param({"of_set": "2.25.99"}, True, "XDSRegistryMetadataError", id="set"),
        pytest.param({"related": ""}, True, "XDSRegistryMetadataError", id="not-said-in-the-document"),
        pytest.param({}, False, "XDSRegistryMetadataError", id="no-rplc"),
        pytest.param({}, "urn:uuid:00000000-0000-4000-8000-000000000000", "XDSRegistryMetadataError", id="unknown"),
    ],
)
def test_dmp_a_replacement_that_is_none_is_refused(
    dmp: Any, changes: dict[str, str], replaced: bool | str, code: str
) -> None:
    set_id = dmp.oid()
    first = dmp.lot(document={"set_id": set_id})
    dmp.feed(first)
    lot = _version(dmp, first, set_id, **changes)
    lot.replaced = replaced if isinstance(replaced, str) else lot.replaced if replaced else None
    assert dmp.feed(lot).said.partition("|")[0] == code
    assert [one["status"] for one in dmp.entries(first.document_id)] == [APPROVED]
    assert dmp.counts(lot.document_id) == (0, 0)
    assert dmp.feed(_version(dmp, first, set_id)).said == "Success"


@pytest.mark.parametrize(
    ("duplicates", "said", "counts", "kept"),
    [
        pytest.param("idempotent", "Success", (2, 1), 1, id="idempotent"),
        pytest.param("refuse", "XDSDuplicateUniqueIdInRegistry", (2, 1), 1, id="refuse"),
        pytest.param("accept", "Success", (2, 2), 2, id="accept"),
    ],
)
def test_dmp_what_becomes_of_a_duplicate(
    dmp: Any, duplicates: str, said: str, counts: tuple[int, int], kept: int
) -> None:
    dmp.settings(duplicates=duplicates)
    lot = dmp.lot()
    assert dmp.feed(lot).said == "Success"
    assert dmp.feed(lot).said.partition("|")[0] == said
    assert (dmp.counts(lot.document_id), len(dmp.entries(lot.document_id))) == (counts, kept)
    assert dmp.counts(lot.unique_id) == counts


def test_dmp_idempotence_is_switched_off_by_a_variant(dmp: Any) -> None:
    lot = dmp.lot()
    assert dmp.feed(lot).said == dmp.feed(lot).said == "Success"
    assert dmp.counts(lot.document_id) == (2, 1)
    dmp.fault("wrong_answer", variant="accept_duplicates", count=1)
    assert dmp.feed(lot).said == "Success"
    assert dmp.counts(lot.document_id) == (3, 2)


def test_dmp_a_unique_id_is_never_that_of_other_bytes(dmp: Any) -> None:
    lot = dmp.lot()
    assert dmp.feed(lot).said == "Success"
    other = dmp.lot(document={"unique_id": lot.document_id, "body": "JVBERi0xLjQgYXV0cmU="})
    assert dmp.feed(other).said.startswith("XDSNonIdenticalHash|")
    assert dmp.counts(lot.document_id) == (1, 1)
    assert dmp.feed(dmp.lot()).said == "Success"


def test_dmp_a_submission_set_is_taken_once(dmp: Any) -> None:
    first, second = dmp.lot(), dmp.lot()
    assert dmp.feed(first).said == "Success"
    second.unique_id, own = first.unique_id, second.unique_id
    assert dmp.feed(second).said.startswith("XDSDuplicateUniqueIdInRegistry|")
    assert (dmp.counts(first.unique_id), dmp.counts(second.document_id)) == ((2, 1), (0, 0))
    second.unique_id = own
    assert dmp.feed(second).said == "Success"


def test_dmp_answer_lost_after_the_lot_was_taken(dmp: Any) -> None:
    lot = dmp.lot()
    dmp.fault("answer_lost", operation="TD2.1", count=1)
    lost = dmp.feed(lot)
    assert (lost.code != 0, lost.status) == (True, 0)
    assert dmp.counts(lot.document_id) == (1, 1)
    assert dmp.feed(lot).said == "Success"
    assert dmp.counts(lot.document_id) == (2, 1)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param({"status": "closed"}, "DMPClosed", id="closed"),
        pytest.param({"status": "none"}, "XDSUnknownPatientId", id="none"),
    ],
)
def test_dmp_a_record_that_is_not_open_takes_nothing(dmp: Any, state: dict[str, str], said: str) -> None:
    lot = dmp.lot()
    dmp.patient(**state)
    assert dmp.feed(lot).said.partition("|")[0] == said
    assert dmp.counts(lot.document_id) == (0, 0)
    dmp.patient(status="active")
    assert dmp.feed(lot).said == "Success"


def test_dmp_keeps_what_it_has_across_runs(tmp_path: Path) -> None:
    folder = tmp_path / "dmp"
    store = Store(folder)
    entry = Entry(
        entry_uuid="urn:uuid:1",
        logical_id="urn:uuid:1",
        unique_id="2.25.1",
        patient="p",
        lot="2.25.2",
        sha1=store.keep(b"<a/>"),
        size=4,
        status=APPROVED,
        people=("1",),
        structures=("2",),
        set_id="2.25.3",
        number=1,
        metadata={"name": "é"},
        signature=False,
    )
    store.commit("2.25.2", [entry], {})
    store.commit("2.25.4", [], {"urn:uuid:1": DEPRECATED})
    with (folder / "registry.jsonl").open("ab") as journal:
        journal.write(b'{"half')
    again = Store(folder)
    assert [(one.status, one.people) for one in again.with_unique_id("2.25.1")] == [(DEPRECATED, ("1",))]
    assert (again.has_lot("2.25.2"), again.document(entry.sha1)) == (True, b"<a/>")
    again.commit("2.25.5", [], {"urn:uuid:1": APPROVED})
    found = Store(folder).find("urn:uuid:1")
    assert found is not None
    assert found.status == APPROVED
