"""Where each key of an installation was seen: none may be in two places.

Two instances have two keys; one instance may use one key for several services, from one and the same place (ANS,
« Commande de certificats »).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from segur_sdk.errors import ConfigError

_STORE = "store:"


class KeyPlaces:
    """Public keys by place: a file, a token, a folder of the store. One thread at a time changes it."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}
        """Public key by use and place."""
        self._places: Mapping[str, Mapping[str, str]] = {}
        """Use by place, by public key."""

    def add(self, use: str, place: str, public_key: str) -> None:
        """Note what is in a place outside the store."""
        self._seen[(use, place)] = public_key
        self._sort()

    def has(self, use: str, place: str) -> bool:
        """Tell whether something was noted of a place."""
        return (use, place) in self._seen

    def remove(self, use: str, place: str) -> None:
        """Forget what was in a place: it is looked at anew."""
        if self._seen.pop((use, place), None) is not None:
            self._sort()

    def put_stored(self, found: Iterable[tuple[str, str, str]]) -> None:
        """Note what is in the store, in place of what was: use, name of the key, public key."""
        for one in [one for one in self._seen if one[1].startswith(_STORE)]:
            del self._seen[one]
        self._seen.update({(use, f"{_STORE}{use}/{key}"): public_key for use, key, public_key in found})
        self._sort()

    def refuse_twice(self, public_key: str | None, use: str) -> None:
        """Refuse a key that is in two places.

        Raises:
            ConfigError: ``config.key_twice``, with another use if one has it.
        """
        places = self._places.get(public_key or "", {})
        if len(places) > 1:
            raise _twice(use, places)

    def refuse_any(self, public_key: str, use: str) -> None:
        """Refuse a key that is anywhere.

        Raises:
            ConfigError: ``config.key_twice``.
        """
        places = self._places.get(public_key)
        if places:
            raise _twice(use, places)

    def _sort(self) -> None:
        sorted_out: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for (use, place), public_key in self._seen.items():
            sorted_out[public_key][place] = use
        self._places = dict(sorted_out)


def _twice(use: str, places: Mapping[str, str]) -> ConfigError:
    others = sorted({one for one in places.values() if one != use})
    return ConfigError("config.key_twice", use=use, other=others[0] if others else use)
