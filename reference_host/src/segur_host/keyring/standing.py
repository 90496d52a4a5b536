"""Where each key of one use stands: which serves, which wait, which came before. One small file says it."""

import json
import re
from typing import Final, Self

import attrs

KEY_NAME_PATTERN: Final = re.compile(r"[0-9a-f]{16}")
"""Beginning of the fingerprint of a public key, lower case: name of its folder."""
_VERSION: Final = 1


@attrs.frozen
class Standing:
    """The keys of one use by the names of their folders. Each stands in one place."""

    serving: str | None = None
    """``None``: the one of the configuration, if it names any."""
    awaiting: tuple[str, ...] = ()
    """Without certificate, the latest first."""
    found: tuple[str, ...] = ()
    """That were left on the way, with or without certificate: perhaps only copies, so that none is destroyed."""
    aside: tuple[str, ...] = ()
    """With a certificate that was taken out of service, the latest first."""
    former: tuple[str | None, ...] = ()
    """That served before, the latest first; ``None`` is the one of the configuration."""
    condemned: tuple[str, ...] = ()
    """That are to be destroyed."""
    returned: bool = False
    """Whether the one that serves was taken back, and none was installed since: it is taken back once."""

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read the file.

        Raises:
            ValueError: it is not as ``written``.
        """
        try:
            found = json.loads(content)
        except RecursionError:
            raise ValueError("nested") from None
        if not isinstance(found, dict) or found.pop("version", None) != _VERSION:
            raise ValueError("another version")
        if found.keys() != {field.name for field in attrs.fields(cls)}:
            raise ValueError("other fields")
        lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
        if lists.keys() != found.keys() - {"serving", "returned"} or not isinstance(found["returned"], bool):
            raise ValueError("not lists")
        standing = cls(serving=found["serving"], returned=found["returned"], **lists)
        named = [one for one in (standing.serving, *standing.former) if one is not None]
        named += [*standing.waiting, *standing.condemned]
        if not all(is_key_name(one) for one in named) or len(set(named)) != len(named):
            raise ValueError("a key stands in one place")
        return standing

    def written(self) -> bytes:
        """Return the content of the file."""
        return json.dumps({"version": _VERSION, **attrs.asdict(self)}, indent=1).encode() + b"\n"

    @property
    def kept(self) -> frozenset[str]:
        """Every key that is not to be destroyed."""
        own = (self.serving, *self.former)
        return frozenset([one for one in own if one is not None]) | {*self.waiting}

    @property
    def waiting(self) -> tuple[str, ...]:
        """Keys that may be installed, those without certificate first."""
        return self.awaiting + self.found + self.aside

    def before(self, *, configured: bool) -> tuple[str | None, ...]:
        """Return what came before, the latest first; ``configured``: whether the configuration names a key."""
        return tuple(one for one in self.former if one is not None or configured)

    def with_new(self, key: str) -> Self:
        """One more waits for its certificate."""
        return attrs.evolve(self, awaiting=(key, *self.awaiting))

    def with_found(self, key: str) -> Self:
        """One was found that was left on the way: it waits behind the others."""
        return attrs.evolve(self, found=(*self.found, key))

    def claimed(self, key: str) -> Self:
        """One that was found waits as one that was made: somebody asked for its request again."""
        left = tuple(one for one in self.found if one != key)
        return attrs.evolve(self, found=left, awaiting=(*self.awaiting, key))

    def installed(self, key: str, *, configured: bool) -> Self:
        """One that waits serves; what served comes before it."""
        left = (self.serving,) if self.serving is not None or configured else ()
        return attrs.evolve(
            self,
            serving=key,
            awaiting=tuple(one for one in self.awaiting if one != key),
            found=tuple(one for one in self.found if one != key),
            aside=tuple(one for one in self.aside if one != key),
            former=left + tuple(one for one in self.former if one not in left),
            returned=False,
        )

    def taken_back(self, *, configured: bool) -> Self:
        """The one before serves again; the one that served waits."""
        latest, *earlier = self.before(configured=configured)
        left = (self.serving,) if self.serving is not None else ()
        return attrs.evolve(self, serving=latest, aside=left + self.aside, former=tuple(earlier), returned=True)

    def dropped(self, key: str) -> Self:
        """One that waits for its certificate is to be destroyed."""
        left = tuple(one for one in self.awaiting if one != key)
        return attrs.evolve(self, awaiting=left, condemned=(*self.condemned, key))

    def without_former(self) -> Self:
        """Those that came before are to be destroyed; the files of the configuration are left."""
        doomed = tuple(one for one in self.former if one is not None)
        return attrs.evolve(self, former=(), condemned=self.condemned + doomed)


def is_key_name(name: object) -> bool:
    """Tell whether it is the name of a key's folder."""
    return isinstance(name, str) and KEY_NAME_PATTERN.fullmatch(name) is not None
