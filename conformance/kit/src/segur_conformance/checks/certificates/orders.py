"""An order that a check leads through the target, step by step, as an administrator does."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_conformance.checks.certificates.judging import encoded, expect_accepted, fingerprint, started
from segur_conformance.checks.certificates.material import INSI_AUTO, Keys, Wanted, authorities, issued, pem
from segur_conformance.checks.certificates.platform import P12_PASSWORD, REVOCATION_CODE
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject
from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION

USE: Final = "insi-auto"
MAILBOX: Final = "certificats@pharmacie.invalid"
SEALED_ANSWERS: Final[Mapping[str, str]] = {
    "certificates.revocation_code": REVOCATION_CODE,
    "certificates.key_password": P12_PASSWORD,
    "keyring.p12_password": P12_PASSWORD,
}
"""What whoever sits there types when he is asked for secrets."""
FINESS_GIVEN: Final = "2015-01-05"
SIGNED: Final = "2021-03-01"
CASE: Final = "F413-004217"
STRUCTURE: Final[Mapping[str, Any]] = {
    "name": ORGANISATION,
    "department": DEPARTMENT,
    "type": "1",
    "number": FINESS,
    "finess_nature": "geographique",
    "attributed_on": FINESS_GIVEN,
}
ADMINISTRATOR: Final[Mapping[str, Any]] = {
    "name": "administrateur technique",
    "mail": MAILBOX,
    "card": "CPE",
    "card_active": True,
}
SIGNATORY: Final[Mapping[str, Any]] = {"name": "titulaire", "box": "responsable", "mail": MAILBOX}
INSI_PRODUCT: Final[Mapping[str, Any]] = {"box": "org", "usage": "AUTH_CLI", "service": "insi-auto"}

Step = tuple[str, Mapping[str, Any]]


def preparation(**changes: Any) -> Iterator[Step]:
    """Yield the actions of steps 1 to 6; ``changes`` replace the fields of some, by kind."""
    steps: tuple[Step, ...] = (
        ("contract_signed", {"on": SIGNED}),
        ("director_card", {"card": "held"}),
        ("structure_named", {"structure": STRUCTURE}),
        ("doer_chosen", {"doer": "structure"}),
        ("administrator_named", {"administrator": ADMINISTRATOR}),
        ("form_chosen", {"channel": "online"}),
        ("signatory_named", {"signatory": SIGNATORY}),
    )
    for kind, fields in steps:
        yield kind, changes.get(kind, fields)


def habilitation(on: str) -> Iterator[Step]:
    """Yield the actions of steps 7 and 8."""
    yield "form_sent", {"on": on}
    yield "acknowledged", {"case_number": CASE}
    yield "granted", {"on": on}
    yield "platform_entered", {"means": "cpx"}


class Order:
    """An order in a target.

    Args:
        bench: of the check.
        subject: the target.
        use: of the key.
        name: ``CN`` of the certificate.
    """

    def __init__(self, bench: Bench, subject: Subject, use: str = USE, name: str = INSI_AUTO) -> None:
        self.bench = bench
        self.subject = subject
        self.use = use
        self.name = name
        self.told: list[Any] = []
        """Everything that was answered."""

    @classmethod
    def begun(
        cls,
        bench: Bench,
        keys: Keys | None = None,
        product: Mapping[str, Any] = INSI_PRODUCT,
        use: str = USE,
        name: str = INSI_AUTO,
    ) -> Self:
        """Begin an order in a target started anew, where ``keys`` serve already."""
        order = cls(bench, started(bench, keys or {}, answers=SEALED_ANSWERS), use, name)
        order.accepted(order.asked(product=product), "nouvelle commande")
        return order

    @classmethod
    def habilitated(cls, bench: Bench, keys: Keys | None = None, **given: Any) -> Self:
        """Begin an order and lead it to the platform."""
        order = cls.begun(bench, keys, **given)
        for kind, fields in (*preparation(), *habilitation(today())):
            order.does(kind, **fields)
        return order

    @classmethod
    def requested(cls, bench: Bench, keys: Keys | None = None, **given: Any) -> Self:
        """Begin an order and lead it to the request of a key that was made here."""
        order = cls.habilitated(bench, keys, **given)
        order.does("product_requested", **order.product())
        return order

    @classmethod
    def withdrawn(cls, bench: Bench, keys: Keys | None = None, **given: Any) -> Self:
        """Begin an order and lead it to the certificate that is about to come."""
        order = cls.requested(bench, keys, **given)
        order.does("withdrawn", **order.withdrawal())
        return order

    def asked(self, **given: Any) -> Answer:
        """Ask about the order; ``product`` begins it, ``action`` leads it on."""
        answer = self.subject.ask("order", use=self.use, **given)
        self.told.append([answer.value, answer.said])
        return answer

    def tries(self, kind: str, **fields: Any) -> Answer:
        """Do something, whatever comes of it."""
        return self.asked(action={"kind": kind, **fields})

    def does(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Do something that has to be accepted."""
        return self.accepted(self.tries(kind, **fields), kind)

    def accepted(self, answer: Answer, what: str) -> dict[str, Any]:
        """Return where the order stands; the check fails when it was refused."""
        return expect_accepted(answer, what)

    @property
    def stands(self) -> dict[str, Any]:
        """Where the order stands."""
        return self.accepted(self.asked(), "état de la commande")

    @property
    def csr(self) -> str:
        """The request to upload."""
        found = self.stands["csr"]
        expect(found, "aucune demande (CSR) n’est rendue")
        return str(found)

    @property
    def serving(self) -> str | None:
        """Fingerprint of the key that serves now."""
        found = self.subject.ask("references").value.get(self.use)
        return found["public_key"] if found is not None else None

    def product(self, csr: str = "upload", **changes: Any) -> dict[str, Any]:
        """Return the fields of the request at the platform."""
        return {"name": self.name, "actor_mail": MAILBOX, "csr": csr, **changes}

    def withdrawal(self, **changes: Any) -> dict[str, Any]:
        """Return the fields of the withdrawal; its secrets are typed by whoever sits there."""
        return {"on": today(), "terms_accepted": True, **changes}

    def certified(self, wanted: Wanted | None = None, public: rsa.RSAPublicKey | None = None) -> bytes:
        """Return a certificate in PEM with its authority, for the key that was made here unless another is given."""
        if public is None:
            own = x509.load_pem_x509_csr(self.csr.encode()).public_key()
            assert isinstance(own, rsa.RSAPublicKey)
            public = own
        wanted = wanted or Wanted(name=self.name)
        leaf = issued(self.bench, wanted, public)
        return pem(leaf) + pem(authorities(self.bench).authority(wanted.authority).certificate)

    def gives(self, content: bytes) -> Answer:
        """Give the target a certificate that came, whatever comes of it."""
        answer = self.subject.ask("install", use=self.use, certificates=encoded(content))
        self.told.append([answer.value, answer.said])
        return answer

    def installs(self, content: bytes) -> dict[str, Any]:
        """Give the target a certificate that has to be accepted, and serves from then on."""
        return self.accepted(self.gives(content), "installation du certificat")


def today() -> str:
    """Return the day, as actions have it."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def days_ago(days: int) -> str:
    """Return a day of the past, as actions have it."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


def expect_serves(order: Order, public: rsa.RSAPublicKey, what: str) -> None:
    """Fail unless the key that serves is this one."""
    expect_equal(order.serving, fingerprint(public), f"{what}, clé en service")
