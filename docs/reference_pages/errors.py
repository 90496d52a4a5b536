"""``errors.md``: every code with its class, its French texts, and the notices that are no errors."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs.reference_pages.error_codes import raised_codes
from docs.reference_pages.markdown import code, table
from segur_sdk import errors
from segur_sdk.errors import UserMessage, read_catalogue
from segur_sdk.identity import notices

ROOT = Path(__file__).resolve().parents[2]
SHARED_CATALOGUE = ROOT / "sdk/src/segur_sdk/messages_fr.toml"

_HEAD = """\
# Errors

Every failure that crosses a contract is a `segur_sdk.SegurError` with a stable code. Programs decide by `code`,
`source` and `retryable`; users read the French sentence, its cause and the next action, which
`segur_host.messages.explain`
gives. Facts (`failure.facts`) are codes, counts and names of slots or fields: never patient data. A plugin's own codes
begin with its id and stand in its own catalogue. A row `CODE.REASON` is a finer text of the code before it, whose fact
`reason` tells which.

In JSON, at every command: `{"error":{"code","source","message","cause","action","retryable"}}`.

`ServiceError` bears `maybe_processed` as well: the service may have acted although no answer came.

## Classes
"""

_CODES = """\
## Codes

“Class” is the class that the source raises the code with; without one, the code is that of a notice, or of a refusal
chosen from a table. `Finding`: what a check tells of a document or a certificate; the first that keeps a document from
being built is raised as `IdentityError` when its code begins with `identity.`, else as `InputError`.
"""

_NOTICES = """\
## Notices

What the engine of identitovigilance tells the user when it is no error (`Identification.notices`).
"""


def sources() -> tuple[Path, ...]:
    """Return the folders whose errors are documented here: SDK, host, kit and plugins."""
    folders = ("sdk/src", "reference_host/src", "conformance/kit/src")
    return (*(ROOT / folder for folder in folders), *sorted(ROOT.glob("plugins/*/src")))


def catalogues() -> Mapping[Path, Mapping[str, UserMessage]]:
    """Return every catalogue of French texts by its file."""
    own = sorted(ROOT.glob("plugins/*/src/*/messages_fr.toml"))
    return {path: read_catalogue(path.read_text("utf-8")) for path in (SHARED_CATALOGUE, *own)}


def notice_codes() -> tuple[str, ...]:
    """Return the codes of the notices, in the order of their table."""
    tree = ast.parse(inspect.getsource(notices))
    tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    return tuple(str(key.value) for node in tables for key in node.keys if isinstance(key, ast.Constant))


def page() -> str:
    """Return ``errors.md``."""
    return "\n".join([_HEAD, _classes(), _CODES, *_codes(), _NOTICES, _notices()])


def _classes() -> str:
    head = ["Class", "Codes", "Usual source", "Meaning"]
    return table(head, _class_rows())


def _class_rows() -> Iterator[list[str]]:
    for name, found in vars(errors).items():
        if inspect.isclass(found) and issubclass(found, errors.SegurError) and found is not errors.SegurError:
            domain = name.removesuffix("Error").lower()
            text = inspect.cleandoc(found.__doc__ or "").splitlines()[0]
            yield [code(name), code(f"{domain}.*"), str(found.default_source), text]


def _codes() -> Iterator[str]:
    classes = raised_codes(sources())
    domains: dict[str, list[list[str]]] = {}
    for catalogue in catalogues().values():
        for name, text in catalogue.items():
            found = classes.get(name) or classes.get(name.rpartition(".")[0]) or frozenset()
            raised = ", ".join(map(code, sorted(found)))
            row = [code(name), raised, text.message, text.cause, text.action]
            domains.setdefault(name.partition(".")[0], []).append(row)
    for domain, rows in sorted(domains.items()):
        yield f"### {domain}\n"
        yield table(["Code", "Class", "Message", "Cause", "Action"], sorted(rows))


def _notices() -> str:
    told = [notices.notice(one) for one in notice_codes()]
    return table(["Code", "Text", "Action"], [[code(one.code), one.text, one.action or ""] for one in told])
