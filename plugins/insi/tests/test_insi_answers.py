"""Answers of INSi: every shape that was seen is read, whatever is not an answer is refused."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from segur_plugin_insi.answers import Answer
from segur_plugin_insi.replies import MAX_ANSWER, read_reply
from segur_sdk.context import HttpReply
from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.models.identity import CrCode, InsIndividual, InsOid, Sex

NIR = InsOid.NIR.value
NIA = InsOid.NIA.value
NS = 'xmlns="http://www.cnamts.fr/INSiResultat"'
SOAP = "http://www.w3.org/2003/05/soap-envelope"
FOUND = "<CR><CodeCR>00</CodeCR><LibelleCR>OK</LibelleCR></CR>"
NOT_FOUND = "<CR><CodeCR>01</CodeCR><LibelleCR>Aucune identite trouvee</LibelleCR></CR>"
NUMBER = "<IdIndividu><NumIdentifiant>2751263220749</NumIdentifiant><Cle>74</Cle></IdIndividu>"
ACTIVE = f"<INSACTIF>{NUMBER}<OID>{NIR}</OID></INSACTIF>"
TIQ = "<TIQ><NomNaissance>ADRUN</NomNaissance><ListePrenom>ZOE</ListePrenom><Sexe>F</Sexe></TIQ>"
ECETINSI_LIVE = (
    f'<RESULTAT {NS} xmlns:ns0="http://www.cnamts.fr/INSiRecVit" xmlns:ns1="http://www.cnamts.fr/INSiRecSans">'
    f"{FOUND}<INDIVIDU><INSACTIF><IdIndividu><NumIdentifiant>1090763220834</NumIdentifiant><Cle>89</Cle>"
    f"</IdIndividu><OID>{NIR}</OID></INSACTIF><INSHISTO><IdIndividu><NumIdentifiant>2090763220834</NumIdentifiant>"
    f"<Cle>39</Cle></IdIndividu><OID>{NIR}</OID><DateDeb>2019-03-01</DateDeb><DateFin>2019-02-28</DateFin></INSHISTO>"
    "<TIQ><NomNaissance>ECETINSI</NomNaissance><ListePrenom>PIERRE-ALAIN MURIEL FLORIANT</ListePrenom><Sexe>M</Sexe>"
    "<DateNaissance>2009-07-14</DateNaissance><LieuNaissance>63220</LieuNaissance></TIQ></INDIVIDU></RESULTAT>"
)

Wrap = Callable[..., bytes]


def read(body: bytes, status: int = 200) -> Answer:
    return read_reply(HttpReply(status=status, headers={}, body=body))


def found(answer: Answer) -> InsIndividual:
    assert answer.cr is CrCode.FOUND
    assert answer.individual is not None
    return answer.individual


def history(person: InsIndividual) -> list[str]:
    return [entry.matricule.value for entry in person.history]


@pytest.mark.req("SC.INS/va1.35")
@pytest.mark.parametrize(
    ("file", "matricule", "oid", "formers", "first"),
    [
        pytest.param(
            "TEST_2.04_cas2.xml",
            "109076322083489",
            NIR,
            ["209076322083439", "209066322012355"],
            None,
            id="2.04: history, dates out of order",
        ),
        pytest.param("TEST_2.05.xml", "109076322088835", NIA, [], "MATRICULE", id="2.05: NIA"),
        pytest.param("TEST_2.08_cas1.xml", "180032B02040123", NIR, [], "ANTHONY", id="2.08-1: active in the history"),
        pytest.param(
            "TEST_2.08_cas2.xml", "181036322045660", NIR, ["281036322045610"], "GATIEN", id="2.08-2: wrong keys"
        ),
    ],
)
def test_supplied_replies_are_read(
    assets: Path, file: str, matricule: str, oid: str, formers: list[str], first: str | None
) -> None:
    person = found(read((assets / "replies" / file).read_bytes()))
    assert (person.matricule.value, person.matricule.oid) == (matricule, oid)
    assert history(person) == formers
    assert {entry.matricule.oid for entry in person.history} <= {NIR}
    assert person.traits.premier_prenom == first
    assert person.key_supplied


def test_the_supplied_reply_without_anybody_is_read(assets: Path) -> None:
    assert read((assets / "replies" / "REP_CR01.xml").read_bytes()) == Answer(CrCode.NOT_FOUND)


def test_the_live_reply_with_an_end_before_its_start_is_kept_as_received(envelope: Wrap) -> None:
    person = found(read(envelope(ECETINSI_LIVE)))
    (former,) = person.history
    assert (former.start, former.end) == (date(2019, 3, 1), date(2019, 2, 28))
    assert former.matricule.value == "209076322083439"
    assert person.traits.prenoms_naissance == ("PIERRE-ALAIN", "MURIEL", "FLORIANT")
    assert person.traits.premier_prenom is None


def test_the_live_reply_fits_the_official_schema(official_schema: etree.XMLSchema) -> None:
    official_schema.assertValid(etree.fromstring(ECETINSI_LIVE))


@pytest.mark.parametrize("prefix", ["soap", "env", "S", "x"])
def test_prefixes_mean_nothing(envelope: Wrap, prefix: str) -> None:
    prefixed = ECETINSI_LIVE.replace(NS, 'xmlns:r="http://www.cnamts.fr/INSiResultat"')
    prefixed = prefixed.replace("</", "</r:").replace("<", "<r:").replace("<r:/r:", "</r:")
    person = found(read(envelope(prefixed, prefix)))
    assert person == found(read(envelope(ECETINSI_LIVE)))


def test_a_header_in_the_answer_is_no_obstacle(envelope: Wrap) -> None:
    body = envelope(ECETINSI_LIVE).replace(b"<env:Body", b"<soap:Header><x/></soap:Header><env:Body")
    assert found(read(body)).matricule.value == "109076322083489"


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_any_number_of_former_matricules_is_a_list(resultat: Any, histo: Any, count: int) -> None:
    formers = [f"2{number:02d}0763220834{number:02d}" for number in range(count)]
    person = found(read_reply(resultat(history="".join(histo(former) for former in formers))))
    assert history(person) == formers


def test_the_active_matricule_is_dropped_from_the_history_dated_or_not(resultat: Any, histo: Any) -> None:
    active = "275126322074974"
    again = histo(active) + histo("209076322083439") + histo(active, after="<DateDeb>2001-01-01</DateDeb>")
    assert history(found(read_reply(resultat(active=active, history=again)))) == ["209076322083439"]


def test_the_same_digits_under_another_oid_are_another_matricule(resultat: Any, histo: Any) -> None:
    person = found(read_reply(resultat(history=histo("275126322074974", NIA))))
    assert [entry.matricule.oid for entry in person.history] == [NIA]


def test_order_and_unknown_elements_mean_nothing(envelope: Wrap) -> None:
    shuffled = f"<RESULTAT {NS}><INDIVIDU>{TIQ}<Nouveau><Cle>00</Cle></Nouveau>{ACTIVE}</INDIVIDU>{FOUND}</RESULTAT>"
    assert found(read(envelope(shuffled))).matricule.value == "275126322074974"


@pytest.mark.parametrize("missing", ["NomNaissance", "Prenom", "ListePrenom", "Sexe", "DateNaissance", "LieuNaissance"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_any_trait_may_be_missing(resultat: Any, missing: str, how: str) -> None:
    traits = found(read_reply(resultat(tiq={"Prenom": "ZOE", missing: None if how == "absent" else " "}))).traits
    told = {
        "NomNaissance": traits.nom_naissance,
        "Prenom": traits.premier_prenom,
        "ListePrenom": " ".join(traits.prenoms_naissance) or None,
        "Sexe": traits.sexe,
        "DateNaissance": traits.date_naissance,
        "LieuNaissance": traits.lieu_naissance,
    }
    assert {name for name, value in told.items() if value is None} == {missing}


def test_traits_are_kept_as_answered(resultat: Any) -> None:
    tiq = {"NomNaissance": "D'ARTAGNAN DE L'HERAULT", "DateNaissance": "2001-00-00", "Sexe": "M"}
    traits = found(read_reply(resultat(tiq=tiq))).traits
    assert (traits.nom_naissance, traits.date_naissance, traits.sexe) == (
        "D'ARTAGNAN DE L'HERAULT",
        "2001-00-00",
        Sex.MALE,
    )


def test_a_missing_key_is_computed_and_said(resultat: Any) -> None:
    person = found(read_reply(resultat(active="2751263220749")))
    assert person.matricule.value == "275126322074974"
    assert not person.key_supplied


def test_a_wrong_key_is_kept(resultat: Any) -> None:
    person = found(read_reply(resultat(active="181036322045660")))
    assert person.matricule.value == "181036322045660"
    assert not person.matricule.key_is_valid
    assert person.key_supplied


def test_a_nia_is_told_by_its_oid_alone(resultat: Any) -> None:
    assert found(read_reply(resultat(active="109076322088835", oid=NIA))).matricule.oid == NIA


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2019-02-28", date(2019, 2, 28)),
        ("2019-02-28Z", date(2019, 2, 28)),
        ("2019-02-28+01:00", date(2019, 2, 28)),
        ("2019-02-30", None),
        ("2019-00-00", None),
        ("28/02/2019", None),
        ("", None),
    ],
)
def test_a_history_date_that_is_none_is_left_out_the_matricule_kept(
    resultat: Any, histo: Any, written: str, read_as: date | None
) -> None:
    person = found(read_reply(resultat(history=histo("209076322083439", after=f"<DateDeb>{written}</DateDeb>"))))
    assert [(entry.matricule.value, entry.start) for entry in person.history] == [("209076322083439", read_as)]


def test_a_comment_does_not_cut_a_value_short(envelope: Wrap) -> None:
    content = f"<RESULTAT {NS}><CR><CodeCR>0<!-- -->1</CodeCR></CR></RESULTAT>"
    assert read(envelope(content)).cr is CrCode.NOT_FOUND


def individual(active: str = ACTIVE, tiq: str = TIQ) -> str:
    return f"<RESULTAT {NS}>{FOUND}<INDIVIDU>{active}{tiq}</INDIVIDU></RESULTAT>"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("", "content", id="empty body"),
        pytest.param("<html/>", "content", id="a page"),
        pytest.param(f"<RESULTAT>{NOT_FOUND}</RESULTAT>", "content", id="no namespace"),
        pytest.param(f'<RESULTAT xmlns="http://example.org/">{NOT_FOUND}</RESULTAT>', "content", id="other namespace"),
        pytest.param(f"<RESULTAT {NS}>{NOT_FOUND}</RESULTAT>" * 2, "content", id="two answers"),
        pytest.param(f"<RESULTAT {NS}>{NOT_FOUND}</RESULTAT><x/>", "content", id="answer and something else"),
        pytest.param(f"<RESULTAT {NS}/>", "missing", id="no CR"),
        pytest.param(f"<RESULTAT {NS}>{NOT_FOUND}{NOT_FOUND}</RESULTAT>", "repeated", id="two CR"),
        pytest.param(f"<RESULTAT {NS}><CR/></RESULTAT>", "return_code", id="no code"),
        pytest.param(f"<RESULTAT {NS}><CR><CodeCR>03</CodeCR></CR></RESULTAT>", "return_code", id="unknown code"),
        pytest.param(f"<RESULTAT {NS}><CR><CodeCR>0</CodeCR></CR></RESULTAT>", "return_code", id="cut code"),
        pytest.param(
            f"<RESULTAT {NS}><CR><CodeCR>00</CodeCR><CodeCR>01</CodeCR></CR></RESULTAT>", "repeated", id="two codes"
        ),
        pytest.param(f"<RESULTAT {NS}><CR><CodeCR><x/></CodeCR></CR></RESULTAT>", "not_text", id="markup in a code"),
        pytest.param(f'<RESULTAT {NS}><CR xmlns=""><CodeCR>01</CodeCR></CR></RESULTAT>', "missing", id="CR elsewhere"),
        pytest.param(f"<RESULTAT {NS}>{FOUND}</RESULTAT>", "individual", id="00 without anybody"),
        pytest.param(
            f"<RESULTAT {NS}>{NOT_FOUND}<INDIVIDU>{ACTIVE}{TIQ}</INDIVIDU></RESULTAT>",
            "individual",
            id="01 with somebody",
        ),
        pytest.param(
            individual().replace("<INDIVIDU>", f"<INDIVIDU>{ACTIVE}{TIQ}</INDIVIDU><INDIVIDU>"),
            "repeated",
            id="two people",
        ),
        pytest.param(individual(active=""), "missing", id="no active matricule"),
        pytest.param(individual(active=ACTIVE * 2), "repeated", id="two active matricules"),
        pytest.param(individual(tiq=""), "missing", id="no traits block"),
        pytest.param(individual(tiq=TIQ * 2), "repeated", id="two traits blocks"),
        pytest.param(individual(ACTIVE.replace("<OID>" + NIR + "</OID>", "")), "oid", id="no OID"),
        pytest.param(individual(ACTIVE.replace(NIR, "INS-NIR")), "oid", id="OID of letters"),
        pytest.param(individual(ACTIVE.replace("2751263220749", "275126322074")), "matricule", id="12 characters"),
        pytest.param(individual(ACTIVE.replace("2751263220749", "275126C220749")), "matricule", id="letter C"),
        pytest.param(individual(ACTIVE.replace("2751263220749", "٢751263220749")), "matricule", id="arabic digit"),
        pytest.param(
            individual(ACTIVE.replace("2751263220749", "275125A220749").replace("<Cle>74</Cle>", "")),
            "matricule",
            id="no key and none can be computed",
        ),
        pytest.param(individual(ACTIVE.replace(">74<", ">7<")), "key", id="key of one digit"),
        pytest.param(individual(ACTIVE.replace(">74<", ">AB<")), "key", id="key of letters"),
        pytest.param(individual(ACTIVE.replace(NUMBER, NUMBER * 2)), "repeated", id="two numbers"),
        pytest.param(individual(tiq=TIQ.replace(">F<", ">I<")), "sex", id="undetermined sex"),
        pytest.param(individual(tiq=TIQ.replace(">F<", ">f<")), "sex", id="sex in lower case"),
        pytest.param(
            individual(tiq=TIQ.replace("<Sexe>", "<DateNaissance>31/12/1975</DateNaissance><Sexe>")),
            "birth_date",
            id="date in another writing",
        ),
        pytest.param(individual(tiq=TIQ.replace("ADRUN", "A" * 1001)), "too_long", id="endless name"),
        pytest.param(individual(tiq=TIQ.replace("ADRUN", "<b>ADRUN</b>")), "not_text", id="markup in a name"),
        pytest.param("<a>" * 70 + "</a>" * 70, "too_deep", id="deep"),
    ],
)
def test_what_is_not_an_answer_is_refused(envelope: Wrap, content: str, reason: str) -> None:
    with pytest.raises(ServiceError) as caught:
        read(envelope(content))
    assert (caught.value.code, dict(caught.value.facts)) == ("insi.answer_unreadable", {"reason": reason})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "malformed", id="nothing"),
        pytest.param(b"<html><body>ADRUN</body>", "malformed", id="half a page"),
        pytest.param(b"<html/>", "not_soap_1_2", id="a page"),
        pytest.param(
            b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
            "not_soap_1_2",
            id="SOAP 1.1",
        ),
        pytest.param(f'<e:Envelope xmlns:e="{SOAP}"/>'.encode(), "missing", id="no body"),
        pytest.param(
            f'<e:Envelope xmlns:e="{SOAP}"><e:Body/><e:Body/></e:Envelope>'.encode(), "repeated", id="two bodies"
        ),
        pytest.param(b"\x00" * 500, "malformed", id="zeros"),
        pytest.param(b"<a>" + b" " * MAX_ANSWER + b"</a>", "too_large", id="huge"),
    ],
)
def test_what_is_not_an_envelope_is_refused(body: bytes, reason: str) -> None:
    for status in (200, 500):
        with pytest.raises(ServiceError) as caught:
            read(body, status)
        assert caught.value.facts == {"reason": reason}


@pytest.mark.parametrize(
    "internal",
    [
        pytest.param('<!DOCTYPE x [<!ENTITY c "00">]>', id="entity"),
        pytest.param('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', id="external"),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
            + "]>",
            id="billion laughs",
        ),
    ],
)
def test_a_document_type_is_refused(envelope: Wrap, internal: str) -> None:
    body = envelope(f"<RESULTAT {NS}>{NOT_FOUND}</RESULTAT>").replace(b"?>\n", f"?>{internal}".encode(), 1)
    with pytest.raises(ServiceError) as caught:
        read(body)
    assert caught.value.facts["reason"] in {"doctype", "malformed"}


def test_an_answer_cut_anywhere_is_refused_and_tells_nothing(envelope: Wrap) -> None:
    whole = envelope(ECETINSI_LIVE)
    for length in range(len(whole)):
        with pytest.raises(ServiceError) as caught:
            read(whole[:length])
        assert caught.value.facts == {"reason": "malformed"}


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        *((status, False) for status in (100, 204, 301, 400, 401, 403, 404, 501)),
        *((status, True) for status in (408, 429, 502, 503, 504)),
    ],
)
def test_another_http_status_is_no_answer_whatever_its_body(envelope: Wrap, status: int, retryable: bool) -> None:
    with pytest.raises(ServiceError) as caught:
        read(envelope(ECETINSI_LIVE), status)
    assert (caught.value.code, caught.value.retryable) == ("insi.http_status", retryable)
    assert caught.value.facts == {"status": status}


def test_a_functional_answer_does_not_come_with_500(envelope: Wrap) -> None:
    with pytest.raises(ServiceError) as caught:
        read(envelope(ECETINSI_LIVE), 500)
    assert caught.value.facts == {"reason": "content"}


NAMES = ["RESULTAT", "CR", "CodeCR", "INDIVIDU", "INSACTIF", "INSHISTO", "IdIndividu", "NumIdentifiant", "Cle", "OID"]
TEXTS = ["00", "01", "02", "2751263220749", "74", NIR, "F", "1975-12-31", "ADRUN", "", "\U0001f600"]


@st.composite
def trees(draw: st.DrawFn) -> str:
    node = st.recursive(
        st.sampled_from(TEXTS),
        lambda inner: st.builds(
            lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
            st.sampled_from([*NAMES, "TIQ", "NomNaissance", "Sexe", "DateNaissance", "DateDeb"]),
            st.lists(inner, max_size=4),
        ),
        max_leaves=25,
    )
    return f"<RESULTAT {NS}>{draw(node)}{draw(node)}</RESULTAT>"


@given(st.binary(max_size=200) | trees().map(str.encode), st.sampled_from([200, 500, 503]))
def test_whatever_comes_is_an_answer_or_a_typed_refusal(envelope: Wrap, content: bytes, status: int) -> None:
    body = envelope("@").replace(b"@", content)
    try:
        outcome = read(body, status).cr.value
    except SegurError as refused:
        outcome = refused.code
    assert outcome in {"00", "01", "02", "insi.answer_unreadable", "insi.http_status"}


@given(st.data())
def test_a_damaged_answer_is_an_answer_or_a_typed_refusal(envelope: Wrap, data: st.DataObject) -> None:
    body = bytearray(envelope(ECETINSI_LIVE))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    try:
        outcome = read(bytes(body)).cr.value
    except SegurError as refused:
        outcome = refused.code
    assert outcome in {"00", "insi.answer_unreadable"}
