"""What is told of a key: where it is and what stands beside it, never what it is."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.broker.keys import KeyRing
from segur_host.keyring.pairs import fingerprint_of
from segur_host.keyring.standing import Standing
from segur_host.keyring.store import KeyStore
from segur_sdk.errors import SegurError
from segur_sdk.keyring import KeyPlace, KeyReference
from segur_sdk.manifest import PluginManifest

_MAX_WHERE = 1024


def reference_of(
    use: str, keys: KeyRing, store: KeyStore, manifests: Iterable[PluginManifest], offered: str | None = None
) -> KeyReference:
    """Return what is told of the key of a use; what keeps the host from using it is its ``problem``.

    Args:
        use: of the key.
        keys: every key.
        store: of the host.
        manifests: of the plugins that are enabled.
        offered: public key of one that could be installed now although the store does not have it.
    """
    standing, chain = Standing(), tuple[bytes, ...]()
    problem, public_key = None, None
    try:
        standing = store.standing(use)
        if standing.serving is not None or is_configured(keys, use) or _on_token(keys, use):
            found = keys.held_chain(use)
            chain = tuple(one.public_bytes(Encoding.DER) for one in found)
            public_key = fingerprint_of(found[0].public_key())
            keys.refuse_other_world(found[0], use)
    except SegurError as failure:
        problem = failure.code
    except (ValueError, UnsupportedAlgorithm):
        problem = "config.key_unreadable"
    awaiting = _awaiting(use, store, standing, offered)
    place, where = _place(use, keys, store, standing)
    declared = tuple(manifests)
    return KeyReference(
        use=use,
        place=place,
        where=where[:_MAX_WHERE],
        signs=any(key.use == use and key.signs for one in declared for key in one.keys),
        purposes=tuple(sorted({net.purpose for one in declared for net in one.network if net.key == use})),
        certificate=chain[0] if chain else None,
        chain=chain[1:],
        public_key=public_key,
        problem=problem,
        awaiting=awaiting,
        can_take_back=not standing.returned and bool(standing.before(configured=is_configured(keys, use))),
    )


def _awaiting(use: str, store: KeyStore, standing: Standing, offered: str | None) -> str | None:
    """Return the public key of what waits; one that cannot be read keeps nothing else from being told."""
    if offered is not None:
        name = offered[:16].lower()
        if name not in standing.kept or name in standing.waiting:
            return offered
    for key in standing.waiting:
        with suppress(SegurError):
            return store.facts(use, key).public_key
    return None


def is_configured(keys: KeyRing, use: str) -> bool:
    """Tell whether the configuration names files for a use."""
    table = keys.table(use)
    return table is not None and table.token is None


def _on_token(keys: KeyRing, use: str) -> bool:
    table = keys.table(use)
    return table is not None and table.token is not None


def _place(use: str, keys: KeyRing, store: KeyStore, standing: Standing) -> tuple[KeyPlace, str]:
    table = keys.table(use)
    if standing.serving is not None or table is None:
        return KeyPlace.STORE, str(store.folder / use / (standing.serving or ""))
    if table.token is not None:
        return KeyPlace.TOKEN, table.token.serial
    if table.p12 is not None:
        return KeyPlace.P12, str(table.p12)
    return KeyPlace.PEM, str(table.key or Path())
