"""Write the generated pages of ``docs/reference``: ``python -m docs.generate [--accept-contracts]``.

The contracts of the hooks (``hooks.json``) are written only with ``--accept-contracts``, once somebody has reviewed
what changed; the pages are made from the code each time.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.reference_pages import cli, configuration, errors, hooks, manifest, python, sandbox

REFERENCE = Path(__file__).resolve().parent / "reference"
CONTRACTS = REFERENCE / "hooks.json"
NOTE = "% Made by: python -m docs.generate. Change the code it describes, not this file.\n\n"

PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": cli.page,
    "configuration.md": configuration.page,
    "errors.md": errors.page,
    "hooks.md": hooks.page,
    "manifest.md": manifest.page,
    "python.md": python.page,
    "sandbox.md": sandbox.page,
}

REVIEW = """\
The contracts of the hooks are not those that were reviewed (docs/reference/hooks.json):

{differences}

Plugins and hosts of other people rely on them. Review each line:
- a text that reads better changes nothing else: accept it;
- an optional field or a new hook: raise the minor version of each contract concerned, accept it, say it in
  sdk/CHANGELOG.md;
- a field removed, renamed, made required, narrowed, or another mode: not this contract any more. Undo it, and make a
  hook of another name.
Then: python -m docs.generate --accept-contracts, and commit docs/reference with the change.
"""


def page(name: str) -> str:
    """Return a generated page as it should stand in ``docs/reference``."""
    return NOTE + PAGES[name]().rstrip() + "\n"


def differences(reviewed: Any, found: Any, place: str = "") -> Iterator[str]:
    """Give one line for each value that differs between two contracts, with its place."""
    if isinstance(reviewed, Mapping) and isinstance(found, Mapping):
        for name in sorted({*reviewed, *found}):
            inner = f"{place}/{name}"
            if name not in found:
                yield f"- {inner}"
            elif name not in reviewed:
                yield f"+ {inner}: {_short(found[name])}"
            else:
                yield from differences(reviewed[name], found[name], inner)
    elif _are_named(reviewed) and _are_named(found):
        before, after = ({one["name"]: one for one in side} for side in (reviewed, found))
        yield from differences(before, after, place)
        if before.keys() == after.keys() and list(before) != list(after):
            yield f"  {place}: another order"
    elif json.dumps(reviewed) != json.dumps(found):
        yield f"  {place}: {_short(reviewed)} → {_short(found)}"


def _are_named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) and "name" in one for one in value)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"


def unreviewed(found: Mapping[str, Any], committed: Path = CONTRACTS) -> str | None:
    """Return what is to be reviewed before ``found`` may stand in the committed file, or ``None``."""
    reviewed = json.loads(committed.read_text("utf-8")) if committed.exists() else {}
    changed = list(differences(reviewed, found))
    return REVIEW.format(differences="\n".join(changed)) if changed else None


def main(arguments: list[str]) -> int:
    """Write the pages; return 1 when the contracts changed and nobody accepted them."""
    if not set(arguments) <= {"--accept-contracts"}:
        sys.stderr.write("usage: python -m docs.generate [--accept-contracts]\n")
        return 2
    found = hooks.contracts()
    review = unreviewed(found)
    if review is not None and not arguments:
        sys.stderr.write(review)
        return 1
    CONTRACTS.write_text(hooks.contracts_text(found), encoding="utf-8")
    for name in PAGES:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
