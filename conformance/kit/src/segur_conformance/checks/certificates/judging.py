"""How a check of this profile asks a target about certificates, and words to judge what it says by."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from segur_conformance.checks.certificates.material import Keys
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.subject import Answer, Subject

Row = Mapping[str, Any]
RANK: Final = {"ok": 0, "calendar": 1, "awaiting": 1, "warning": 2, "urgent": 3, "blocked": 4}
JOB_LISTS: Final = "crl"
"""Name, in the plugin, of the job that fetches the revocation lists."""
JOB_WATCH: Final = "watch"
"""Name, in the plugin, of the job that tells of ends that are near."""
UNEXPLAINED: Final = "ne sait pas expliquer"
"""What the host says of a code for which nobody brings a text."""


def started(bench: Bench, keys: Keys | None = None, **given: Any) -> Subject:
    """Start the target with these keys and no other; with those of the services without any."""
    tables: dict[str, Any] = {"keys": keys} if keys is not None else {}
    return bench.start(**tables, **given)


def rows(subject: Subject, *uses: str, online: bool = False) -> dict[str, Row]:
    """Return what the target says of its certificates, by use; the check fails when it says nothing."""
    answer = subject.ask("certificates", uses=list(uses), online=online)
    expect(answer.error is None, f"l’inventaire échoue ({answer.error})")
    return {one["id"]: one for one in answer.value}


def row(subject: Subject, use: str, *, online: bool = False) -> Row:
    """Return what the target says of one certificate."""
    found = rows(subject, use, online=online)
    expect(use in found, f"le certificat {use} manque à l’inventaire")
    return found[use]


def expect_blocked(found: Row, what: str) -> None:
    """Fail unless nothing may be sent with a certificate, for a reason that is told in French."""
    expect(found["status"] == "blocked", f"{what} : dit « {found['status']} », « blocked » attendu")
    blocking = [one["notice"] for one in found["findings"] if one["severity"] == "blocked"]
    expect(blocking, f"{what} : bloqué sans dire pourquoi")
    expect_told(blocking, what)


def expect_usable(found: Row, what: str) -> None:
    """Fail if something keeps a certificate from being used."""
    told = [one["notice"]["code"] for one in found["findings"]]
    expect(RANK[found["status"]] < RANK["blocked"], f"{what} : bloqué ({', '.join(told)})")


def expect_told(notices: list[Mapping[str, Any]], what: str) -> None:
    """Fail unless each notice says in French what is the matter and what to do."""
    told = all(one["text"] and one["action"] for one in notices)
    expect(told, f"{what} : ne dit pas ce qui se passe et quoi faire")


def expect_refused(answer: Answer, what: str) -> None:
    """Fail unless something was refused, for a reason that is told in French."""
    expect(answer.error is not None, f"{what} : accepté")
    code = str(answer.error)
    expect(not code.startswith("plugin."), f"{what} : l’erreur est un accident ({code}), pas un refus motivé")
    explained = answer.said.count(".") >= 2 and UNEXPLAINED not in answer.said
    expect(explained, f"{what} : l’erreur ne dit pas en français ce qui se passe et quoi faire")


def expect_accepted(answer: Answer, what: str) -> dict[str, Any]:
    """Return what a step of an order came to; the check fails when it was refused."""
    expect(answer.error is None, f"{what} : refusé ({answer.error})")
    found: dict[str, Any] = answer.value
    return found


def ran(bench: Bench, subject: Subject, job: str) -> Mapping[str, Any]:
    """Have a job of the plugin run now, and return what became of it."""
    answer = subject.ask("run_job", job=f"{bench.plugin.id}.{job}")
    expect(answer.error is None, f"la tâche {job} ne s’exécute pas ({answer.error})")
    outcome: Mapping[str, Any] = answer.value["outcome"]
    return outcome


def fingerprint(public: rsa.RSAPublicKey) -> str:
    """Return what the target calls a key: SHA-256 of its public half in DER, upper-case hexadecimal."""
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest().upper()


def moment(text: str) -> datetime:
    """Return an instant that is written in JSON."""
    return datetime.fromisoformat(text)


def encoded(content: bytes) -> str:
    """Return bytes as a target is given them."""
    return base64.b64encode(content).decode("ascii")
