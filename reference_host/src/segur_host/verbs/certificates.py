"""The certificates of the structure: judged, ordered, installed and renewed."""

from typing import Any

from pydantic import Field, JsonValue

from segur_host.host import Host
from segur_host.verbs.asked import Asked, InSession, Nothing
from segur_sdk.manifest import Token
from segur_sdk.models.base import Inbound
from segur_sdk.services.structure_certificates import MAX_CERTIFICATE_FILE, CertificateRow, OrderProgress


class InventoryInput(Inbound):
    """Arguments of ``certificates.inventory``."""

    uses: tuple[Token, ...] = Field(default=(), max_length=1000)
    """None named: every one."""
    online: bool = False
    with_keys: bool = False
    """Each row with its ``public_key`` too, for whoever compares installations."""


class OrderInput(InSession):
    """Arguments of ``certificates.order``."""

    use: Token
    product: dict[str, JsonValue] | None = None
    action: dict[str, JsonValue] | None = None


class InstallInput(InSession):
    """Arguments of ``certificates.install``."""

    use: Token
    content: bytes = Field(min_length=1, max_length=MAX_CERTIFICATE_FILE, repr=False)
    """The file, in base64."""


class RenewInput(InSession):
    """Arguments of ``certificates.renew``."""

    use: Token


class SecretInput(InSession):
    """Arguments of ``certificates.secret``."""

    name: str = Field(min_length=1, max_length=80)


def inventory(host: Host, given: InventoryInput, _asked: Asked) -> Any:
    """Judge certificates."""
    rows = [row_as_json(one) for one in host.certificates.inventory(*given.uses, online=given.online).rows]
    if given.with_keys:
        keys = {one.use: one.public_key for one in host.certificates.references()}
        rows = [{**row, "public_key": keys.get(row["id"])} for row in rows]
    return rows


def calendar(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return when certificates end."""
    found = host.certificates.calendar()
    return {
        "entries": [one.model_dump(mode="json") for one in found.entries],
        "ics": found.ics.decode("utf-8", "replace"),
    }


def order(host: Host, given: OrderInput, asked: Asked) -> Any:
    """Begin an order, lead it on, or look at it."""
    with given.acting(host):
        found = host.certificates.order(given.use, product=given.product, action=given.action, asker=asked)
    return progress_as_json(found)


def install(host: Host, given: InstallInput, asked: Asked) -> Any:
    """Install a certificate that came."""
    with given.acting(host):
        return progress_as_json(host.certificates.install(given.use, given.content, asker=asked))


def renew(host: Host, given: RenewInput, asked: Asked) -> Any:
    """Begin to replace a certificate."""
    with given.acting(host):
        return progress_as_json(host.certificates.renew(given.use, asker=asked))


def secret(host: Host, given: SecretInput, asked: Asked) -> Any:
    """Return a sealed secret, once whoever asked confirmed."""
    with given.acting(host):
        return {"name": given.name, "secret": host.certificates.secret(given.name, asker=asked).reveal()}


def row_as_json(row: CertificateRow) -> dict[str, Any]:
    """Return a certificate as outsiders rely on it."""
    return {
        "id": row.id,
        "offer": row.offer,
        "usage": "+".join(row.usage) or None,
        "environment": str(row.environment) if row.environment is not None else None,
        "structure": row.structure,
        "not_after": row.not_after.isoformat() if row.not_after is not None else None,
        "days_left": row.days_left,
        "status": str(row.status),
        "findings": [
            {
                "code": one.notice.code,
                "severity": str(one.severity),
                "message": one.notice.text,
                "action": one.notice.action,
            }
            for one in row.findings
        ],
    }


def progress_as_json(progress: OrderProgress) -> dict[str, Any]:
    """Return where an order stands; its request, which is no secret, as the text that it is."""
    told = progress.model_dump(mode="json", exclude={"csr"})
    return {**told, "csr": progress.csr.decode("ascii", "replace") if progress.csr is not None else None}
