"""How the software proves who it is: its certificate or its secret, at every exchange, and nowhere else."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from segur_conformance.canaries import Canaries
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import network, signed_in, started
from segur_conformance.checks.psc.people import ON_TELEPHONE
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

BY_SECRET: Final = "client_secret_basic"  # noqa: S105 - the name of a method
_SECRET_PARTS: Final = ("client_secret", "client_assertion")


@checks(
    "psc.client.certificate",
    "KIT-PSC-07",
    purpose="L’espace de confiance exige le certificat de la structure à chaque échange, déconnexion comprise.",
    steps=(
        "ouvrir une session par le navigateur et la fermer, puis par CIBA et quitter partout",
        "relever le certificat et le formulaire de chaque échange",
    ),
    expected="le certificat montré partout, client_id dans chaque formulaire, aucun secret, aucun échange refusé",
    mend='déclarer auth = "client" et key pour le réseau psc, et joindre client_id à chaque formulaire',
    film="rien à filmer : les échanges sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def certificate(bench: Bench) -> None:
    """The certificate and the identifier at every exchange."""
    _comes_and_goes(bench, started(bench))
    found = bench.sandbox.exchanges("psc")
    expect(all(one["client"] is not None for one in found), "un échange se fait sans certificat")
    expect_equal([one["operation"] for one in found if one["unexpected"]], [], "échanges refusés")
    forms = {one["operation"]: _form(one) for one in found if one["request"]["method"] == "POST"}
    expect_equal([name for name, form in forms.items() if "client_id" not in form], [], "formulaires sans client_id")
    told = [name for name, form in forms.items() if set(form) & set(_SECRET_PARTS)]
    expect_equal(told, [], "formulaires qui portent un secret")
    shown = [one["request"]["headers"].get("authorization", "") for one in found]
    expect(not any(one.startswith("Basic") for one in shown), "un échange se fait par secret")


@checks(
    "psc.client.secret",
    "KIT-PSC-07",
    purpose="Sans certificat, le secret que garde l’hôte authentifie le logiciel, et n’apparaît nulle part ailleurs.",
    steps=(
        "configurer un client à secret, sans certificat",
        "ouvrir une session et la fermer, puis par CIBA et quitter partout",
        "chercher le secret dans les échanges, l’audit, les réponses et les fichiers",
    ),
    expected="Authorization: Basic partout où il faut, le secret nulle part ailleurs",
    mend='déclarer auth = "client" : l’hôte ajoute le secret, le module ne le voit pas',
    film="rien à filmer : les échanges sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def secret(bench: Bench) -> None:
    """The secret is in one header, and nowhere else."""
    clients = bench.sandbox.descriptor["services"]["psc"]["clients"]
    client = next(one for one in clients if one["method"] == BY_SECRET)
    hidden = client["client_secret"]
    with _kept(hidden) as file:
        at_host = {"client": {"id": client["client_id"], "secret": {"file": str(file)}}}
        tables = {"network": network(bench, psc=at_host), "keys": {}}
        subject = started(bench, settings={bench.plugin.id: {"client_id": client["client_id"]}}, **tables)
        _comes_and_goes(bench, subject)
        found = bench.sandbox.exchanges("psc")
        expect_equal([one["operation"] for one in found if one["unexpected"]], [], "échanges refusés")
        canaries = Canaries([hidden])
        for one in (*found, *bench.sandbox.exchanges("psc-login")):
            request = {**one["request"], "headers": {**one["request"]["headers"], "authorization": ""}}
            elsewhere = canaries.found_in(str(request).encode())
            expect(not elsewhere, f"{one['operation']} : le secret est ailleurs que dans son en-tête")
        audit = str(subject.ask("observe").value["audit"]).encode()
        expect(not canaries.found_in(audit), "le secret est dans l’audit")
        expect_equal(subject.ask("traces", patterns=[hidden]).value, [], "traces du secret")


def _comes_and_goes(bench: Bench, subject: Subject) -> None:
    signed_in(bench, subject, "connexion")
    subject.ask("logout")
    signed_in(bench, subject, "connexion par CIBA", **ON_TELEPHONE)
    subject.ask("logout", everywhere=True)


@contextmanager
def _kept(secret_text: str) -> Iterator[Path]:
    """Keep a secret as an operator does: in a file that only he and the host read."""
    with tempfile.TemporaryDirectory(prefix="segur-secret-") as folder:
        file = Path(folder, "psc.secret")
        file.touch(0o600)
        file.write_text(secret_text, "ascii")
        yield file


def _form(exchange: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(exchange["request"].get("body", "")))
