"""The inventory of an installation: what each certificate is and whether it may be used, without asking anybody."""

from typing import Any

import pytest
from cryptography import x509

from plugins.certificates.tests.fake_host import Context, crl_of
from plugins.certificates.tests.made_pki import DAY, NOW, Made, Pki, make, make_leaf, org_name, published
from segur_sdk.errors import ConfigError, InputError
from segur_sdk.keyring import KeyPlace
from segur_sdk.models.actor import Environment, Structure
from segur_sdk.services.structure_certificates import CalendarRequest, CertificateStatus


@pytest.fixture
def known(host: Context, pki: Pki) -> Context:
    """A host that keeps a list of every authority: nothing is unknown."""
    host.keyring.keep_list(crl_of(pki.root))
    host.keyring.keep_list(crl_of(pki.organisations))
    host.keyring.keep_list(crl_of(pki.fort_root))
    host.keyring.keep_list(crl_of(pki.persons))
    return host


def hold(host: Context, pki: Pki, use: str, kind: str = "AUTH_CLI", **changes: Any) -> Made:
    made = make_leaf(pki.organisations, kind, changes.pop("subject", None), key_name=use, **changes.pop("leaf", {}))
    host.keyring.hold(use, made, pki.organisations, **changes)
    return made


@pytest.mark.req("S003-02", "S003-20", "CERT-04")
def test_row_says_what_a_certificate_is(known: Context, pki: Pki) -> None:
    made = hold(known, pki, "insi-auto", purposes=("insi-auto",))
    (row,) = known.rows().values()
    assert (row.id, row.offer, row.usage, row.certain) == ("insi-auto", "ORG", ("AUTH_CLI",), False)
    assert (row.environment, row.structure, row.common_name) == (Environment.TEST, "10B0152872", "INSI-AUTO")
    assert (row.serial, row.issuer) == (
        f"{made.certificate.serial_number:X}",
        "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
    )
    assert (row.status, row.findings, row.days_left) == (CertificateStatus.OK, (), 3 * 365)
    assert row.place == "p12:/etc/segur/insi-auto.p12"


def test_mail_certificate_is_named_as_forms_name_it(known: Context, pki: Pki) -> None:
    hold(known, pki, "messagerie", "SMIME")
    assert known.rows()["messagerie"].usage == ("CONF", "S/MIME")


@pytest.mark.req("S003-20", "CERT-07")
@pytest.mark.parametrize(
    ("left", "status"),
    [
        (91, "ok"),
        (90, "calendar"),
        (31, "calendar"),
        (30, "warning"),
        (8, "warning"),
        (7, "urgent"),
        (1, "urgent"),
        (0, "urgent"),
        (-1, "blocked"),
    ],
)
def test_status_follows_the_days_that_are_left(known: Context, pki: Pki, left: int, status: str) -> None:
    hold(known, pki, "insi-auto", leaf={"begin": NOW - 400 * DAY, "end": NOW + left * DAY})
    row = known.rows()["insi-auto"]
    assert (row.status, row.days_left) == (CertificateStatus(status), left)


@pytest.mark.req("S003-28", "CERT-06", "CERT-09")
@pytest.mark.parametrize(
    ("use", "kind", "subject", "given", "expected"),
    [
        ("insi-auto", "AUTH_CLI", org_name("insi-auto"), {}, "insi_name_case"),
        ("insi-auto", "AUTH_CLI", org_name("INSI-AUTO "), {}, "insi_name_space"),
        ("insi-auto", "AUTH_CLI", org_name(" INSI-AUTO"), {}, "insi_name_space"),
        ("insi-auto", "AUTH_CLI", org_name("INSI-MANU"), {}, "insi_name_other"),
        ("insi-auto", "SIGN", org_name(), {"purposes": ("insi-auto",)}, "usage_misfit"),
        ("autre", "SIGN", org_name("LGO"), {"purposes": ("psc",)}, "usage_misfit"),
        ("autre", "AUTH_CLI", org_name("LGO"), {"signs": True}, "usage_misfit"),
        ("mss-server", "AUTH_CLI", org_name("LGO"), {}, "usage_misfit"),
    ],
    ids=[
        "case",
        "space behind",
        "space before",
        "other name",
        "signature for INSi",
        "signature for a client",
        "client that signs",
        "client as server",
    ],
)
def test_certificate_that_does_not_fit_is_blocked(
    known: Context, pki: Pki, use: str, kind: str, subject: Any, given: dict[str, Any], expected: str
) -> None:
    hold(known, pki, use, kind, subject=subject, **given)
    row = known.rows()[use]
    assert (row.status, known.codes(use)) == (CertificateStatus.BLOCKED, [expected])


def test_settings_say_what_a_use_is_for(known: Context, pki: Pki) -> None:
    hold(known, pki, "cle-1", subject=org_name("LGO"))
    assert known.codes("cle-1") == []
    known.set(purposes={"cle-1": "insi-manu"})
    assert known.codes("cle-1") == ["insi_name"]


@pytest.mark.req("S003-01")
@pytest.mark.parametrize(("place", "expected"), [(KeyPlace.TOKEN, []), (KeyPlace.P12, ["offer_misfit"])])
def test_card_serves_from_a_reader_and_not_from_a_file(
    known: Context, pki: Pki, place: KeyPlace, expected: list[str]
) -> None:
    card = make_leaf(pki.persons, "AUTH_CLI", org_name("899700218896", None))
    known.keyring.trusted["igc-sante-fort"] = (pki.fort_root.der,)
    known.keyring.hold("cps", card, pki.persons, place=place, purposes=("insi-cps",), where="80250000010000")
    assert known.codes("cps") == expected


@pytest.mark.req("S003-24", "S003-25", "CERT-12", "R26")
def test_same_key_in_two_places_blocks_both_and_one_file_may_serve_twice(known: Context, pki: Pki) -> None:
    made = hold(known, pki, "insi-auto")
    known.keyring.hold("psc", made, pki.organisations, where="/etc/segur/insi-auto.p12", purposes=("psc",))
    assert [known.codes(use) for use in ("insi-auto", "psc")] == [[], []]
    known.keyring.hold("copie", made, pki.organisations, where="/autre/copie.p12")
    assert [known.codes(use)[-1] for use in ("insi-auto", "psc", "copie")] == ["key_twice"] * 3
    # Also when only one of them is asked for.
    assert [one.notice.code for one in known.rows("copie")["copie"].findings] == ["certificates.key_twice"]


@pytest.mark.req("S003-20")
@pytest.mark.parametrize(
    ("place", "code", "status"),
    [
        (KeyPlace.TOKEN, "token.absent", CertificateStatus.OK),
        (KeyPlace.TOKEN, "card.no_reader", CertificateStatus.OK),
        (KeyPlace.TOKEN, "token.module_missing", CertificateStatus.BLOCKED),
        (KeyPlace.P12, "card.absent", CertificateStatus.BLOCKED),
    ],
    ids=["no card", "no reader", "no module", "not of a token"],
)
def test_card_that_is_not_there_is_told_and_blocks_nothing(
    known: Context, place: KeyPlace, code: str, status: CertificateStatus
) -> None:
    from plugins.certificates.tests.fake_keyring import Use

    known.keyring.uses["cps"] = Use(problem=code, where="80250000010000", place=place)
    row = known.rows()["cps"]
    assert (row.status, [one.notice.code for one in row.findings]) == (status, [code])
    told = [one.code for one in known.job("watch").notices]
    assert told == ([code] if status is CertificateStatus.BLOCKED else [])


@pytest.mark.parametrize("code", ["config.key_unreadable", "config.secret_missing", "config.code_of_tomorrow"])
def test_key_that_the_host_cannot_use_is_a_row_with_its_reason(known: Context, code: str) -> None:
    from plugins.certificates.tests.fake_keyring import Use

    known.keyring.uses["casse"] = Use(problem=code, where="/etc/segur/casse.p12")
    row = known.rows()["casse"]
    assert (row.offer, row.status, row.not_after) == (None, CertificateStatus.BLOCKED, None)
    (finding,) = row.findings
    assert (finding.notice.code, bool(finding.notice.text), bool(finding.notice.action)) == (code, True, True)


def test_reason_of_the_host_that_says_the_same_is_not_repeated(known: Context, pki: Pki) -> None:
    hold(
        known,
        pki,
        "insi-auto",
        problem="config.certificate_ended",
        leaf={"begin": NOW - 9 * DAY, "end": NOW - DAY},
    )
    assert known.codes("insi-auto") == ["ended"]


def test_key_without_certificate_and_certificate_of_another_key_are_told(known: Context, pki: Pki) -> None:
    hold(known, pki, "autre", subject=org_name("LGO"), mismatched="0" * 64)
    known.keyring.new_key("neuve", "LGO")
    assert known.codes("autre") == ["mismatch"]
    assert known.codes("neuve") == ["none_yet"]
    assert known.rows()["neuve"].status is CertificateStatus.AWAITING


@pytest.mark.parametrize(
    ("extras", "expected"),
    [((), ["server_names"]), (((x509.SubjectAlternativeName([x509.DNSName("serveur.exemple")]), False),), [])],
    ids=["none", "one"],
)
def test_server_certificate_without_dns_name_is_told(
    known: Context, pki: Pki, extras: tuple[tuple[x509.ExtensionType, bool], ...], expected: list[str]
) -> None:
    hold(known, pki, "portail", "SSL_SERV", subject=org_name("serveur.exemple"), leaf={"extras": extras})
    assert known.codes("portail") == expected


@pytest.mark.req("CERT-02")
def test_chain_of_another_tree_is_told_once(known: Context, pki: Pki) -> None:
    known.keyring.hold("insi-auto", make_leaf(pki.production), pki.production)
    row = known.rows()["insi-auto"]
    assert (known.codes("insi-auto"), row.environment) == (["other_tree"], Environment.PRODUCTION)


def test_chain_is_completed_refused_or_passed_over(known: Context, pki: Pki) -> None:
    alone = make_leaf(pki.organisations, key_name="seule")
    known.keyring.hold("insi-auto", alone)
    assert known.codes("insi-auto") == ["chain_missing"]
    known.keyring.trusted["igc-sante"] = (*pki.anchors, pki.organisations.der)
    assert (known.codes("insi-auto"), known.rows()["insi-auto"].status) == (["chain_completed"], CertificateStatus.OK)
    known.keyring.hold("tiers", make(org_name("tiers"), key_name="tiers"))
    assert (known.codes("tiers"), known.rows()["tiers"].status) == (["foreign"], CertificateStatus.OK)


@pytest.mark.parametrize(
    ("trusted", "refuses", "expected", "status"),
    [
        ({}, None, "anchors_missing", "urgent"),
        ({}, ConfigError("config.trust_unreadable"), "anchors_missing", "urgent"),
        ({"igc-sante": ("root", "production_root")}, None, "anchors_mixed", "blocked"),
        ({}, ConfigError("config.certificate_environment"), "anchors_mixed", "blocked"),
        ({"igc-sante": ("organisations",)}, None, "no_anchor", "urgent"),
    ],
    ids=["none", "unreadable", "both trees", "other tree, as the host says", "no root"],
)
def test_authorities_that_are_not_configured_are_told_and_nothing_is_raised(
    known: Context,
    pki: Pki,
    trusted: dict[str, tuple[str, ...]],
    refuses: ConfigError | None,
    expected: str,
    status: str,
) -> None:
    known.keyring.trusted = {name: tuple(getattr(pki, one).der for one in held) for name, held in trusted.items()}
    if refuses is not None:
        known.keyring.refuses["igc-sante"] = refuses
    hold(known, pki, "insi-auto")
    row = known.rows()["insi-auto"]
    assert (known.codes("insi-auto"), row.status) == ([expected], CertificateStatus(status))


@pytest.mark.req("CERT-02")
def test_certificate_of_the_other_environment_is_named_and_blocked(known: Context, pki: Pki) -> None:
    hold(known, pki, "insi-auto", problem="config.certificate_environment")
    known.environment = Environment.PRODUCTION
    row = known.rows()["insi-auto"]
    assert (row.offer, row.environment, row.structure) == ("ORG", Environment.TEST, "10B0152872")
    assert (row.status, row.findings[0].notice.code) == (CertificateStatus.BLOCKED, "certificates.other_tree")
    assert "config.certificate_environment" not in {one.notice.code for one in row.findings}


@pytest.mark.req("S003-07")
@pytest.mark.parametrize(
    ("unit", "own", "expected"),
    [
        ("10B0152872", {"finess": "0B0152872"}, []),
        ("1750712184", {"finess": "0B0152872"}, ["other_structure"]),
        ("341930067800069", {"finess": "0B0152872"}, ["other_structure"]),
        ("499700367909006", {"finess": "0B0152872"}, ["other_structure"]),
        ("341930067800069", {"finess": "0B0152872", "siret": "41930067800069"}, []),
        ("10B0152872", {}, []),
        ("341930067800069", {"siret": "41930067800069"}, []),
        ("341930067800069", {"siret": "18751275100020"}, ["other_structure"]),
    ],
    ids=["its own", "another FINESS", "SIRET", "RPPS-rang", "both", "of nothing", "its own SIRET", "another SIRET"],
)
def test_certificate_of_another_structure_is_told(
    known: Context, pki: Pki, unit: str, own: dict[str, str], expected: list[str]
) -> None:
    known.actor = known.actor.model_copy(update={"structure": Structure(name="PHARMACIE", **own)})
    hold(known, pki, "insi-auto", subject=org_name(unit=unit))
    assert known.codes("insi-auto") == expected
    assert known.rows()["insi-auto"].structure == unit


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize(("mode", "status"), [("soft", CertificateStatus.WARNING), ("hard", CertificateStatus.BLOCKED)])
def test_doubt_about_revocation_is_told_as_the_structure_decided(
    host: Context, pki: Pki, mode: str, status: CertificateStatus
) -> None:
    host.set(revocation=mode)
    hold(host, pki, "insi-auto")
    assert (host.codes("insi-auto"), host.rows()["insi-auto"].status) == (["revocation_unknown"], status)
    assert host.publisher.asked == []


@pytest.mark.req("CERT-08", "S003-27")
def test_revoked_certificate_and_revoked_authority_are_blocked(known: Context, pki: Pki) -> None:
    made = hold(known, pki, "insi-auto")
    known.keyring.keep_list(crl_of(pki.organisations, made))
    assert known.codes("insi-auto") == ["revoked"]
    known.keyring.keep_list(crl_of(pki.organisations))
    known.keyring.keep_list(crl_of(pki.root, pki.organisations))
    assert known.codes("insi-auto") == ["chain_revoked"]


@pytest.mark.req("CERT-08", "S003-27")
@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_revoked_authority_is_found_although_nothing_is_known_below_it(host: Context, pki: Pki, mode: str) -> None:
    host.set(revocation=mode)
    hold(host, pki, "insi-auto")
    host.keyring.keep_list(crl_of(pki.root, pki.organisations))
    assert host.codes("insi-auto") == ["revocation_unknown", "chain_revoked"]
    assert host.rows()["insi-auto"].status is CertificateStatus.BLOCKED


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"begin": NOW - 9 * DAY, "end": NOW - DAY}, ["revocation_unknown"]),
        ({"begin": NOW + DAY}, ["revocation_unknown"]),
        ({"signer": "impostor"}, ["revocation_unknown"]),
        ({"begin": NOW - 6 * DAY, "end": NOW + DAY}, []),
    ],
    ids=["ended", "not yet", "forged", "old and good"],
)
def test_kept_list_is_believed_until_its_end_and_of_its_authority(
    known: Context, pki: Pki, kept: dict[str, Any], expected: list[str]
) -> None:
    given = {name: getattr(pki, one) if name == "signer" else one for name, one in kept.items()}
    known.keyring.keep_list(crl_of(pki.organisations, **given))
    hold(known, pki, "insi-auto", leaf={"begin": NOW - 20 * DAY, "extras": published("ACI-EL-ORG-TEST")})
    assert known.codes("insi-auto") == expected


def test_use_that_nobody_has_is_refused(known: Context) -> None:
    with pytest.raises(InputError, match=r"certificates\.use_unknown"):
        known.rows("inconnue")


@pytest.mark.req("S003-21")
def test_calendar_has_the_next_end_first_and_names_no_person(known: Context, pki: Pki) -> None:
    hold(known, pki, "insi-auto", leaf={"end": NOW + 40 * DAY})
    hold(known, pki, "psc", subject=org_name("LGO"), leaf={"end": NOW + 20 * DAY})
    card = make_leaf(pki.persons, subject=org_name("899700218896", None), end=NOW + 30 * DAY, key_name="cps")
    known.keyring.hold("cps", card, pki.persons, place=KeyPlace.TOKEN)
    found = known.plugin.calendar(CalendarRequest(), known)
    assert [(one.id, one.days_left, one.status) for one in found.entries] == [
        ("psc", 20, CertificateStatus.WARNING),
        ("cps", 30, CertificateStatus.WARNING),
        ("insi-auto", 40, CertificateStatus.CALENDAR),
    ]
    assert found.ics.count(b"BEGIN:VEVENT") == 3
    assert (b"INSI-AUTO" in found.ics, b"899700218896" in found.ics) == (True, False)
    assert known.plugin.calendar(CalendarRequest(), known).ics == found.ics


def test_lists_stay_read_from_one_call_to_the_next(known: Context, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    from segur_plugin_certificates import crl

    reads: list[int] = []
    real = crl.read_list

    def counted(data: bytes, issuer: Any) -> Any:
        reads.append(len(data))
        return real(data, issuer)

    monkeypatch.setattr("segur_plugin_certificates.kept_lists.read_list", counted)
    for rank in range(5):
        hold(known, pki, f"cle-{rank}", subject=org_name("LGO"))
    known.rows()
    known.rows()
    assert len(reads) == 2
