"""Which document goes where since when, by regulation: the dated rows of ``obligations.toml``.

A row is a duty towards recipients whom somebody chooses, never a broadcast. Sources: arrêté du 26 avril 2022, completed
on 23 May 2024, as printed in public presentations; what was not read in the Journal officiel is marked unverified.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Final

from pydantic import ConfigDict, Field

from segur_sdk.documents.kinds import kind_of
from segur_sdk.documents.tables import rows_of
from segur_sdk.models.base import Value
from segur_sdk.models.channels import Channel, Circumstance, ProposedChannel

AUTOMATIC_RULE: Final = "automatic-feeding"
"""Name of the rule by which a pharmacy's three documents leave by themselves."""


class Obligation(Value):
    """One row: since a day, these kinds of documents go to these channels."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    since: date = Field(alias="from")
    """First day on which it holds."""
    document: str = Field(min_length=1)
    """As the row is printed, French."""
    types: tuple[str, ...] = Field(min_length=1)
    """Type codes of the kinds that it concerns."""
    dmp: bool
    mss_pro: bool
    mss_patient: bool
    only: frozenset[Circumstance] = frozenset()
    """It concerns a document of which all of these are true."""
    exclusions: frozenset[Circumstance] = frozenset()
    """It concerns no document of which one of these is true."""
    source: str = Field(min_length=1)
    verified: bool
    """Its text was read in the Journal officiel."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that it names."""
        named = ((Channel.DMP, self.dmp), (Channel.MSS_PRO, self.mss_pro), (Channel.MSS_PATIENT, self.mss_patient))
        return tuple(channel for channel, ticked in named if ticked)

    def concerns(self, type_code: str, circumstances: frozenset[Circumstance]) -> bool:
        """Tell whether it concerns such a document."""
        return type_code in self.types and self.only <= circumstances and not self.exclusions & circumstances


@cache
def obligations() -> tuple[Obligation, ...]:
    """Return all rows, those of a later day too."""
    return rows_of("obligations.toml", "obligation", Obligation)


def obligations_on(
    day: date, type_code: str | None = None, circumstances: Iterable[Circumstance] = ()
) -> tuple[Obligation, ...]:
    """Return the rows that hold on a day.

    Args:
        day: of the document, in the place where it was made.
        type_code: only those that concern this kind; ``None``: all.
        circumstances: what else is true of the document; looked at with a type code only.
    """
    true = frozenset(circumstances)
    return tuple(
        row for row in obligations() if row.since <= day and (type_code is None or row.concerns(type_code, true))
    )


def channels_for(type_code: str, day: date, circumstances: Iterable[Circumstance] = ()) -> tuple[ProposedChannel, ...]:
    """Return the channels of a document, each with every rule behind it.

    Args:
        type_code: of the document.
        day: of the document, in the place where it was made.
        circumstances: what else is true of it.

    Returns:
        DMP first, then professional and patient mail; nothing when no rule speaks of such a document.

    Raises:
        InputError: ``input.document_type_unknown``.
    """
    kind = kind_of(type_code)
    rows = obligations_on(day, type_code, circumstances)
    proposals = []
    for channel in Channel:
        ruling = [row for row in rows if channel in row.channels]
        automatic = channel is Channel.DMP and kind.automatic
        rules = tuple(row.id for row in ruling) + ((AUTOMATIC_RULE,) if automatic else ())
        if rules:
            proposals.append(
                ProposedChannel(
                    channel=channel,
                    rules=rules,
                    automatic=automatic and not kind.sensitive,
                    held=kind.sensitive,
                    verified=all(row.verified for row in ruling) and bool(ruling),
                )
            )
    return tuple(proposals)
