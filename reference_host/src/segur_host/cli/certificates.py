"""``segur certificates``: what certificates are worth, and how one is ordered, installed and renewed."""

import base64
import json as json_texts
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.answering import STANDARD_INPUT, AnswersOption, answering
from segur_host.cli.call import read_input
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.certificate_tables import show_progress, show_rows, show_structure
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, ConfigsOption, JsonOption, SessionOption, config_paths
from segur_host.cli.output import console, only_json
from segur_host.config.loading import load_config
from segur_sdk.errors import HostError, InputError
from segur_sdk.services.structure_certificates import MAX_CERTIFICATE_FILE, CertificateStatus

app = typer.Typer(help="Certificats de la structure : état, commande, renouvellement.", no_args_is_help=True)

UseArgument = Annotated[str, typer.Argument(help="Usage de la clé dans la configuration, par exemple insi-auto.")]


@app.command("list")
def list_certificates(*, config: ConfigsOption = None, json: JsonOption = False) -> None:
    """Montre chaque certificat, ce qu’il est et ce qu’il vaut, d’après ce que ce poste sait déjà."""
    _inventory({}, config, json=json)


@app.command()
def check(
    uses: Annotated[list[str] | None, typer.Argument(metavar="USE", help="Clés à examiner ; toutes sinon.")] = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="N’interroge pas les autorités.")] = False,
    config: ConfigsOption = None,
    json: JsonOption = False,
) -> None:
    """Examine les certificats, révocation demandée aux autorités ; le code de retour est 1 si l’un est bloqué."""
    rows = _inventory({"uses": uses or [], "online": not offline}, config, json=json)
    fail(ExitCode.NO, when=any(row["status"] == CertificateStatus.BLOCKED for row in rows))


@app.command()
def calendar(
    *,
    ics: Annotated[Path | None, typer.Option("--ics", help="Écrit aussi le calendrier (iCalendar) ici.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Donne les fins de validité, la plus proche d’abord."""
    with only_json() as output:
        found = carried_out(config, "certificates.calendar", {}, NobodyToAsk())
        if ics is not None:
            _write(ics, found["ics"])
        if json:
            output.write(found["entries"])
            return
    for one in found["entries"]:
        console.print(escape(f"{one['not_after'][:10]}  {one['title']} ({one['days_left']} jours)"))


@app.command()
def order(
    use: UseArgument,
    *,
    box: Annotated[str | None, typer.Option("--box", help="Case du F413, pour commencer : org, pro…")] = None,
    usage: Annotated[str | None, typer.Option("--usage", help="AUTH_CLI, SIGN, CONF, SSL_SERV, S/MIME.")] = None,
    service: Annotated[str | None, typer.Option("--service", help="insi-auto, insi-manu, dmp, mssante, other.")] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Commandes qui vont ensemble, par exemple spsti.")
    ] = None,
    under: Annotated[
        str | None, typer.Option("--under", help="Clé dont la commande a déjà le F413 qui convient.")
    ] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="Ce qui a été fait : fichier JSON avec « kind », ou -.")
    ] = None,
    csr: Annotated[Path | None, typer.Option("--csr", help="Écrit ici la demande de certificat à déposer.")] = None,
    answers: AnswersOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Commence une commande, note ce qui a été fait, ou dit où elle en est et quoi faire ensuite."""
    if action == STANDARD_INPUT and answers == STANDARD_INPUT:
        raise InputError("input.usage")
    asked = {"box": box, "usage": usage, "service": service, "preset": preset, "under": under}
    product = {name: one for name, one in asked.items() if one is not None}
    done = _object(read_input(action)) if action is not None else None
    arguments = {"use": use, "product": product or None, "action": done, "session": session}
    _progress("certificates.order", arguments, config, answers, csr=csr, json=json)


@app.command()
def install(
    use: UseArgument,
    *,
    file: Annotated[Path, typer.Option("--file", help="Le certificat reçu : PEM, DER, PKCS#7 ou PKCS#12.")],
    answers: AnswersOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Vérifie un certificat reçu et le met en service ; la clé d’un PKCS#12 est reprise par l’hôte."""
    content = base64.b64encode(_read(file)).decode("ascii")
    arguments = {"use": use, "content": content, "session": session}
    _progress("certificates.install", arguments, config, answers, json=json)


@app.command()
def renew(
    use: UseArgument,
    *,
    csr: Annotated[Path | None, typer.Option("--csr", help="Écrit ici la demande de certificat à déposer.")] = None,
    answers: AnswersOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Commence un renouvellement ; le certificat en service le reste jusqu’à ce que le nouveau ait fait ses preuves."""
    _progress("certificates.renew", {"use": use, "session": session}, config, answers, csr=csr, json=json)


@app.command()
def secret(
    name: Annotated[str, typer.Argument(help="Nom du secret scellé, par exemple insi-auto.revocation.")],
    *,
    answers: AnswersOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Montre un secret scellé, après confirmation ; l’audit le note."""
    with only_json() as output:
        with answering(answers, json=json) as asker:
            found = carried_out(config, "certificates.secret", {"name": name, "session": session}, asker)
        if json:
            output.write(found)
            return
    # As it is: a console would take some of its characters for tabs, colours or pictures.
    sys.stdout.write(f"{found['secret']}\n")


def _inventory(arguments: dict[str, Any], configs: list[Path] | None, *, json: bool) -> list[dict[str, Any]]:
    """Judge the certificates of one structure, or of several: then each stands under its own name and number."""
    paths = config_paths(configs)
    with only_json() as output:
        told = [_of_structure(path, arguments) for path in paths]
        if json:
            output.write(told if len(told) > 1 else told[0]["certificates"])
    if not json:
        for one in told:
            if len(told) > 1:
                show_structure(one)
            show_rows(one["certificates"])
    return [row for one in told for row in one["certificates"]]


def _of_structure(path: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    structure = load_config(path).structure
    return {
        "configuration": str(path),
        "structure": structure.model_dump(mode="json"),
        "certificates": carried_out(path, "certificates.inventory", arguments, NobodyToAsk()),
    }


def _progress(
    verb: str,
    arguments: dict[str, Any],
    config: Path | None,
    answers: str | None,
    *,
    csr: Path | None = None,
    json: bool,
) -> None:
    with only_json() as output:
        with answering(answers, json=json) as asker:
            found = carried_out(config, verb, arguments, asker)
        if csr is not None and found["csr"] is not None:
            _write(csr, found["csr"])
        if json:
            output.write(found)
            return
    show_progress(found, told=csr is not None)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json_texts.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("input.json", reason="not_an_object")
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_CERTIFICATE_FILE + 1)
    except OSError as failure:
        raise InputError("input.file", reason=type(failure).__name__) from None
    if not 0 < len(content) <= MAX_CERTIFICATE_FILE:
        raise InputError("input.certificates", reason="too_large" if content else "empty")
    return content


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as failure:
        raise HostError("host.file_not_written", reason=type(failure).__name__) from None
