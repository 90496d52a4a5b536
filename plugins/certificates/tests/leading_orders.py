"""An order led through the plugin by whoever administers the installation, from the first question to its end."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.made_orders import ADMINISTRATOR, SIGNATORY, STRUCTURE
from plugins.certificates.tests.made_pki import NOW, Made, Pki, make_leaf, org_name
from segur_sdk.services.structure_certificates import OrderProgress

TODAY: Final = NOW.date().isoformat()
USE: Final = "insi-auto"
Step = Callable[[Context], OrderProgress]


def preparation() -> Iterator[dict[str, Any]]:
    """Yield the actions of steps 1 to 8."""
    yield {"kind": "contract_signed", "on": "2021-05-03"}
    yield {"kind": "director_card", "card": "held"}
    yield {"kind": "structure_named", "structure": STRUCTURE.model_dump(mode="json")}
    yield {"kind": "doer_chosen", "doer": "structure"}
    yield {"kind": "administrator_named", "administrator": ADMINISTRATOR.model_dump(mode="json")}
    yield {"kind": "form_chosen", "channel": "online"}
    yield {"kind": "signatory_named", "signatory": SIGNATORY.model_dump(mode="json")}
    yield {"kind": "form_sent", "on": "2026-11-10"}
    yield {"kind": "acknowledged", "case_number": "F413-004217"}
    yield {"kind": "granted", "on": "2026-11-12"}
    yield {"kind": "platform_entered", "means": "cpx"}


def requested(csr: str = "upload", **changes: Any) -> dict[str, Any]:
    mail = "informatique@cabinet.exemple.fr"
    return {"kind": "product_requested", "actor_mail": mail, "csr": csr, **changes}


def withdrawn(**changes: Any) -> dict[str, Any]:
    return {"kind": "withdrawn", "on": TODAY, "terms_accepted": True, **changes}


def prepared(host: Context, use: str = USE, **given: Any) -> OrderProgress:
    """Begin an order and lead it to the platform."""
    found = host.order(use, **given)
    for action in preparation():
        found = host.order(use, action=action)
    return found


def certified(host: Context, pki: Pki, use: str = USE, **changes: Any) -> bytes:
    """Return what the platform gives for the key that waits: the certificate and its authority, in PEM."""
    return _pem(pki, _waiting(host, use), **changes)


def given(pki: Pki, own: rsa.RSAPrivateKey, **changes: Any) -> bytes:
    """Return what stood in the platform's PKCS#12 beside a key that it made."""
    return _pem(pki, own, **changes)


def _waiting(host: Context, use: str) -> rsa.RSAPrivateKey:
    from plugins.certificates.tests.made_pki import key, key_fingerprint

    (reference,) = (one for one in host.keyring.references() if one.use == use)
    names = [f"{use}-{rank}" for rank in range(1, host.keyring.made + 1)]
    return next(key(one) for one in names if key_fingerprint(key(one).public_key()) == reference.awaiting)


def _pem(pki: Pki, own: rsa.RSAPrivateKey, **changes: Any) -> bytes:
    settings: dict[str, Any] = {"subject": org_name("INSI-AUTO", "10B0152872"), "serial": 4217}
    issuer: Made = changes.pop("issuer", pki.organisations)
    made = make_leaf(issuer, changes.pop("kind", "AUTH_CLI"), own=own, **(settings | changes))
    return made.pem + issuer.pem


def serving(host: Context, use: str = USE) -> str | None:
    """Return the public key that serves."""
    found = {one.use: one.public_key for one in host.keyring.references()}
    return found.get(use)


def csr_key(progress: OrderProgress) -> str:
    """Return the public key of the request that is to be uploaded."""
    from plugins.certificates.tests.made_pki import key_fingerprint

    assert progress.csr is not None
    return key_fingerprint(x509.load_pem_x509_csr(progress.csr).public_key())


def in_service(host: Context, pki: Pki, **changes: Any) -> bytes:
    """Lead an order to a certificate that was confirmed."""
    prepared(host)
    host.does(**requested())
    host.does(**withdrawn())
    came = certified(host, pki, **changes)
    host.install(came)
    host.does("confirmed")
    return came


def renewed(host: Context) -> None:
    """Lead a renewal to its withdrawal."""
    host.renew()
    host.does("platform_entered", means="cpx")
    host.does(**requested())
    host.does(**withdrawn())
