"""Canonical XML 1.0 with comments, written here from the recommendation over expat: the other opinion on a digest."""

from xml.parsers import expat

_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_VALUE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}


def canonical(data: bytes) -> bytes:
    """Return the canonical form of a whole document that has no document type."""
    written: list[str] = []
    scopes: list[dict[str, str]] = [{"": "", "xml": "http://www.w3.org/XML/1998/namespace"}]
    state = {"depth": 0, "closed": False}

    def start(name: str, attributes: list[str]) -> None:
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        declared = {n[6:]: v for n, v in pairs.items() if n == "xmlns" or n.startswith("xmlns:")}
        scope = scopes[-1] | declared
        new = {prefix: uri for prefix, uri in declared.items() if scopes[-1].get(prefix) != uri}
        scopes.append(scope)
        shown = [(f"xmlns:{prefix}" if prefix else "xmlns", new[prefix]) for prefix in sorted(new)]
        others = [n for n in pairs if n != "xmlns" and not n.startswith("xmlns:")]
        shown += [
            (n, pairs[n])
            for n in sorted(others, key=lambda n: (scope[n.split(":")[0]] if ":" in n else "", n.split(":")[-1]))
        ]
        written.append(f"<{name}" + "".join(f' {n}="{_escaped(v, _VALUE)}"' for n, v in shown) + ">")
        state["depth"] += 1

    def end(name: str) -> None:
        scopes.pop()
        state["depth"] -= 1
        state["closed"] = state["depth"] == 0
        written.append(f"</{name}>")

    def beside(text: str) -> None:
        outside = state["depth"] == 0
        written.append(f"\n{text}" if outside and state["closed"] else f"{text}\n" if outside else text)

    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: written.append(_escaped(text, _TEXT))
    parser.CommentHandler = lambda text: beside(f"<!--{text}-->")
    parser.ProcessingInstructionHandler = lambda target, text: beside(f"<?{target}{' ' if text else ''}{text}?>")
    parser.Parse(data, True)
    return "".join(written).encode()


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(one, one) for one in text)
