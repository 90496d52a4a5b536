"""Where a document goes: what plugins propose, joined with the rules of its day, each with its source. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import attrs

from segur_host.documents.document import ValidatedDocument
from segur_sdk.documents import (
    AUTOMATIC_RULE,
    DocumentLabel,
    Obligation,
    kind_for_label,
    kinds,
    obligations,
    obligations_on,
    shown,
)
from segur_sdk.hooks.document_validated import DocumentRouting
from segur_sdk.models.channels import Channel, Circumstance, ProposedChannel
from segur_sdk.models.notice import Notice

AUTOMATIC_SOURCE: Final = "SC.DMP.03.LGO, SC.DMP.04.LGO"


@attrs.frozen
class RuleBehind:
    """A rule that asks for a channel, or would."""

    id: str
    document: str | None = None
    """As the rule is printed, French; ``None`` for a rule that only the plugin knows which proposed it."""
    since: date | None = None
    """First day on which it holds."""
    source: str | None = None
    verified: bool = False
    """Its text was read where it was published."""


@attrs.frozen
class RuledOut:
    """A rule about such documents that does not concern this one."""

    rule: RuleBehind
    excluded_by: frozenset[Circumstance] = frozenset()
    """What is true of the document, and must not be."""
    missing: frozenset[Circumstance] = frozenset()
    """What must be true of it, and is not."""
    not_yet: bool = False
    """It holds from a later day on."""


@attrs.frozen
class Destination:
    """A channel on which the document goes. A rule is a duty towards recipients whom somebody chooses."""

    channel: Channel
    rules: tuple[RuleBehind, ...]
    proposed_by: tuple[str, ...] = ()
    """Plugins; none: the rules alone say so."""
    automatic: bool = False
    """The document leaves on it by itself, unless somebody holds this very one."""
    held: bool = False
    """Nothing leaves on it unless somebody says so."""


@attrs.frozen
class Routing:
    """Where a document goes, and why not elsewhere."""

    document_type: str | None
    """Code of its kind; ``None``: none stands for it, and it cannot be fed."""
    shown: str
    """How its kind is called for the user."""
    destinations: tuple[Destination, ...]
    ruled_out: tuple[RuledOut, ...] = ()
    notices: tuple[Notice, ...] = ()
    has_no_way: bool = False
    """Its name says that such a document does not go to the DMP at all."""

    def towards(self, channel: Channel) -> Destination | None:
        """Return the destination by a channel."""
        return next((one for one in self.destinations if one.channel is channel), None)


def routed(document: ValidatedDocument, answers: Mapping[str, DocumentRouting]) -> Routing:
    """Join what plugins propose with the rules of the day of a document.

    Args:
        document: which one.
        answers: what plugins answered to ``on_document_validated``, by plugin.
    """
    label = kind_for_label(document.label or "")
    document_type = (
        document.document_type
        or next(iter(label.types), None)
        or next((one.document_type for one in answers.values() if one.document_type is not None), None)
    )
    rows = [row for row in obligations() if document_type in row.types]
    ruling = obligations_on(document.day, document_type, document.circumstances) if document_type is not None else ()
    destinations = (_destination(channel, document_type, label, ruling, answers) for channel in Channel)
    return Routing(
        document_type=document_type,
        shown=_shown(document, document_type, answers.values()),
        destinations=tuple(one for one in destinations if one is not None),
        ruled_out=tuple(_ruled_out(row, document) for row in rows if row not in ruling),
        notices=tuple({one.code: one for answer in answers.values() for one in answer.notices}.values()),
        has_no_way=label.known and not label.dmp,
    )


def _destination(
    channel: Channel,
    document_type: str | None,
    label: DocumentLabel,
    ruling: Iterable[Obligation],
    answers: Mapping[str, DocumentRouting],
) -> Destination | None:
    if channel is Channel.DMP and label.known and not label.dmp:
        return None
    proposals = [
        (plugin, proposed)
        for plugin, answer in answers.items()
        for proposed in answer.channels
        if proposed.channel is channel
    ]
    ids = dict.fromkeys(row.id for row in ruling if channel in row.channels)
    ids.update(dict.fromkeys(rule for _, proposed in proposals for rule in proposed.rules))
    if not ids:
        return None
    kind = kinds().get(document_type or "")
    held = label.sensitive or (kind is not None and kind.sensitive) or any(one.held for _, one in proposals)
    return Destination(
        channel=channel,
        rules=tuple(_rule(one, document_type, [proposed for _, proposed in proposals]) for one in ids),
        proposed_by=tuple(dict.fromkeys(plugin for plugin, _ in proposals)),
        # What leaves without anybody asking is the table's to say, not a plugin's alone.
        automatic=not held and kind is not None and kind.automatic and any(one.automatic for _, one in proposals),
        held=held,
    )


def _rule(rule_id: str, document_type: str | None, proposals: Iterable[ProposedChannel]) -> RuleBehind:
    row = next((one for one in obligations() if one.id == rule_id), None)
    if row is not None:
        return _behind(row)
    kind = kinds().get(document_type or "")
    if rule_id == AUTOMATIC_RULE and kind is not None:
        return RuleBehind(rule_id, document=kind.label, source=AUTOMATIC_SOURCE)
    return RuleBehind(rule_id, verified=all(one.verified for one in proposals if rule_id in one.rules))


def _behind(row: Obligation) -> RuleBehind:
    return RuleBehind(row.id, document=row.document, since=row.since, source=row.source, verified=row.verified)


def _ruled_out(row: Obligation, document: ValidatedDocument) -> RuledOut:
    true = document.circumstances
    return RuledOut(
        _behind(row), excluded_by=row.exclusions & true, missing=row.only - true, not_yet=row.since > document.day
    )


def _shown(document: ValidatedDocument, document_type: str | None, answers: Iterable[DocumentRouting]) -> str:
    if document_type in kinds():
        assert document_type is not None
        return shown(document_type)
    told = next((one.shown for one in answers), None)
    if told is not None:
        return told
    return shown(document_type, document.label) if document_type is not None else document.label or "?"
