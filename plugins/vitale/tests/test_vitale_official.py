"""The slot for the official reading API: its document becomes a reading, and what is missing is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_vitale.official_api import OfficialApi
from segur_plugin_vitale.official_document import supplied_by
from segur_sandbox.running import RunningSandbox
from segur_sdk.drivers import OfficialReading
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardNature, ReadingFlag
from segur_testing.hosts import HostFactory

ADAPTER = "segur_testing.official_api:SandboxReadingApi"
ZOE = (
    "<listeBenef><beneficiaire><ident><nomPatronymique>ADRUN</nomPatronymique><prenomUsuel>ZOE</prenomUsuel>"
    "<naissance><date>19751231</date><dateEnCarte>751231</dateEnCarte></naissance>"
    "<rangDeNaissance>1</rangDeNaissance><nir>275126322074974</nir></ident></beneficiaire></listeBenef>"
)


def read(document: str | bytes, nature: str = "R") -> OfficialReading:
    content = document if isinstance(document, bytes) else document.encode()
    return OfficialReading(component="api 6.00", nature=nature, serial="1", document=content)


class Library:
    """An adapter as its editor would write it."""

    def __init__(self, library: str = "") -> None:
        if library:
            raise OSError("cannot open shared object file")

    def read(self, slot: str) -> OfficialReading:
        if slot == "garbage":
            raise ValueError("ADRUN ZOE 275126322074974")
        if slot == "other":
            return "a reading"  # type: ignore[return-value]
        return read(ZOE)


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name the adapter as if its module were installed."""
    import sys
    from types import ModuleType

    module = ModuleType("official_adapter_of_an_editor")
    module.Library = Library  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return f"{module.__name__}:Library"


@pytest.mark.req("R20")
def test_the_document_becomes_a_supplied_reading() -> None:
    found = supplied_by(read(ZOE))

    [person] = found.beneficiaries
    assert (found.component, found.nature, found.serial) == ("api 6.00", CardNature.REAL, "1")
    assert (person.nom_patronymique, person.prenom_usuel, person.nir) == ("ADRUN", "ZOE", "275126322074974")


@pytest.mark.parametrize(
    ("document", "reason", "field"),
    [
        pytest.param("", "xml", None, id="empty"),
        pytest.param("<listeBenef>", "xml", None, id="not_closed"),
        pytest.param('<!DOCTYPE a [<!ENTITY b "c">]><listeBenef/>', "xml", None, id="document_type"),
        pytest.param("<listeBenef/>", "document", None, id="nobody"),
        pytest.param("<autre><beneficiaire/></autre>", "document", None, id="another_root"),
        pytest.param(f"<listeBenef>{'<beneficiaire/>' * 20}</listeBenef>", "document", None, id="twenty_people"),
        pytest.param("<listeBenef><beneficiaire/></listeBenef>", "document", "nom_patronymique", id="no_name"),
        pytest.param(ZOE.replace("19751231", "1975-12-31"), "document", "date", id="date_of_another_form"),
        pytest.param(
            ZOE.replace("<rangDeNaissance>1", "<rangDeNaissance>0"), "document", "rang_de_naissance", id="rank"
        ),
        pytest.param(ZOE.replace("</ident>", "<nir>1</nir></ident>"), "document", "ident/nir", id="a_number_twice"),
        pytest.param(
            ZOE.replace("<prenomUsuel>ZOE", "<prenomUsuel><b>ZOE</b>"), "document", "ident/prenomUsuel", id="not_text"
        ),
    ],
)
def test_another_document_is_refused_without_its_content(document: str, reason: str, field: str | None) -> None:
    with pytest.raises(CardError) as refused:
        supplied_by(read(document))

    assert (refused.value.code, refused.value.facts["reason"]) == ("card.unreadable", reason)
    assert refused.value.facts.get("field") == field
    assert not any(word in everything_said(refused.value) for word in ("ADRUN", "ZOE", "275126322074974"))


def everything_said(failure: BaseException | None) -> str:
    """Return all that a log or a crash report may show of a failure and of what stands behind it."""
    said = []
    while failure is not None:
        said += [str(failure), repr(vars(failure))]
        failure = failure.__cause__ or failure.__context__
    return "\n".join(said)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_reading_or_a_typed_error(document: bytes) -> None:
    with pytest.raises(CardError):
        supplied_by(read(document))


@pytest.mark.parametrize(
    ("name", "options", "slot", "code", "reason"),
    [
        pytest.param("", {}, "a", "card.official_api_missing", "no_adapter", id="none_named"),
        pytest.param("no_such_module:A", {}, "a", "card.official_api_missing", "no_module", id="no_module"),
        pytest.param("{adapter}Missing", {}, "a", "card.official_api_missing", "no_class", id="no_class"),
        pytest.param("{adapter}", {"library": "x.so"}, "a", "card.official_api_missing", "no_library", id="library"),
        pytest.param("{adapter}", {"other": "1"}, "a", "card.official_api_failed", "TypeError", id="wrong_option"),
        pytest.param("{adapter}", {}, "garbage", "card.official_api_failed", "ValueError", id="it_raises"),
        pytest.param("{adapter}", {}, "other", "card.official_api_failed", "answer", id="another_answer"),
    ],
)
def test_what_is_missing_of_the_official_api_is_said(
    adapter: str, name: str, options: dict[str, str], slot: str, code: str, reason: str
) -> None:
    api = OfficialApi(name.format(adapter=adapter), options, encoding="iso-8859-1")

    with pytest.raises(CardError) as refused:
        api.read(slot)

    assert (refused.value.code, refused.value.facts["reason"]) == (code, reason)
    assert "ADRUN" not in everything_said(refused.value)


def official_settings(sandbox: RunningSandbox) -> dict[str, object]:
    return {"reading": "official", "official_adapter": ADAPTER, "official_options": {"sandbox": str(sandbox.path)}}


@pytest.mark.req("R20", "CARD-08")
def test_a_lunar_date_stays_lunar_whatever_the_official_api_makes_of_it(
    segur_sandbox: RunningSandbox, segur_host_with: HostFactory
) -> None:
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, "lunar")
    host = segur_host_with("vitale", settings={"vitale": official_settings(segur_sandbox)}, sandbox=segur_sandbox)

    [person] = host.read_card(reader).beneficiaries

    assert ReadingFlag.LUNAR_DATE in person.flags
    assert (person.date_naissance, person.date_en_carte) == (None, "752000")


@pytest.mark.req("R20", "CARD-07")
@pytest.mark.parametrize("card", ["family", "twins", "no-century", "accents", "nineteen"])
def test_official_and_raw_reading_agree_on_who_is_on_a_card(
    segur_sandbox: RunningSandbox, segur_host_with: HostFactory, card: str
) -> None:
    official = {
        "reading": "official",
        "official_adapter": ADAPTER,
        "official_options": {"sandbox": str(segur_sandbox.path)},
    }
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, card)
    raw = segur_host_with("vitale", sandbox=segur_sandbox).read_card(reader)
    host = segur_host_with("vitale", settings={"vitale": official}, sandbox=segur_sandbox)

    found = host.read_card(reader)

    def people(reading: object) -> list[tuple[object, ...]]:
        return [
            (one.position, one.nom, one.prenom, one.date_naissance, one.rang_naissance, one.nir, one.flags)
            for one in reading.beneficiaries  # type: ignore[attr-defined]
        ]

    assert people(found) == people(raw)
    assert found.provenance.startswith("supplied:api-lecture")
    assert (found.nature, found.serial, found.presence) == (raw.nature, raw.serial, host.read_card(reader).presence)


@pytest.mark.req("R20")
def test_without_the_api_a_host_says_so(segur_sandbox: RunningSandbox, segur_host_with: HostFactory) -> None:
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, "single")
    host = segur_host_with("vitale", settings={"vitale": {"reading": "official"}}, sandbox=segur_sandbox)

    with pytest.raises(CardError) as refused:
        host.read_card(reader)

    assert refused.value.code == "card.official_api_missing"
