"""``segur plugins new``: a package for one's own plugin, that works from its first minute."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from segur_host.cli.options import JsonOption
from segur_host.cli.output import console, only_json
from segur_host.template.names import PackageNames
from segur_host.template.package import package_files
from segur_host.template.writing import write_package


def new(
    name: Annotated[str, typer.Argument(help="Identifiant du module : minuscules, chiffres, tirets entre les mots.")],
    *,
    hook: Annotated[list[str], typer.Option("--hook", help="Moment auquel il répond ; à répéter pour plusieurs.")],
    out: Annotated[Path, typer.Option("--out", help="Dossier où créer le dossier segur-plugin-NAME.")],
    json: JsonOption = False,
) -> None:
    """Crée un module prêt à travailler : code typé, déclaration, textes, tests, intégration continue."""
    names = PackageNames.of(name)
    contents = package_files(names, hook)
    folder = out / names.folder
    write_package(folder, contents)
    if json:
        with only_json() as output:
            output.write(
                {
                    "id": names.id,
                    "distribution": names.distribution,
                    "package": names.package,
                    "hooks": list(dict.fromkeys(hook)),
                    "folder": str(folder.resolve()),
                    "files": sorted(contents),
                }
            )
        return
    console.print(f"Module « {escape(names.id)} » créé dans {escape(str(folder))}.", soft_wrap=True)
    console.print("Installez-le (pip install --editable), essayez ses tests, puis remplacez l’exemple par votre règle.")
