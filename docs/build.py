"""Build the documentation: ``python docs/build.py [FOLDER]``, by default into ``build/docs``.

A warning is an error. A page that would load anything from another host is an error too: practices read these
pages on machines without a way out.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build

SOURCE = Path(__file__).resolve().parent
DEFAULT_OUTPUT = SOURCE.parent / "build" / "docs"
_REMOTE = re.compile(r"\s*(?:[a-z][a-z0-9+.\-]*:)?//", re.IGNORECASE)
_CSS = re.compile(r"@import\s+(?:url\()?\s*['\"]?([^'\")\s;]+)|url\(\s*['\"]?([^'\")]+)", re.IGNORECASE)
_LOADING_LINKS = frozenset(
    ["stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch", "manifest"]
)


class _Assets(HTMLParser):
    """Collects what a browser would load by itself; a link that the reader follows is not such a thing."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.found += [values[name] for name in ("src", "poster", "data") if name in values]
        self.found += [one.split()[0] for one in values.get("srcset", "").split(",") if one.strip()]
        self.found += css_addresses(values.get("style", ""))
        if tag == "link" and set(values.get("rel", "").lower().split()) & _LOADING_LINKS:
            self.found.append(values.get("href", ""))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += css_addresses(data)


def css_addresses(text: str) -> list[str]:
    """Return every address that a style sheet loads."""
    return [first or second for first, second in _CSS.findall(text)]


def remote_assets(folder: Path) -> Iterator[str]:
    """Give ``page: address`` of everything that the pages of a folder would load from another host."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            parser = _Assets()
            parser.feed(path.read_text("utf-8"))
            found = parser.found
        elif path.suffix == ".css":
            found = css_addresses(path.read_text("utf-8"))
        else:
            continue
        for address in found:
            if _REMOTE.match(address):
                yield f"{path.relative_to(folder).as_posix()}: {address}"


def build(source: Path, output: Path) -> int:
    """Build ``source`` into ``output``; return the exit status."""
    status = sphinx_build(
        ["-b", "html", "-W", "--keep-going", "-q", "-d", str(output / ".doctrees"), str(source), str(output)]
    )
    if status:
        return int(status)
    remote = list(remote_assets(output))
    for one in remote:
        sys.stderr.write(f"loaded from another host: {one}\n")
    return 1 if remote else 0


def main(arguments: list[str]) -> int:
    """Carry out one command line; return the exit status."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        sys.stderr.write("usage: python docs/build.py [FOLDER]\n")
        return 2
    output = Path(arguments[0]) if arguments else DEFAULT_OUTPUT
    status = build(SOURCE, output)
    if status == 0:
        sys.stdout.write(f"{output / 'index.html'}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
