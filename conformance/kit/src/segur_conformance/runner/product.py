"""What a plan puts to the test, found on this machine: its code, its version, its hash."""

import hashlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from segur_conformance.certified.fingerprint import package_folder, sha256_of, sha256_of_package
from segur_conformance.checks.check import TargetKind
from segur_conformance.runner.plan import REFERENCE_HOST, Product
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.wheel import installed_from
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.limits import Limits
from segur_conformance.targets.room import ForeignRoom, ReferenceRoom, Room
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import ConfigError


@attrs.frozen
class FoundProduct:
    """What a plan puts to the test, as it was found.

    Attributes:
        product: what the plan says.
        plugin: under test; nothing for a host.
        companions: that run beside it.
        site: folder that a wheel was unpacked into.
        sha256: of all its code and its companions'.
    """

    product: Product
    plugin: InstalledPlugin | None
    companions: tuple[InstalledPlugin, ...]
    site: Path | None
    sha256: str

    @property
    def plugins(self) -> tuple[InstalledPlugin, ...]:
        """Every plugin that runs, the one under test first."""
        return (*((self.plugin,) if self.plugin is not None else ()), *self.companions)

    @property
    def is_foreign(self) -> bool:
        """Whether it is a program that carries everything itself."""
        return self.product.kind is TargetKind.HOST and self.product.target != (REFERENCE_HOST,)

    @property
    def id(self) -> str:
        """The plugin's id, or the program's name."""
        if self.plugin is not None:
            return self.plugin.id
        return Path(self.product.target[-1]).name if self.is_foreign else "segur-host"


def found(product: Product, site: Path) -> FoundProduct:
    """Find what a plan names.

    Args:
        product: of the plan.
        site: folder for what has to be unpacked; it does not exist yet.

    Raises:
        ConfigError: ``config.plan_target``, ``config.plan_wheel``, ``config.plan_command``.
    """
    if product.kind is TargetKind.WHEEL:
        site.mkdir()
        plugin = InstalledPlugin.find(installed_from(Path(product.target[0]), site), [str(site)])
        return _with_companions(product, plugin, site, [str(site), *sys.path])
    if product.kind is TargetKind.PLUGIN:
        return _with_companions(product, InstalledPlugin.find(product.target[0], sys.path), None, sys.path)
    if product.target == (REFERENCE_HOST,):
        return _with_companions(product, None, None, sys.path)
    files = _command_files(product.target)
    return FoundProduct(product, None, (), None, sha256_of(files, Path(files[0].anchor)))


def _with_companions(
    product: Product, plugin: InstalledPlugin | None, site: Path | None, path: list[str]
) -> FoundProduct:
    companions = tuple(InstalledPlugin.find(one, path) for one in product.companions)
    folders = [one.package for one in (*((plugin,) if plugin is not None else ()), *companions)]
    if plugin is None:
        folders.append(package_folder("segur_host"))
    together = hashlib.sha256("".join(f"{one.name}={sha256_of_package(one)}\n" for one in folders).encode())
    return FoundProduct(product, plugin, companions, site, together.hexdigest())


def _command_files(command: tuple[str, ...]) -> list[Path]:
    """Return the program of a command and every file that its words name.

    Raises:
        ConfigError: ``config.plan_command``: there is no such program.
    """
    program = shutil.which(command[0])
    if program is None:
        raise ConfigError("config.plan_command", program=Path(command[0]).name)
    words = (Path(word) for word in command[1:])
    return [Path(program).resolve(), *(word for word in words if word.is_absolute() and word.is_file())]


@contextmanager
def room_for(
    product: FoundProduct,
    sandbox: RunningSandbox,
    scratch: Path,
    record: RunRecord,
    *,
    hidden: tuple[Path, ...] = (),
    limits: Limits | None = None,
) -> Iterator[Room]:
    """Open the room in which a product runs.

    Args:
        product: as it was found.
        sandbox: the services it meets.
        scratch: a folder for it alone.
        record: of the run.
        hidden: folders that do not exist for it.
        limits: how much of the machine it may take.
    """
    if product.is_foreign:
        with ForeignRoom(product.product.target, sandbox, scratch, record, hidden, limits) as foreign:
            yield foreign
    else:
        plugins, site = product.plugins, product.site
        in_memory = product.product.in_memory
        with ReferenceRoom(plugins, site, sandbox, scratch, record, hidden, limits, in_memory=in_memory) as reference:
            yield reference
