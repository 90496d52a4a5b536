"""Traits, attributes and INS changed by a human.

Sources: RNIV EXI SI 09/22, *Guide d'implémentation de l'INS dans les logiciels* v3.0 (EXI ID 10, 24, 26; rules
25 to 27); SC.INS/va1.18, .44, .60.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segur_sdk.errors import IdentityError
from segur_sdk.identity.moving import move, with_fields
from segur_sdk.identity.names import start_that_fits
from segur_sdk.identity.notices import notice
from segur_sdk.identity.record import Change, IdentityRecord
from segur_sdk.identity.status import IdentityEvent
from segur_sdk.models.identity import CollectionMethod, Divergence, IdentityAttribute, TraitName, Traits
from segur_sdk.models.notice import Notice

_SETTING: Final[Mapping[IdentityAttribute, IdentityEvent]] = MappingProxyType(
    {
        IdentityAttribute.HOMONYME: IdentityEvent.HOMONYM_SET,
        IdentityAttribute.DOUTEUX: IdentityEvent.DOUBT_RAISED,
        IdentityAttribute.FICTIF: IdentityEvent.FICTION_DECLARED,
    }
)
_CLEARING: Final[Mapping[IdentityAttribute, IdentityEvent]] = MappingProxyType(
    {
        IdentityAttribute.HOMONYME: IdentityEvent.HOMONYM_UNSET,
        IdentityAttribute.DOUTEUX: IdentityEvent.DOUBT_LIFTED,
        IdentityAttribute.FICTIF: IdentityEvent.FICTION_LIFTED,
    }
)


def change_traits(
    record: IdentityRecord,
    traits: Traits,
    *,
    as_super_user: bool = False,
    method: CollectionMethod = CollectionMethod.MANUAL,
) -> Change:
    """Record corrected traits.

    The first given name alone may change whatever the status, while it fits the start of the recorded list of
    given names (EXI ID 10). Any other change of a strict trait drops matricule, OID and document check; the
    document that shows the new traits is then presented as usual.

    Args:
        record: the identity now.
        traits: the traits that shall stand.
        as_super_user: the user may change what INSi gave (SC.INS/va1.18).
        method: how the new traits were collected.

    Raises:
        IdentityError: ``identity.traits_locked``.
    """
    changed = tuple(name for name in TraitName if getattr(traits, name.value) != getattr(record.traits, name.value))
    whole = " ".join(traits.prenoms_naissance)
    fits = bool(whole) and start_that_fits(traits.premier_prenom, whole) is not None
    divergences: tuple[Divergence, ...] = ()
    told: tuple[Notice, ...] = ()
    if whole and not fits and changed:
        divergences = (
            Divergence(trait=TraitName.PREMIER_PRENOM, reason="not_in_list", ours=traits.premier_prenom, theirs=whole),
        )
        told = (notice("identity.first_name_not_in_list"),)
    if not changed or (changed == (TraitName.PREMIER_PRENOM,) and fits):
        return Change(record=with_fields(record, traits=traits))
    if record.is_locked and not as_super_user:
        raise IdentityError("identity.traits_locked", traits=", ".join(name.value for name in changed))
    moved = move(record, IdentityEvent.STRICT_TRAIT_CHANGED, traits=traits, collection=method)
    return Change(
        record=moved,
        events=(IdentityEvent.STRICT_TRAIT_CHANGED,),
        divergences=divergences,
        notices=told + _told_of_loss(record, moved),
    )


def set_attribute(record: IdentityRecord, attribute: IdentityAttribute) -> Change:
    """Give the identity an attribute; one that it has already changes nothing.

    *Douteux* and *fictif* leave it *provisoire*, without matricule, OID nor document check.

    Raises:
        IdentityError: ``identity.attribute_combination``.
    """
    return Change(record=record) if attribute in record.attributes else _moved(record, _SETTING[attribute])


def clear_attribute(record: IdentityRecord, attribute: IdentityAttribute) -> Change:
    """Take an attribute away. What *douteux* or *fictif* dropped does not come back by itself.

    Raises:
        IdentityError: ``identity.attribute_absent``.
    """
    return _moved(record, _CLEARING[attribute])


def invalidate_ins(record: IdentityRecord) -> Change:
    """Drop an INS that its source no longer confirms (SC.INS/va1.08); the document check remains.

    Raises:
        IdentityError: ``identity.no_ins``.
    """
    return _moved(record, IdentityEvent.INS_INVALIDATED)


def _moved(record: IdentityRecord, event: IdentityEvent) -> Change:
    moved = move(record, event)
    return Change(record=moved, events=(event,), notices=_told_of_loss(record, moved))


def _told_of_loss(before: IdentityRecord, after: IdentityRecord) -> tuple[Notice, ...]:
    return (notice("identity.ins_dropped"),) if before.matricule is not None and after.matricule is None else ()
