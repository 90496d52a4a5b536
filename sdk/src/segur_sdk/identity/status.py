"""Statuses and attributes of an identity: every permitted transition is one row of one table.

What no row permits is refused. The status always follows from two facts (RNIV EXI SI 07): an INS was retrieved,
a document of high trust was checked.

Two choices where the public texts leave room, both on the side of caution: a strict trait changed by hand drops
the document check too, because the document was compared with the former trait; *douteux* and *fictif* drop it as
well, because *provisoire* is the only status they leave.

Sources: RNIV 1 v2.0 (EXI SI 07, 09, 22), *Guide d'implémentation de l'INS dans les logiciels* v3.0 (EXI ID 24,
26, 29; rules 20 to 27).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from segur_sdk.errors import IdentityError
from segur_sdk.models.identity import IdentityAttribute, InsStatus

Attributes = frozenset[IdentityAttribute]

PLAIN: Final[Attributes] = frozenset()
HOMONYME: Final[Attributes] = frozenset({IdentityAttribute.HOMONYME})
DOUTEUX: Final[Attributes] = frozenset({IdentityAttribute.DOUTEUX})
DOUTEUX_HOMONYME: Final[Attributes] = DOUTEUX | HOMONYME
FICTIF: Final[Attributes] = frozenset({IdentityAttribute.FICTIF})

COMBINATIONS: Final = (PLAIN, HOMONYME, DOUTEUX, DOUTEUX_HOMONYME, FICTIF)
"""Attributes that may stand together (RNIV EXI SI 22)."""
BLOCKING: Final = frozenset({IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF})
"""Attributes under which the status is *provisoire* and INSi is not called."""

_SOUND: Final = (PLAIN, HOMONYME)
_DOUBTFUL: Final = (DOUTEUX, DOUTEUX_HOMONYME)


class IdentityEvent(StrEnum):
    """What happens to an identity and may move its status or attributes."""

    INS_FOUND = "ins_found"
    """INSi found the person, and all traits compared are equal."""
    APCV_INS = "apcv_ins"
    """The appli carte Vitale gave its holder's INS block; traits equal."""
    INS_INVALIDATED = "ins_invalidated"
    """The INS held is no longer this person's."""
    DOCUMENT_CHECKED = "document_checked"
    DOCUMENT_DIFFERS = "document_differs"
    STRICT_TRAIT_CHANGED = "strict_trait_changed"
    DOUBT_RAISED = "doubt_raised"
    DOUBT_LIFTED = "doubt_lifted"
    FICTION_DECLARED = "fiction_declared"
    FICTION_LIFTED = "fiction_lifted"
    HOMONYM_SET = "homonym_set"
    HOMONYM_UNSET = "homonym_unset"


class Effect(StrEnum):
    """What an event does to the INS, or to the document check."""

    KEEP = "keep"
    DROP = "drop"
    TAKE = "take"
    """The one that the event brings."""


@attrs.frozen
class Transition:
    """One permitted transition."""

    event: IdentityEvent
    before: InsStatus
    during: tuple[Attributes, ...]
    """Attributes under which the row holds."""
    after: InsStatus
    ins: Effect = Effect.KEEP
    document: Effect = Effect.KEEP
    adds: Attributes = PLAIN
    removes: Attributes = PLAIN


_E, _S, _F, _R = IdentityEvent, InsStatus, Effect, Transition

TRANSITIONS: Final[tuple[Transition, ...]] = (
    _R(_E.INS_FOUND, _S.PROVISOIRE, _SOUND, _S.RECUPEREE, ins=_F.TAKE),
    _R(_E.INS_FOUND, _S.VALIDEE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE),
    _R(_E.INS_FOUND, _S.RECUPEREE, _SOUND, _S.RECUPEREE, ins=_F.TAKE),
    _R(_E.INS_FOUND, _S.QUALIFIEE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE),
    _R(_E.APCV_INS, _S.PROVISOIRE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE, document=_F.TAKE),
    _R(_E.APCV_INS, _S.VALIDEE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE),
    _R(_E.APCV_INS, _S.RECUPEREE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE, document=_F.TAKE),
    _R(_E.APCV_INS, _S.QUALIFIEE, _SOUND, _S.QUALIFIEE, ins=_F.TAKE),
    _R(_E.INS_INVALIDATED, _S.RECUPEREE, _SOUND, _S.PROVISOIRE, ins=_F.DROP),
    _R(_E.INS_INVALIDATED, _S.QUALIFIEE, _SOUND, _S.VALIDEE, ins=_F.DROP),
    _R(_E.DOCUMENT_CHECKED, _S.PROVISOIRE, _SOUND, _S.VALIDEE, document=_F.TAKE),
    _R(_E.DOCUMENT_CHECKED, _S.VALIDEE, _SOUND, _S.VALIDEE, document=_F.TAKE),
    _R(_E.DOCUMENT_CHECKED, _S.RECUPEREE, _SOUND, _S.QUALIFIEE, document=_F.TAKE),
    _R(_E.DOCUMENT_CHECKED, _S.QUALIFIEE, _SOUND, _S.QUALIFIEE, document=_F.TAKE),
    _R(_E.DOCUMENT_DIFFERS, _S.PROVISOIRE, COMBINATIONS, _S.PROVISOIRE),
    _R(_E.DOCUMENT_DIFFERS, _S.VALIDEE, _SOUND, _S.PROVISOIRE, document=_F.DROP),
    _R(_E.DOCUMENT_DIFFERS, _S.RECUPEREE, _SOUND, _S.PROVISOIRE, ins=_F.DROP),
    _R(_E.DOCUMENT_DIFFERS, _S.QUALIFIEE, _SOUND, _S.PROVISOIRE, ins=_F.DROP, document=_F.DROP),
    _R(_E.STRICT_TRAIT_CHANGED, _S.PROVISOIRE, COMBINATIONS, _S.PROVISOIRE),
    _R(_E.STRICT_TRAIT_CHANGED, _S.VALIDEE, _SOUND, _S.PROVISOIRE, document=_F.DROP),
    _R(_E.STRICT_TRAIT_CHANGED, _S.RECUPEREE, _SOUND, _S.PROVISOIRE, ins=_F.DROP),
    _R(_E.STRICT_TRAIT_CHANGED, _S.QUALIFIEE, _SOUND, _S.PROVISOIRE, ins=_F.DROP, document=_F.DROP),
    _R(_E.DOUBT_RAISED, _S.PROVISOIRE, _SOUND, _S.PROVISOIRE, adds=DOUTEUX),
    _R(_E.DOUBT_RAISED, _S.VALIDEE, _SOUND, _S.PROVISOIRE, document=_F.DROP, adds=DOUTEUX),
    _R(_E.DOUBT_RAISED, _S.RECUPEREE, _SOUND, _S.PROVISOIRE, ins=_F.DROP, adds=DOUTEUX),
    _R(_E.DOUBT_RAISED, _S.QUALIFIEE, _SOUND, _S.PROVISOIRE, ins=_F.DROP, document=_F.DROP, adds=DOUTEUX),
    _R(_E.DOUBT_LIFTED, _S.PROVISOIRE, _DOUBTFUL, _S.PROVISOIRE, removes=DOUTEUX),
    _R(_E.FICTION_DECLARED, _S.PROVISOIRE, (PLAIN,), _S.PROVISOIRE, adds=FICTIF),
    _R(_E.FICTION_DECLARED, _S.VALIDEE, (PLAIN,), _S.PROVISOIRE, document=_F.DROP, adds=FICTIF),
    _R(_E.FICTION_DECLARED, _S.RECUPEREE, (PLAIN,), _S.PROVISOIRE, ins=_F.DROP, adds=FICTIF),
    _R(_E.FICTION_DECLARED, _S.QUALIFIEE, (PLAIN,), _S.PROVISOIRE, ins=_F.DROP, document=_F.DROP, adds=FICTIF),
    _R(_E.FICTION_LIFTED, _S.PROVISOIRE, (FICTIF,), _S.PROVISOIRE, removes=FICTIF),
    _R(_E.HOMONYM_SET, _S.PROVISOIRE, (PLAIN, DOUTEUX), _S.PROVISOIRE, adds=HOMONYME),
    _R(_E.HOMONYM_SET, _S.VALIDEE, (PLAIN,), _S.VALIDEE, adds=HOMONYME),
    _R(_E.HOMONYM_SET, _S.RECUPEREE, (PLAIN,), _S.RECUPEREE, adds=HOMONYME),
    _R(_E.HOMONYM_SET, _S.QUALIFIEE, (PLAIN,), _S.QUALIFIEE, adds=HOMONYME),
    _R(_E.HOMONYM_UNSET, _S.PROVISOIRE, (HOMONYME, DOUTEUX_HOMONYME), _S.PROVISOIRE, removes=HOMONYME),
    _R(_E.HOMONYM_UNSET, _S.VALIDEE, (HOMONYME,), _S.VALIDEE, removes=HOMONYME),
    _R(_E.HOMONYM_UNSET, _S.RECUPEREE, (HOMONYME,), _S.RECUPEREE, removes=HOMONYME),
    _R(_E.HOMONYM_UNSET, _S.QUALIFIEE, (HOMONYME,), _S.QUALIFIEE, removes=HOMONYME),
)

REFUSALS: Final[Mapping[IdentityEvent, str]] = MappingProxyType(
    {
        _E.INS_FOUND: "identity.doubtful_or_fictitious",
        _E.APCV_INS: "identity.doubtful_or_fictitious",
        _E.DOCUMENT_CHECKED: "identity.doubtful_or_fictitious",
        _E.INS_INVALIDATED: "identity.no_ins",
        _E.DOUBT_RAISED: "identity.attribute_combination",
        _E.FICTION_DECLARED: "identity.attribute_combination",
        _E.HOMONYM_SET: "identity.attribute_combination",
        _E.DOUBT_LIFTED: "identity.attribute_absent",
        _E.FICTION_LIFTED: "identity.attribute_absent",
        _E.HOMONYM_UNSET: "identity.attribute_absent",
    }
)
"""Code of the error when no row permits an event; ``identity.transition_refused`` for the others."""


def derive_status(*, ins_retrieved: bool, document_checked: bool) -> InsStatus:
    """Return the status that the two facts make."""
    if ins_retrieved:
        return InsStatus.QUALIFIEE if document_checked else InsStatus.RECUPEREE
    return InsStatus.VALIDEE if document_checked else InsStatus.PROVISOIRE


def transition(status: InsStatus, attributes: Attributes, event: IdentityEvent) -> Transition:
    """Return the row that permits ``event``.

    Raises:
        IdentityError: no row does; the code tells why (``REFUSALS``).
    """
    for row in TRANSITIONS:
        if row.event is event and row.before is status and attributes in row.during:
            return row
    raise IdentityError(REFUSALS.get(event, "identity.transition_refused"), event=event.value, status=status.value)
