"""``segur hooks``: the contracts, for people and for other languages."""

from rich.table import Table

from segur_host.cli.options import JsonOption
from segur_host.cli.output import console, only_json
from segur_sdk.hooks import HOOKS
from segur_sdk.hooks.export import describe_hooks


def hooks(*, json: JsonOption = False) -> None:
    """Montre les moments (hooks) de cette version ; avec --json, leurs schémas complets."""
    if json:
        with only_json() as output:
            output.write(describe_hooks())
        return
    table = Table("Moment", "Contrat", "Mode", "Délai", "État")
    for info in HOOKS.values():
        table.add_row(info.name, info.version, str(info.mode), f"{info.deadline_s:g} s", str(info.stability))
    console.print(table)
