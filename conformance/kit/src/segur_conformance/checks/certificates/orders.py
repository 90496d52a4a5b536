"""An order that a check leads through the target, step by step, as an administrator does."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_conformance.checks.certificates.acts import (
    INSI_PRODUCT,
    MAILBOX,
    Act,
    Step,
    to_the_platform,
    today,
    typed,
)
from segur_conformance.checks.certificates.judging import encoded, expect_accepted, fingerprint, started
from segur_conformance.checks.certificates.material import INSI_AUTO, Keys, Wanted, authorities, issued, pem
from segur_conformance.checks.certificates.platform import P12_PASSWORD, REVOCATION_CODE
from segur_conformance.outcomes import CheckFailed
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

USE: Final = "insi-auto"
SIGNATURE: Final = 6
SUBMISSION: Final = 7
PLATFORM: Final = 8
REQUEST: Final = 9
WITHDRAWAL: Final = 10


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
        self._left: list[Step] = [*to_the_platform()]
        """What this order was not led by yet."""

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
        order = cls(bench, started(bench, keys or {}, answers=typed_at(bench)), use, name)
        order.accepted(order.asked(product=product), "nouvelle commande")
        return order

    @classmethod
    def habilitated(cls, bench: Bench, keys: Keys | None = None, **given: Any) -> Self:
        """Begin an order and lead it into the platform."""
        order = cls.begun(bench, keys, **given)
        order.leads_to(REQUEST)
        return order

    @classmethod
    def requested(cls, bench: Bench, keys: Keys | None = None, **given: Any) -> Self:
        """Begin an order and lead it to the request of a key that was made here."""
        order = cls.habilitated(bench, keys, **given)
        order.does(Act.PRODUCT_REQUESTED, **order.product())
        return order

    @classmethod
    def withdrawn(cls, bench: Bench, keys: Keys | None = None, **given: Any) -> Self:
        """Begin an order and lead it to the certificate that is about to come."""
        order = cls.requested(bench, keys, **given)
        order.does(Act.WITHDRAWN, **order.withdrawal())
        return order

    @classmethod
    def in_service(cls, bench: Bench, **given: Any) -> tuple[Self, str]:
        """Return an order whose certificate serves, and ends in 20 days; and the fingerprint of its key."""
        order = cls.withdrawn(bench, **given)
        first = order.key
        order.installs(order.certified(Wanted.ending_in(timedelta(days=20), name=order.name)))
        order.does(Act.CONFIRMED)
        expect_equal(order.serving, first, "clé en service")
        return order, first

    def renewed_to_the_withdrawal(self) -> None:
        """Renew what serves, up to the certificate that is about to come."""
        self.accepted(self.subject.ask("renew", use=self.use), "renouvellement")
        self._left = [*to_the_platform()]
        self.leads_to(REQUEST)
        self.does(Act.PRODUCT_REQUESTED, **self.product())
        self.does(Act.WITHDRAWN, **self.withdrawal())

    def leads_to(self, step: int) -> dict[str, Any]:
        """Do what the order offers, and nothing twice, until it stands at a step; return where it stands.

        Args:
            step: at most 9, from where on each check knows what it does.
        """
        found = self.stands
        while found["step"] is not None and found["step"] < step:
            offered = next((one for one in self._left if one[0] in found["possible"]), None)
            if offered is None:
                raise CheckFailed(f"étape {found['step']} : la commande n’offre aucune action qui la fasse avancer")
            self._left.remove(offered)
            found = self.does(offered[0], **offered[1])
        return found

    def asked(self, **given: Any) -> Answer:
        """Ask about the order; ``product`` begins it, ``action`` leads it on."""
        answer = self.subject.ask("order", use=self.use, **given)
        self.told.append([answer.value, answer.said])
        return answer

    def tries(self, kind: Act, **fields: Any) -> Answer:
        """Do something, whatever comes of it."""
        return self.asked(action={"kind": kind, **fields})

    def does(self, kind: Act, **fields: Any) -> dict[str, Any]:
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
    def key(self) -> str:
        """Fingerprint of the key that the request is of."""
        public = x509.load_pem_x509_csr(self.csr.encode()).public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        return fingerprint(public)

    @property
    def serving(self) -> str | None:
        """Fingerprint of the key that serves now."""
        found = self.subject.ask("references").value.get(self.use)
        return found["public_key"] if found is not None else None

    @property
    def can_take_back(self) -> bool:
        """Whether the former certificate can serve again."""
        return bool(self.subject.ask("references").value[self.use]["can_take_back"])

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


def expect_serves(order: Order, public: rsa.RSAPublicKey, what: str) -> None:
    """Fail unless the key that serves is this one."""
    expect_equal(order.serving, fingerprint(public), f"{what}, clé en service")


def typed_at(bench: Bench) -> dict[str, str]:
    """Return what whoever sits at the target types when he is asked for secrets."""
    return typed(bench.plugin.id, REVOCATION_CODE, P12_PASSWORD)
