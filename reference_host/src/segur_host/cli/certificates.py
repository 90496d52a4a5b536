"""``segur certificates``: what certificates are worth, and how one is ordered, installed and renewed."""

import base64
import json as json_texts
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.certificates import refuse_size
from segur_host.cli.answering import STANDARD_INPUT, AnswersOption, answering
from segur_host.cli.call import read_input
from segur_host.cli.carrying_out import carried_out, refuse_resident
from segur_host.cli.certificate_copies import tell_copies
from segur_host.cli.certificate_tables import french_day, show_progress, show_rows, show_structure
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, ConfigsOption, JsonOption, SessionOption, config_paths, open_host
from segur_host.cli.output import console, only_json
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
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
        left = one["days_left"]
        told = "terminé" if left <= 0 else f"{left} jour{'s' if left > 1 else ''}"
        console.print(escape(f"{french_day(one['not_after'])}  {one['title']} ({told})"))


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
    done: Annotated[
        str | None, typer.Option("--done", help="Ce qui a été fait, par son nom ; ce qui manque est demandé.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", metavar="NOM=VALEUR", help="Un champ de --done ; répétée.")
    ] = None,
    csr: Annotated[Path | None, typer.Option("--csr", help="Écrit ici la demande de certificat à déposer.")] = None,
    answers: AnswersOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Commence une commande, note ce qui a été fait, ou dit où elle en est et quoi faire ensuite."""
    if (action == STANDARD_INPUT and answers == STANDARD_INPUT) or (action is not None and done is not None):
        raise InputError("input.usage")
    asked = {"box": box, "usage": usage, "service": service, "preset": preset, "under": under}
    product = {name: one for name, one in asked.items() if one is not None}
    led = _object(read_input(action)) if action is not None else _action(done, field or [])
    arguments = {"use": use, "product": product or None, "action": led, "session": session}
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
    name: Annotated[str, typer.Argument(help="Nom du secret scellé, par exemple insi-auto.revocation-1.")],
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


@app.command()
def passphrase(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Chiffre avec la phrase de passe de [keyring] ce que seule former_passphrase ouvre encore."""
    # It would go on encrypting by the passphrase that it was started with.
    refuse_resident(config)
    with only_json() as output, open_host(config, safe_mode=True) as host:
        keys, secrets = host.certificates.change_passphrase()
        if json:
            output.write({"keys": keys, "secrets": secrets})
            return
    if keys or secrets:
        console.print(f"Chiffrés avec la nouvelle phrase de passe : {keys} clé(s), {secrets} secret(s).")
    console.print("Tout s’ouvre avec la phrase de passe de [keyring] : retirez-en former_passphrase.", markup=False)


def _inventory(arguments: dict[str, Any], configs: list[Path] | None, *, json: bool) -> list[dict[str, Any]]:
    """Judge the certificates of one structure, or of several: then each stands under its own name and number."""
    paths = config_paths(configs)
    with only_json() as output:
        loaded = [load_config(path) for path in paths]
        together = zip(paths, loaded, strict=True)
        told = [_of_structure(*one, {**arguments, "with_keys": len(paths) > 1}) for one in together]
        if len(told) > 1:
            tell_copies(told, [str(one.data.resolve()) for one in loaded])
        if json:
            output.write(told if len(told) > 1 else told[0]["certificates"])
    if not json:
        for one in told:
            if len(told) > 1:
                show_structure(one)
            show_rows(one["certificates"])
    return [row for one in told for row in one["certificates"]]


def _of_structure(path: Path, config: HostConfig, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "configuration": str(path),
        "structure": config.structure.model_dump(mode="json"),
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
    if csr is not None and found["csr"] is None:
        console.print("Aucune demande de certificat à écrire à cette étape : le fichier de --csr n’est pas touché.")


def _action(kind: str | None, fields: list[str]) -> dict[str, Any] | None:
    """Return an action out of options; ``structure.name=X`` is the field ``name`` of its ``structure``."""
    if kind is None:
        if fields:
            raise InputError("input.usage")
        return None
    found: dict[str, Any] = {"kind": kind}
    for one in fields:
        path, given, value = one.partition("=")
        *above, name = path.split(".")
        place = found
        for step in above:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise InputError("input.usage")
        if not given or not name or name in place:
            raise InputError("input.usage")
        place[name] = value
    return found


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
    refuse_size(content)
    return content


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as failure:
        raise HostError("host.file_not_written", reason=type(failure).__name__) from None
