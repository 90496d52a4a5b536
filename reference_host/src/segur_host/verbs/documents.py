"""Documents that a professional answers for: where each goes, and what of it is fed."""

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import Field, TypeAdapter

from segur_host.document_verbs import LeftOut, NotValidated
from segur_host.documents.desk import Validated
from segur_host.documents.routing import Destination, Routing, RuleBehind, RuledOut
from segur_host.host import Host
from segur_host.json_forms import outcome_as_json
from segur_host.messages import as_json
from segur_host.verbs.asked import Asked, InSession
from segur_host.verbs.sending import KINDS, MAX_DRAFT, receipt_as_json
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice
from segur_sdk.privacy import Patient

_NOTICES: Final = TypeAdapter(tuple[Notice, ...])


class ValidateInput(InSession):
    """Arguments of ``documents.validate``."""

    input: Patient[str] = Field(max_length=MAX_DRAFT)
    """JSON of one document, or a list of several."""
    feed: bool = False
    hold: bool = False


class PastInput(InSession):
    """Arguments of ``documents.feed_past``."""

    input: Patient[str] = Field(max_length=MAX_DRAFT)
    """JSON of a list of documents."""


def validate(host: Host, given: ValidateInput, _asked: Asked) -> Any:
    """Take one document, or several of which each has its own answer."""
    found = _read(given.input)
    with given.acting(host):
        if isinstance(found, dict):
            return validated_as_json(host, host.validate(_document(found), feed=given.feed, hold=given.hold))
        taken = host.validate_all(map(_document, found), feed=given.feed, hold=given.hold)
        return [answer_as_json(host, one) for one in taken]


def feed_past(host: Host, given: PastInput, _asked: Asked) -> Any:
    """Feed documents of the past, as many as one run may."""
    found = _read(given.input)
    with given.acting(host):
        taken = host.feed_past(map(_document, [found] if isinstance(found, dict) else found))
        return [answer_as_json(host, one) for one in taken]


def answer_as_json(host: Host, answer: Validated | NotValidated | LeftOut) -> dict[str, Any]:
    """Return what became of one of several documents."""
    if isinstance(answer, NotValidated):
        return {"error": as_json(answer.failure, host.messages)}
    if isinstance(answer, LeftOut):
        return {"document": answer.document_ref, "left_out": answer.reason.model_dump(mode="json")}
    return validated_as_json(host, answer)


def validated_as_json(host: Host, done: Validated) -> dict[str, Any]:
    """Return where a document goes and what became of it, as outsiders rely on it."""
    return {
        "document": done.document_ref,
        **_routing(done.routing),
        "kept_back": done.kept_back.model_dump(mode="json") if done.kept_back is not None else None,
        "receipt": receipt_as_json(done.receipt) if done.receipt is not None else None,
        "outcomes": [outcome_as_json(one, host.messages) for one in done.outcomes],
    }


def _read(text: str) -> dict[str, Any] | list[Any]:
    # The exception of a failed decoding holds the document: it must not become the context of an error.
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | list):
        raise InputError("input.json", reason="not_an_object")
    return found


def _document(found: Any) -> str:
    """Return a document's own JSON; a file made for ``segur send`` names the kind of what it holds."""
    if isinstance(found, dict) and found.get("kind") in KINDS:
        found = {name: value for name, value in found.items() if name != "kind"}
    return json.dumps(found)


def _routing(routing: Routing) -> dict[str, Any]:
    return {
        "type": routing.document_type,
        "shown": routing.shown,
        "destinations": [_destination(one) for one in routing.destinations],
        "ruled_out": [_ruled_out(one) for one in routing.ruled_out],
        "notices": _NOTICES.dump_python(routing.notices, mode="json"),
    }


def _destination(one: Destination) -> dict[str, Any]:
    return {
        "channel": str(one.channel),
        "automatic": one.automatic,
        "held": one.held,
        "proposed_by": list(one.proposed_by),
        "rules": _rules(one.rules),
    }


def _ruled_out(one: RuledOut) -> dict[str, Any]:
    [rule] = _rules((one.rule,))
    return {
        **rule,
        "excluded_by": sorted(map(str, one.excluded_by)),
        "missing": sorted(map(str, one.missing)),
        "not_yet": one.not_yet,
    }


def _rules(rules: Iterable[RuleBehind]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "document": one.document,
            "since": one.since.isoformat() if one.since is not None else None,
            "source": one.source,
            "verified": one.verified,
        }
        for one in rules
    ]
