"""``segur operators``: accounts of the people who work with this host."""

from getpass import getpass
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from segur_host.cli.call import read_input
from segur_host.cli.options import ConfigOption, JsonOption, open_host
from segur_host.cli.output import console, only_json
from segur_host.operators.accounts import Account
from segur_host.operators.acknowledgements import Acknowledgements, identifier_sent
from segur_host.operators.rights import Role, rights_table
from segur_sdk.errors import InputError

app = typer.Typer(help="Comptes des opérateurs de ce poste.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Nom du compte.")]
CODE_FILE = "Fichier du code, ou - pour l’entrée standard ; sinon,"


@app.command("list")
def list_operators(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Montre les comptes et leurs rôles."""
    with only_json() as output:
        with open_host(config, safe_mode=True) as host:
            accounts = host.operators.all()
            shown = [_as_json(one, host.acknowledgements) for one in accounts]
        if json:
            output.write(shown)
            return
    table = Table("Nom", "Rôle", "RPPS", "Code", "Rattaché à PSC")
    for one in accounts:
        linked = _yes(one.national_id is not None)
        table.add_row(escape(one.name), rights_table()[one.role].label, one.rpps or "", _yes(one.has_code), linked)
    console.print(table)


@app.command()
def add(
    name: NameArgument,
    *,
    role: Annotated[Role, typer.Option("--role", help="Rôle dans la structure.")],
    rpps: Annotated[str | None, typer.Option("--rpps", help="Numéro RPPS, 11 chiffres.")] = None,
    code: Annotated[str | None, typer.Option("--code-file", help=f"{CODE_FILE} le compte n’a pas de code.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Crée un compte ; sans code, il ne sert qu’avec Pro Santé Connect ou une CPS."""
    if rpps is not None and not (rpps.isascii() and rpps.isdigit() and len(rpps) == 11):
        raise InputError("operator.rpps_form")
    with only_json() as output:
        with open_host(config, safe_mode=True) as host:
            account = host.operators.add(name, role, rpps, _code(code) if code is not None else None)
            shown = _as_json(account, host.acknowledgements)
        if json:
            output.write(shown)
            return
    console.print(f"Compte « {escape(name)} » créé.")


@app.command("set-code")
def set_code(
    name: NameArgument,
    *,
    code: Annotated[str | None, typer.Option("--code-file", help=f"{CODE_FILE} il est demandé.")] = None,
    config: ConfigOption = None,
) -> None:
    """Donne un nouveau code à un compte, et oublie ses essais faux."""
    with open_host(config, safe_mode=True) as host:
        host.operators.set_code(name, _code(code))
    console.print(f"Code de « {escape(name)} » changé.")


@app.command()
def remove(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Supprime un compte."""
    with open_host(config, safe_mode=True) as host:
        host.operators.remove(name)
    console.print(f"Compte « {escape(name)} » supprimé.")


def _code(file: str | None) -> str:
    if file is None:
        return getpass("Code : ")
    return read_input(file).rstrip("\r\n")


def _as_json(account: Account, acknowledgements: Acknowledgements) -> dict[str, object]:
    identifier = identifier_sent(account.rpps, account.national_id)
    return {
        "name": account.name,
        "role": str(account.role),
        "rpps": account.rpps,
        "has_code": account.has_code,
        "linked": account.national_id is not None,
        "acknowledged": identifier is not None and acknowledgements.has(identifier),
    }


def _yes(there: bool) -> str:
    return "oui" if there else "non"
