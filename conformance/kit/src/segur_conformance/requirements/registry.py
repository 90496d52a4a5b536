"""All requirements, found by id, profile, domain or actor."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property

from pydantic import model_validator

from segur_conformance.requirements.loading import data_folder, read_requirements, read_sources
from segur_conformance.requirements.model import Actor, Profile, Requirement, Source
from segur_sdk.errors import InputError
from segur_sdk.models.base import Value


class Registry(Value):
    """The registry as it ships with the kit."""

    sources: Mapping[str, Source]
    requirements: tuple[Requirement, ...]

    @model_validator(mode="after")
    def _sources_are_known(self) -> "Registry":
        for one in self.requirements:
            if one.source not in self.sources:
                raise ValueError(f"{one.id} comes from {one.source}, which is not a source")
        return self

    @staticmethod
    def load() -> "Registry":
        """Return the registry of this version of the kit, read once."""
        return _shipped()

    @cached_property
    def _by_id(self) -> Mapping[str, Requirement]:
        return {one.id: one for one in self.requirements}

    def __contains__(self, requirement: str) -> bool:
        return requirement in self._by_id

    def __len__(self) -> int:
        return len(self.requirements)

    def each(self) -> Iterator[Requirement]:
        """Yield every requirement in the registry's order."""
        return iter(self.requirements)

    def get(self, requirement: str) -> Requirement:
        """Return one requirement.

        Raises:
            InputError: ``input.requirement_unknown``.
        """
        try:
            return self._by_id[requirement]
        except KeyError:
            raise InputError("input.requirement_unknown", requirement=requirement[:60]) from None

    def by_profile(self, profile: Profile | str) -> tuple[Requirement, ...]:
        """Return what a profile of checks is about."""
        return tuple(one for one in self.requirements if profile in one.profiles)

    def by_actor(self, actor: Actor | str) -> tuple[Requirement, ...]:
        """Return what falls to one actor."""
        return tuple(one for one in self.requirements if one.actor == actor)

    def unknown(self, requirements: Iterable[str]) -> tuple[str, ...]:
        """Return those ids that the registry does not know, sorted."""
        return tuple(sorted(set(requirements) - self._by_id.keys()))


@cache
def _shipped() -> Registry:
    folder = data_folder()
    return Registry(sources=read_sources(folder), requirements=read_requirements(folder))
