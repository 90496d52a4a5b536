"""The plan: what is put to the test, against which profiles, with which settings."""

import hashlib
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import attrs
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from segur_conformance.checks import PROFILES
from segur_conformance.checks.check import TargetKind
from segur_conformance.targets.limits import Limits
from segur_sdk.errors import ConfigError, invalid_input
from segur_sdk.manifest import PluginId

MAX_PLAN_BYTES: Final = 262_144
REFERENCE_HOST: Final = "reference"
"""Target of kind ``host`` that is the reference host itself."""
PCSC: Final = "pcsc"
"""Readers of a run whose cards are met through PC/SC, and the plugin that brings the driver for that."""
Readers = Literal["memory", "pcsc"]
"""In which a product meets cards: the reference host's own in memory, or virtual ones of PC/SC."""
LimitName = Literal["memory", "processes", "scratch", "file", "written", "answer_s"]
"""Fields of ``Limits``."""


class Product(BaseModel):
    """What is put to the test.

    Attributes:
        kind: a plugin that is installed here, a plugin's wheel, or a program that carries everything itself.
        target: id of the plugin; file of the wheel; command line of the program, or ``reference``.
        companions: other installed plugins that run beside it, such as the reader of the card that ``insi`` needs.
        readers: in which the product meets cards.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    kind: TargetKind
    target: Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)] = (
        Field(min_length=1)
    )
    companions: tuple[PluginId, ...] = ()
    readers: Readers = "memory"

    @property
    def in_memory(self) -> bool:
        """Whether it meets cards in readers that are in memory."""
        return self.readers != PCSC

    @model_validator(mode="after")
    def _driver_of_readers(self) -> "Product":
        carried = self.kind is not TargetKind.HOST or self.target == (REFERENCE_HOST,)
        if not self.in_memory and carried and PCSC not in (*self.target, *self.companions):
            raise ValueError("a product that meets cards through PC/SC has the plugin pcsc beside it")
        return self

    @model_validator(mode="after")
    def _one_target(self) -> "Product":
        if self.kind is not TargetKind.HOST and len(self.target) != 1:
            raise ValueError("a plugin is named by one word")
        if not all(word.strip() for word in self.target):
            raise ValueError("a target has no empty word")
        if self.kind is TargetKind.HOST and len(self.target) == 1:
            shlex.split(self.target[0])  # an unclosed quotation is said now, not when it runs
        return self


class Plan(BaseModel):
    """A plan file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    plan: Literal[1]
    profiles: Annotated[tuple[str, ...], AfterValidator(lambda given: tuple(dict.fromkeys(given)))] = Field(
        min_length=1
    )
    product: Product
    settings: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Settings by plugin, as in the host's configuration."""
    limits: Mapping[LimitName, PositiveInt] = Field(default_factory=dict)
    """How much of the machine the product may take, where the kit's own limits do not fit; never certified."""

    @property
    def held_to(self) -> Limits:
        """The limits of the kit, with the plan's instead."""
        return attrs.evolve(Limits(), **{str(name): value for name, value in self.limits.items()})


@attrs.frozen
class PlanFile:
    """A plan as it was read.

    Attributes:
        name: of the file, without its folder.
        sha256: of its bytes.
        plan: what it says; files in it are absolute.
    """

    name: str
    sha256: str
    plan: Plan


def load_plan(path: Path) -> PlanFile:
    """Read a plan; relative files in it start from its folder.

    Raises:
        ConfigError: ``config.plan_unreadable``, ``config.plan_invalid`` (with the fields), ``config.plan_profile``.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_PLAN_BYTES + 1)
        if len(data) > MAX_PLAN_BYTES:
            raise ConfigError("config.plan_unreadable", file=path.name, reason="too_large")
        content = tomllib.loads(data.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as failure:
        raise ConfigError("config.plan_unreadable", file=path.name, reason=type(failure).__name__) from None
    try:
        plan = Plan.model_validate(content)
    except ValidationError as failure:
        fields = invalid_input("config.plan_invalid", failure, Plan).facts["fields"]
        raise ConfigError("config.plan_invalid", file=path.name, fields=fields) from None
    for profile in plan.profiles:
        if profile not in PROFILES:
            raise ConfigError("config.plan_profile", known=", ".join(PROFILES))
    target = _anchored(plan.product, path.absolute().parent)
    anchored = plan.model_copy(update={"product": plan.product.model_copy(update={"target": target})})
    return PlanFile(path.name, hashlib.sha256(data).hexdigest(), anchored)


def _anchored(product: Product, folder: Path) -> tuple[str, ...]:
    """Return the target with every file that it names absolute, since a target runs in a folder of its own."""
    if product.kind is TargetKind.PLUGIN:
        return product.target
    if product.kind is TargetKind.WHEEL:
        return (str(folder / product.target[0]),)
    words = product.target if len(product.target) > 1 else tuple(shlex.split(product.target[0]))
    return tuple(str(folder / word) if (folder / word).is_file() else word for word in words)
