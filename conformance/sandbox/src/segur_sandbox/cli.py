"""The commands `segur sandbox …`. Exit codes: 0 done, 1 failed, 2 usage, 3 configuration."""

import base64
import json
import os
import signal
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from segur_sandbox.control_client import ControlError, call_control
from segur_sandbox.descriptor import NAME, read_descriptor
from segur_sandbox.errors import DataFileError
from segur_sandbox.pcsc.errors import PcscError, PcscMissingError
from segur_sandbox.pcsc.packages import SOCKET_VARIABLE
from segur_sandbox.pki.roles import CLIENT_ROLES
from segur_sandbox.private_files import make_private_folder, write_private

app = typer.Typer(no_args_is_help=True, help="Les services nationaux du bac à sable, en local.")
cards = typer.Typer(no_args_is_help=True, help="Les cartes virtuelles et leurs lecteurs.")
app.add_typer(cards, name="cards")
psc = typer.Typer(no_args_is_help=True, help="Pro Santé Connect : qui se connecte, et ce qu'il répond.")
app.add_typer(psc, name="psc")
pki = typer.Typer(no_args_is_help=True, help="Les certificats : en fabriquer, bons ou mauvais, et en révoquer.")
app.add_typer(pki, name="pki")
dmp = typer.Typer(no_args_is_help=True, help="Le DMP : ce qu'il contient, et s'il est ouvert.")
app.add_typer(dmp, name="dmp")
_LOCAL_HOSTS = ("127.0.0.1", "localhost")
_FAILED, _CONFIGURATION = 1, 3


class Verdict(StrEnum):
    """What a professional answers to a login."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    EXPIRE = "expire"


class Record(StrEnum):
    """State of somebody's DMP."""

    ACTIVE = "active"
    CLOSED = "closed"
    NONE = "none"


class Means(StrEnum):
    """What he answers with."""

    CARD = "CARD"
    MOBILE = "MOBILE"


Json = Annotated[bool, typer.Option("--json", help="N'écrire que du JSON sur la sortie standard.")]
Where = Annotated[
    Path,
    typer.Option("--sandbox", help="Le fichier sandbox.json, ou le dossier qui le contient."),
]


def _fail(as_json: bool, status: int, code: str, message: str, cause: str, action: str) -> typer.Exit:
    if as_json:
        error = {
            "code": code,
            "source": "user",
            "message": message,
            "cause": cause,
            "action": action,
            "retryable": False,
        }
        typer.echo(json.dumps({"error": error}, ensure_ascii=False))
    else:
        typer.echo(f"{message}\nCause : {cause}\nÀ faire : {action}", err=True)
    return typer.Exit(status)


@app.command()
def up(
    data: Annotated[Path, typer.Option("--data", help="Dossier des certificats et de l'état.")] = Path(
        ".segur-sandbox"
    ),
    as_json: Json = False,
    host: Annotated[
        str, typer.Option("--host", help="Adresse d'écoute : la boucle locale, rien d'autre.")
    ] = "127.0.0.1",
    authority_bits: Annotated[
        int, typer.Option(help="Taille des clés des autorités, à la création.", min=2048, max=4096)
    ] = 2048,
    until_input_ends: Annotated[
        bool, typer.Option("--until-input-ends", help="S'arrête aussi quand l'entrée standard se ferme.")
    ] = False,
    pcsc: Annotated[
        bool, typer.Option("--pcsc", help="Avec un lecteur PC/SC virtuel, dans un pcscd isolé de celui de la machine.")
    ] = False,
) -> None:
    """Démarre tout et reste au premier plan jusqu'à Ctrl-C ou SIGTERM."""
    if host not in _LOCAL_HOSTS:
        raise _fail(
            as_json,
            _CONFIGURATION,
            "sandbox.host_not_loopback",
            "Le bac à sable n'écoute que sur la boucle locale.",
            "l'adresse demandée n'est ni 127.0.0.1 ni localhost",
            "retirer --host",
        )
    if _already_up(data):
        raise _fail(
            as_json,
            _FAILED,
            "sandbox.already_up",
            "Un bac à sable tourne déjà dans ce dossier.",
            f"{data / NAME} répond",
            "l'arrêter, ou choisir un autre dossier avec --data",
        )
    if until_input_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    # Imported here: the server's libraries take half a second that the other commands need not pay.
    from segur_sandbox.server import Sandbox  # noqa: PLC0415
    from segur_sandbox.serving import serve  # noqa: PLC0415

    try:
        sandbox = Sandbox(data, authority_bits=authority_bits, pcsc=pcsc)
        serve(sandbox, lambda descriptor: _announce(descriptor, as_json))
    except PcscError as error:
        raise _fail(
            as_json,
            _FAILED,
            "sandbox.pcsc_unavailable",
            "Le lecteur PC/SC virtuel ne peut pas être démarré.",
            str(error),
            _remedy(error),
        ) from None
    except DataFileError as error:
        raise _fail(
            as_json,
            _CONFIGURATION,
            "sandbox.file_refused",
            "Un fichier du dossier est refusé.",
            str(error),
            "corriger ce fichier",
        ) from None


def _remedy(error: PcscError) -> str:
    if isinstance(error, PcscMissingError):
        return error.install or "employer les lecteurs en mémoire : sans --pcsc"
    return "permettre les espaces de noms (unshare) à ce compte, ou se passer de --pcsc"


def _end_with_input() -> None:
    # Not through sys.stdin, whose lock a daemon thread would hold when the interpreter ends.
    while os.read(0, 1024):
        """Whatever is said there, only the end of it counts."""
    os.kill(os.getpid(), signal.SIGTERM)


def _already_up(data: Path) -> bool:
    try:
        call_control(read_descriptor(data), "GET", "/clock")
    except (OSError, ValueError, KeyError, ControlError):
        return False
    return True


def _announce(descriptor: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(descriptor, ensure_ascii=False))
        return
    typer.echo("Le bac à sable est prêt. Ctrl-C pour l'arrêter.")
    typer.echo(f"  INSi          {descriptor['services']['insi']['url']}")
    typer.echo(f"  PSC           {descriptor['services']['psc']['discovery']}")
    typer.echo(f"  e-CPS         {descriptor['services']['psc']['device']}")
    typer.echo(f"  DMP           {descriptor['services']['dmp']['url']}")
    typer.echo(f"  IGC           {descriptor['services']['igc']['url']}")
    typer.echo(f"  Commandes     {descriptor['services']['igc']['ordering']}")
    for reader in descriptor["services"]["cards"]["readers"]:
        card = reader["card"] or "vide"
        where = f"{reader['host']}:{reader['port']}" if reader["kind"] == "memory" else "PC/SC"
        typer.echo(f"  {reader['name']:13} {where} ({card})")
    typer.echo(f"  Pilotage      {descriptor['control']['url']}")
    typer.echo(f"  Configuration {descriptor['config']}")
    socket = descriptor["services"]["cards"]["pcsc"]["socket"]
    if socket is not None:
        typer.echo("Pour que d'autres programmes voient le lecteur PC/SC :")
        typer.echo(f"  {SOCKET_VARIABLE}={socket} opensc-tool -l")


@app.command()
def replay(
    service: Annotated[str, typer.Argument(help="Le service, par exemple insi.")],
    file: Annotated[Path, typer.Argument(help="Le fichier de réponse fourni.", exists=True, dir_okay=False)],
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Fait de FILE la prochaine réponse de SERVICE ; elle est marquée « injectée » dans le journal."""
    try:
        body = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise _fail(
            as_json,
            _FAILED,
            "sandbox.not_utf8",
            "Ce fichier de réponse n'est pas en UTF-8.",
            f"{file.name} contient des octets qui ne sont pas de l'UTF-8",
            "le convertir",
        ) from None
    result = _call(sandbox, as_json, "POST", "/replay", {"service": service, "body": body})
    typer.echo(json.dumps(result) if as_json else f"La prochaine réponse de {service} sera {file.name}.")


@cards.command("list")
def list_cards(sandbox: Where = Path(".segur-sandbox"), as_json: Json = False) -> None:
    """Montre les lecteurs et les cartes disponibles."""
    result = _call(sandbox, as_json, "GET", "/cards")
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    console = Console()
    for reader in result["readers"]:
        console.print(f"{reader['name']} : {reader['card'] or 'vide'}")
    table = Table("Carte", "Nature", "Bénéficiaires", "Description")
    for card in result["cards"]:
        table.add_row(card["name"], card["nature"], str(card["beneficiaries"]), card["description"])
    console.print(table)


@cards.command()
def insert(
    reader: Annotated[str, typer.Argument(help="Le lecteur, par exemple « Vitale 1 ».")],
    card: Annotated[str, typer.Argument(help="Le nom de la carte, par exemple vitale:family ou cps:pharmacist.")],
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Met une carte dans un lecteur, à la place de celle qui s'y trouve."""
    result = _call(sandbox, as_json, "POST", "/cards", {"reader": reader, "card": card})
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else f"{reader} : {card}")


@cards.command()
def remove(
    reader: Annotated[str, typer.Argument(help="Le lecteur, par exemple « Vitale 1 ».")],
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Retire la carte d'un lecteur."""
    result = _call(sandbox, as_json, "POST", "/cards", {"reader": reader, "card": None})
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else f"{reader} : vide")


@psc.command("list")
def list_psc(sandbox: Where = Path(".segur-sandbox"), as_json: Json = False) -> None:
    """Montre les professionnels, ce qui attend une réponse et les sessions ouvertes."""
    result = _call(sandbox, as_json, "GET", "/psc")
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    console = Console()
    table = Table("Nom", "Identifiant", "Moyens", "Description")
    for one in result["professionals"]:
        table.add_row(one["name"], one["national_id"], ", ".join(one["means"]), one["description"])
    console.print(table)
    for answer in result["next"]:
        console.print(f"Prochaine connexion : {answer['as']}, {answer['answer']}, {answer['means']}")
    for waiting in result["ciba"]:
        console.print(f"Demande en attente : {waiting['as']}, {waiting['channel']}, {waiting['binding_message']}")
    for session in result["sessions"]:
        console.print(f"Session : {session['as']}, {session['means']}, jusqu'à {session['expires_at']}")


@psc.command("next")
def answer_next(
    who: Annotated[str, typer.Option("--as", help="Le professionnel : son nom ou son identifiant national.")],
    answer: Annotated[Verdict, typer.Option("--answer", help="Ce qu'il répond.")] = Verdict.ACCEPT,
    means: Annotated[
        Means | None, typer.Option("--means", help="Avec quoi ; par défaut le premier moyen qu'il a.")
    ] = None,
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Répond à la prochaine connexion, ou à la demande qui attend sur l'appareil de ce professionnel."""
    order = {"as": who, "answer": answer.value} | ({"means": means.value} if means is not None else {})
    result = _call(sandbox, as_json, "POST", "/psc/next", order)
    told = "La demande en attente a sa réponse" if result["given"] else "La prochaine connexion aura sa réponse"
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else f"{told} : {result['as']}, {answer.value}.")


@pki.command("kinds")
def list_kinds(sandbox: Where = Path(".segur-sandbox"), as_json: Json = False) -> None:
    """Montre ce qui peut être fabriqué."""
    result = _call(sandbox, as_json, "GET", "/igc/material")
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    table = Table("Nature", "Description")
    for kind in result:
        table.add_row(kind["kind"], kind["description"])
    Console().print(table)


@pki.command("make")
def make_material(
    kind: Annotated[str, typer.Argument(help="Une nature de « segur sandbox pki kinds ».")],
    out: Annotated[Path, typer.Option("--out", help="Le dossier où écrire.", file_okay=False)],
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Fabrique des certificats, des clés et des fichiers d'une nature, bonne ou mauvaise."""
    result = _call(sandbox, as_json, "POST", "/igc/material", {"kind": kind})
    try:
        folder = make_private_folder(out.absolute())
        for name, content in result["files"].items():
            write_private(folder / name, base64.b64decode(content))
    except OSError as error:
        raise _fail(
            as_json,
            _FAILED,
            "sandbox.folder_not_writable",
            "Les fichiers n'ont pas pu être écrits.",
            type(error).__name__,
            "choisir un autre dossier avec --out",
        ) from None
    written = {name: str(folder / name) for name in result["files"]}
    if as_json:
        typer.echo(json.dumps({**result, "files": written}, ensure_ascii=False))
        return
    typer.echo(f"{result['kind']} : {result['description']}")
    for path in written.values():
        typer.echo(f"  {path}")
    if result["p12_password"] is not None:
        typer.echo(f"  mot de passe : {result['p12_password']}")


@pki.command("revoke")
def revoke_certificate(
    which: Annotated[str, typer.Argument(help="Un rôle du descripteur, ou un numéro de série en hexadécimal.")],
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Révoque un certificat, jusqu'à la remise à zéro : liste, OCSP et simulateurs le savent aussitôt."""
    member = "role" if which in CLIENT_ROLES else "serial"
    result = _call(sandbox, as_json, "POST", "/igc/revoke", {member: which})
    typer.echo(json.dumps(result) if as_json else f"Révoqué : {result['serial']}.")


@dmp.command("list")
def list_dmp(sandbox: Where = Path(".segur-sandbox"), as_json: Json = False) -> None:
    """Montre les DMP, et les documents reçus avec leur statut."""
    result = _call(sandbox, as_json, "GET", "/dmp")
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    table = Table("Document", "Patient", "Titre", "Version", "Statut")
    for one in (each for each in result["entries"] if not each["signature"]):
        title, status = one["metadata"]["name"], one["status"].rpartition(":")[2]
        table.add_row(one["unique_id"], one["patient"].partition("^")[0], title, str(one["number"]), status)
    console = Console()
    console.print(table)
    for one in result["patients"]:
        if one["status"] != Record.ACTIVE:
            console.print(f"{one['ins']} : DMP {'fermé' if one['status'] == Record.CLOSED else 'inexistant'}")


@dmp.command("patient")
def change_patient(
    ins: Annotated[str, typer.Argument(help="Le matricule INS et sa clé, 15 caractères.")],
    status: Annotated[Record, typer.Option("--status", help="Ouvert, fermé ou inexistant.")],
    oid: Annotated[str, typer.Option("--oid", help="L'autorité du matricule.")] = "1.2.250.1.213.1.4.8",
    sandbox: Where = Path(".segur-sandbox"),
    as_json: Json = False,
) -> None:
    """Décide de l'état du DMP d'un patient, jusqu'à la remise à zéro."""
    result = _call(sandbox, as_json, "POST", "/dmp/patients", {"ins": ins, "oid": oid, "status": status.value})
    typer.echo(json.dumps(result) if as_json else f"{ins} : {status.value}")


def _call(where: Path, as_json: bool, method: str, path: str, body: object | None = None) -> Any:
    try:
        return call_control(read_descriptor(where), method, path, body)
    except (OSError, ValueError, KeyError, ControlError) as error:
        cause = str(error) if isinstance(error, ControlError) else "aucun descripteur lisible à cet endroit"
        raise _fail(
            as_json,
            _FAILED,
            "sandbox.control_failed",
            "Le bac à sable n'a pas fait ce qui était demandé.",
            cause,
            "vérifier qu'il tourne (segur sandbox up) et l'option --sandbox",
        ) from None
