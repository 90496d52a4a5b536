"""What a mutant is: the green code with one behaviour changed, so that a check can be seen to fail."""

from typing import Any

import attrs

from segur_conformance.runner.plan import Readers

MOST_FAILED = 5
"""A mutant that fails more checks than that breaks more than one behaviour."""


@attrs.frozen
class Change:
    """One passage of one file, replaced.

    Attributes:
        package: import name of the package that is changed, such as ``segur_plugin_insi``.
        file: within the package.
        before: the passage, which stands there exactly once.
        after: what stands there instead.
    """

    package: str
    file: str
    before: str
    after: str


@attrs.frozen
class Mutant:
    """The green code with one behaviour changed; what it returns is still well typed.

    Attributes:
        id: stable, ``profile.what``.
        breaks: the behaviour that is changed, in one French sentence.
        expected: ids of the checks that must fail, one to five; every other check of the profile passes.
        changes: usually one.
        settings: of plugins, by id, when the behaviour hides behind one.
        readers: in which it meets cards: those of ``pcsc`` where the behaviour is only seen with the system's service.
    """

    id: str
    breaks: str
    expected: tuple[str, ...] = attrs.field(
        validator=[attrs.validators.min_len(1), attrs.validators.max_len(MOST_FAILED)]
    )
    changes: tuple[Change, ...] = attrs.field(validator=attrs.validators.min_len(1))
    settings: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    readers: Readers = "memory"

    @property
    def profile(self) -> str:
        """The profile whose checks are to notice it."""
        return self.id.partition(".")[0]


@attrs.frozen
class Variant:
    """The green code with another choice that is just as valid: no check may fail.

    Attributes:
        id: stable, ``profile.what``.
        differs: in what, in one French sentence.
        changes: of the code, if any.
        settings: of plugins, by id.
        readers: in which it meets cards.
    """

    id: str
    differs: str
    changes: tuple[Change, ...] = ()
    settings: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    readers: Readers = "memory"

    @property
    def expected(self) -> tuple[str, ...]:
        """The checks that must fail: none."""
        return ()

    @property
    def profile(self) -> str:
        """The profile whose checks must all pass."""
        return self.id.partition(".")[0]
