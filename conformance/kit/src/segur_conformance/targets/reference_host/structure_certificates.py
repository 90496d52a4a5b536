"""Words by which the reference host is asked about the certificates of the structure, and what it keeps of them."""

import base64
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from segur_conformance.canaries import Canaries
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_sdk.services.structure_certificates import OrderProgress

Request = Mapping[str, Any]
MAX_FILE: Final = 16 * 1024 * 1024


class StructuresCertificates:
    """The words; see ``Subject.ask``.

    Args:
        host: gives the open host.
    """

    def __init__(self, host: Callable[[], WatchedHost]) -> None:
        self._host = host
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {
            "certificates": self._inventory,
            "calendar": self._calendar,
            "order": self._order,
            "install": self._install,
            "renew": self._renew,
            "references": self._references,
            "expiring": self._expiring,
            "data": self._data,
        }

    def _inventory(self, request: Request) -> Any:
        found = self._host().certificates.inventory(*request.get("uses", ()), online=request.get("online", False))
        return [one.model_dump(mode="json") for one in found.rows]

    def _calendar(self, _: Request) -> Any:
        found = self._host().certificates.calendar()
        return {"entries": [one.model_dump(mode="json") for one in found.entries], "ics": found.ics.decode()}

    def _order(self, request: Request) -> Any:
        found = self._host().certificates.order(
            request["use"], product=request.get("product"), action=request.get("action")
        )
        return _progress(found)

    def _install(self, request: Request) -> Any:
        content = base64.b64decode(request["certificates"])
        return _progress(self._host().certificates.install(request["use"], content))

    def _renew(self, request: Request) -> Any:
        return _progress(self._host().certificates.renew(request["use"]))

    def _references(self, _: Request) -> Any:
        return {
            one.use: {
                "place": str(one.place),
                "certificate": base64.b64encode(one.certificate).decode("ascii") if one.certificate else None,
                "public_key": one.public_key,
                "problem": one.problem,
                "awaiting": one.awaiting,
                "can_take_back": one.can_take_back,
            }
            for one in self._host().certificates.references()
        }

    def _expiring(self, request: Request) -> Any:
        """Return the ends of certificates that plugins were told of, each time; ``at_least`` so many are awaited."""
        return self._host().told_of("on_certificate_expiring", request["at_least"])

    def _data(self, request: Request) -> Any:
        """Look through everything that the host keeps.

        ``words`` are searched for, in clear and in disguise; ``holding`` are the files that have some. ``open`` are
        those that another account may read.
        """
        canaries = Canaries(request["words"])
        holding, wide = [], []
        for name, path in self._files():
            if canaries.found_in(path.read_bytes()[:MAX_FILE]):
                holding.append(name)
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                wide.append(name)
        return {"holding": sorted(holding), "open": sorted(wide)}

    def _files(self) -> Iterator[tuple[str, Path]]:
        data = self._host().config.data
        for path in data.rglob("*"):
            if path.is_file():
                yield path.relative_to(data).as_posix(), path


def _progress(progress: OrderProgress) -> dict[str, Any]:
    told = progress.model_dump(mode="json", exclude={"csr"})
    return {**told, "csr": progress.csr.decode("ascii") if progress.csr is not None else None}
