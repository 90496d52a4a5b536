"""What every hook may be asked: ordinary events and rare ones, for any plugin that answers it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from segur_conformance.outcomes import CheckFailed, NotApplicable
from segur_conformance.people import published, traits
from segur_conformance.runner.bench import Bench
from segur_conformance.targets.subject import Answer, Subject

ANSWERS: Final = {"insi.sexe": "F", "insi.date_naissance": "1936-06-21"}
"""To the questions that the reference plugins ask; another plugin's questions find nobody."""
TOO_SLOW: Final = "plugin.import_timed_out"
"""Code for which the host does not admit a plugin that takes too long to import."""
NIR_OID: Final = "1.2.250.1.213.1.4.8"
MIXED_UP: Final = "plugin.failed"
"""Code under which the host names an exception that a plugin should not have let out."""

Event = Mapping[str, Any]


@attrs.frozen
class Sample:
    """One event that a hook may receive."""

    hook: str
    name: str
    """French, for reports."""
    event: Event


def _insured(name: str, given_name: str, **more: Any) -> Event:
    one = published(name, given_name)
    return {
        "nom_patronymique": one["nom_naissance"],
        "prenom_usuel": one["prenoms"][0],
        "date": one["date_naissance"].replace("-", ""),
        "sexe": one["sexe"],
        **more,
    }


def _supplied(*insured: Event) -> Event:
    reading = {"component": "composant 1.0", "nature": "R", "serial": "1", "beneficiaries": list(insured)}
    return {"card": {"kind": "supplied", **reading}}


def _searched(name: str, given_name: str) -> dict[str, Any]:
    known = traits(name, given_name)
    return {key: value for key, value in known.items() if key != "premier_prenom"}


def _by_traits(**given: Any) -> Event:
    return {"subject": {"kind": "traits", "traits": given}}


def _candidate(name: str, given_name: str) -> Event:
    one = published(name, given_name)
    number = one["matricule"]
    matricule = {"value": number["numero"] + number["cle"], "oid": number.get("oid", NIR_OID)}
    found = {"matricule": matricule, "traits": _searched(name, given_name), "method": "CB"}
    return {"subject": {"kind": "ins", "candidate": found}}


def _login(**actor: Any) -> Event:
    somebody = {
        "kind": "professional",
        "name": "pharmacien 1",
        "rpps": "10000000001",
        "structure": {"name": "Pharmacie d’essai"},
        "workstation": "poste 1",
        **actor,
    }
    return {"actor": somebody, "session": {"session_id": "essai", "means": "psc"}}


def _ended(reason: str, **actor: Any) -> Event:
    return {**_login(**actor), "reason": reason}


def _expiring(level: str, days_left: int, **certificate: Any) -> Event:
    facts = {
        "subject_cn": "INSI-AUTO",
        "subject_ou": "10B0152872",
        "issuer_cn": "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
        "serial": "0A1B2C",
        "not_before": "2023-01-05T08:00:00Z",
        "not_after": "2026-01-05T08:00:00Z",
        "client_authentication": True,
        **certificate,
    }
    return {"use": "insi-auto", "certificate": facts, "level": level, "days_left": days_left}


def _scanned(payload: str, symbology: str = "qr") -> Event:
    return {"symbology": symbology, "payload": payload, "origin": "camera"}


def _draft(**more: Any) -> Event:
    return {
        "document_type": "11502-2",
        "title": "Bilan partagé de médication",
        "validation": {"validator": "10000000001", "validated_at": "2026-01-05T08:00:00Z"},
        "consents": {"informed": True, "opposed": False},
        **more,
    }


def _validated(**more: Any) -> Event:
    validation = {"validator": "10000000001", "validated_at": "2026-01-05T08:00:00Z"}
    return {"document_ref": "essai-1", "document_date": "2026-01-05", "validation": validation, **more}


def ordinary(bench: Bench) -> tuple[Sample, ...]:
    """Return what happens every day, at every hook that the plugin declares.

    For a plugin that knows tokens there is a professional's card in the second reader from now on.
    """
    reader, professionals = bench.readers
    cards: tuple[Sample, ...] = ()
    if bench.plugin.declared.get("tokens"):
        bench.sandbox.insert(professionals, "cps:pharmacist")
        cards = (Sample("on_card_read", "la carte d’un professionnel", {"card": {"slot": professionals}}),)
    beneficiary = {
        "position": 1,
        "nom": "ADRUN",
        "prenom": "ZOE",
        "date_naissance": "1975-12-31",
        "date_en_carte": "751231",
        "sexe": "F",
    }
    incomplete = {"nom_naissance": "TCHITCHI", "prenoms_naissance": ["CATARINA"]}
    return _declared(
        bench,
        Sample("on_session_login", "un professionnel", _login()),
        Sample("on_session_login", "un opérateur", _login(kind="operator", rpps=None)),
        Sample("on_session_ended", "une session fermée", _ended("logout")),
        Sample("on_certificate_expiring", "un certificat dans son dernier mois", _expiring("warning", 30)),
        Sample("on_card_read", "une carte dans un lecteur", {"card": {"slot": reader}}),
        *cards,
        Sample("on_card_read", "une lecture transmise", _supplied(_insured("HERMANN", "GATIEN"))),
        Sample("qualify_identity", "des traits", _by_traits(**_searched("HERMANN", "GATIEN"))),
        Sample("qualify_identity", "des traits incomplets", _by_traits(**incomplete)),
        Sample("qualify_identity", "un INS reçu", _candidate("ADRTROIS", "TOUSSAINT")),
        Sample("qualify_identity", "une carte", {"subject": {"kind": "card", "beneficiary": beneficiary}}),
        Sample("on_document_validated", "un entretien pharmaceutique", _validated(document_type="78601-2")),
        Sample("before_dmp_send", "un document validé", _draft()),
        Sample("before_dmp_send", "un document non validé", _draft(validation=None)),
        Sample("on_prescription_scanned", "une ordonnance", _scanned("https://ordonnance.example/1234567890")),
    )


def rare(bench: Bench) -> tuple[Sample, ...]:
    """Return what is allowed, and happens once a year."""
    longest = {"nom_naissance": "A" * 100, "prenoms_naissance": ["B" * 100] * 9, "sexe": "M"}
    longest |= {"date_naissance": "1900-01-01", "lieu_naissance": "99999"}
    lunar = _insured("NESSI", "MICHELANGELO", date=None, date_en_carte="750000", sexe=None)
    many = [_insured("NESSI", "MICHELANGELO", rang_de_naissance=rank % 9 + 1) for rank in range(19)]
    unknown_card = {"card": {"atr": "3B0200", "apdus": [["00A40000", "6A82"]]}}
    return _declared(
        bench,
        Sample("on_session_login", "un automate", _login(kind="automaton", rpps=None, name="N" * 100)),
        Sample("on_session_ended", "un hôte arrêté", _ended("host_stopped", kind="automaton", rpps=None)),
        Sample("on_certificate_expiring", "un certificat expiré", _expiring("ended", -400, subject_ou=None)),
        Sample("on_card_read", "une carte inconnue", unknown_card),
        Sample("on_card_read", "une date lunaire", _supplied(lunar)),
        Sample("on_card_read", "dix-neuf bénéficiaires", _supplied(*many)),
        Sample("qualify_identity", "les noms les plus longs", _by_traits(**longest)),
        Sample("qualify_identity", "un nom en grec", _by_traits(**{**longest, "nom_naissance": "Ωμέγα"})),
        Sample("qualify_identity", "un sexe indéterminé", _by_traits(**{**longest, "sexe": "I"})),
        Sample("on_document_validated", "un nom inconnu", _validated(label="N" * 128)),
        Sample("before_dmp_send", "un document masqué", _draft(confidentiality=["MASQUE_PS"], title="T" * 128)),
        Sample("on_prescription_scanned", "huit mille caractères", _scanned("x" * 8192, "text")),
        Sample("on_prescription_scanned", "des caractères de commande", _scanned("\x00\x1d\x1e\ud7ff", "datamatrix")),
    )


def two_people(bench: Bench) -> tuple[tuple[Sample, Sample], ...]:
    """Return pairs of events about different people, which may happen at two counters at once."""
    pairs = (
        (
            Sample("qualify_identity", "une personne", _by_traits(**_searched("NESSI", "MICHELANGELO"))),
            Sample("qualify_identity", "une autre personne", _by_traits(**_searched("CORSE", "ANTHONY"))),
        ),
        (
            Sample("on_card_read", "une carte", _supplied(_insured("NESSI", "MICHELANGELO"))),
            Sample("on_card_read", "une autre carte", _supplied(_insured("CORSE", "ANTHONY"))),
        ),
        (
            Sample("on_session_login", "un professionnel", _login()),
            Sample("on_session_login", "un autre professionnel", _login(name="pharmacien 2", rpps="10000000002")),
        ),
        (
            Sample("on_prescription_scanned", "une ordonnance", _scanned("https://ordonnance.example/1111111111")),
            Sample("on_prescription_scanned", "une autre", _scanned("https://ordonnance.example/2222222222")),
        ),
    )
    return tuple(pair for pair in pairs if pair[0].hook in declared_hooks(bench))


def _declared(bench: Bench, *samples: Sample) -> tuple[Sample, ...]:
    return tuple(one for one in samples if one.hook in declared_hooks(bench))


def declared_hooks(bench: Bench) -> frozenset[str]:
    """Return the hooks that the plugin's manifest announces."""
    hooks = bench.plugin.declared.get("hooks", [])
    return frozenset(str(one.get("name")) for one in hooks if isinstance(one, dict))


def opened(bench: Bench, **given: Any) -> Subject:
    """Start the host with the plugin, whether or not it admits it; without readers when no card can come of it."""
    readers: dict[str, Any] = {} if "on_card_read" in declared_hooks(bench) else {"readers": {}}
    return bench.start(**{"answers": ANSWERS, **readers, **given})


def started(bench: Bench, **given: Any) -> Subject:
    """Start the host with the plugin.

    Raises:
        NotApplicable: the host refuses it, which ``package.manifest.true`` or ``package.settings.complete`` says.
    """
    subject = opened(bench, **given)
    reason = refusal(bench, subject)
    if reason is not None:
        raise NotApplicable(f"l’hôte n’admet pas le module ({reason})")
    return subject


def refusal(bench: Bench, subject: Subject) -> str | None:
    """Return the code for which the host does not admit the plugin, nothing when it does."""
    entry = (subject.opened or {}).get(bench.plugin.id, {})
    return None if entry.get("state") == "active" else str(entry.get("reason") or entry.get("state") or "absent")


def asked(subject: Subject, sample: Sample) -> Answer:
    """Call the hook with its event."""
    if sample.hook != "before_dmp_send":
        return subject.call(sample.hook, sample.event)
    person = subject.identify(traits=traits("NESSI", "MICHELANGELO"), search=False).value
    event = {**sample.event, "identity": {"identity_ref": person["identity_ref"]}}
    return subject.ask("decide", hook=sample.hook, event=event)


def own_outcomes(bench: Bench, answer: Answer) -> Iterator[Mapping[str, Any]]:
    """Yield what became of the plugin's own part in a call."""
    return (one for one in answer.outcomes if one["plugin"] == bench.plugin.id)


def code_of(outcome: Mapping[str, Any]) -> str:
    """Return the code of an outcome's error, nothing when it has none."""
    return str((outcome.get("error") or {}).get("code", ""))


def calls_of(bench: Bench, subject: Subject, samples: tuple[Sample, ...]) -> list[tuple[Sample, Mapping[str, Any]]]:
    """Ask everything, and return what became of the plugin's part each time.

    Raises:
        NotApplicable: the plugin answers no hook.
        CheckFailed: the host could not even ask.
    """
    if not samples:
        raise NotApplicable("le module ne répond à aucun moment de la journée (hook)")
    found = []
    for sample in samples:
        answer = asked(subject, sample)
        own = list(own_outcomes(bench, answer))
        if answer.error is not None and not own:
            raise CheckFailed(f"{sample.hook}, {sample.name} : l’hôte répond {answer.error}")
        found += [(sample, one) for one in own]
    return found


_PASSING: Final = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"]*|_[0-9a-f]{16,}"
)


def lasting(value: Any) -> Any:
    """Return a value without what differs each time: ids and instants."""
    if isinstance(value, dict):
        return {key: lasting(one) for key, one in value.items()}
    if isinstance(value, list):
        return [lasting(one) for one in value]
    return _PASSING.sub("…", value) if isinstance(value, str) else value
