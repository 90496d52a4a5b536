"""A pharmacist validates documents: what leaves by itself is in the sandbox's DMP, its next version replaces it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

import pytest

from segur_host import Host
from segur_host.config.model import HostConfig
from segur_host.consents.ledger import InformationChannel
from segur_host.documents.document import ValidatedDocument
from segur_sandbox.running import RunningSandbox
from segur_sdk.hooks.dmp_send import DmpContent, Validation
from segur_sdk.models.document import CareStructure, DocumentAct, DocumentProfessional, Section, WrittenBody
from segur_sdk.models.identity import ProofDocument, Sex, Traits

MADE: Final = datetime.fromisoformat("2026-03-02T09:10:00+01:00")
ZOE: Final = Traits(
    nom_naissance="ADRUN",
    premier_prenom="ZOE",
    prenoms_naissance=("ZOE",),
    sexe=Sex.FEMALE,
    date_naissance=date(1975, 12, 31),
    lieu_naissance="63220",
)
PHARMACIST: Final = DocumentProfessional(
    id="899900063480",
    family_name="LIBRE",
    given_name="MAX",
    role="G15_21/A",
    structure=CareStructure(id="10B0152872", name="PHARMACIE DU BAC A SABLE"),
)

Hand = Callable[..., Any]


@pytest.fixture
def handed(segur_sandbox: RunningSandbox, segur_config: HostConfig) -> Any:
    """Hand a document over to a host, and return what became of it and of its feeding."""
    with Host(segur_config) as host:
        reference = host.identify(ZOE, document=ProofDocument(type="CN")).identity
        assert reference is not None
        host.inform(reference.identity_ref, InformationChannel.ORAL)

        def handed(ref: str, code: str, words: str = "Rien à signaler.", **options: Any) -> tuple[Any, str | None]:
            body = WrittenBody(sections=(Section(heading="Bilan", paragraphs=(words,)),))
            document = ValidatedDocument(
                document_ref=ref,
                identity=host.identity(reference.identity_ref),
                document_type=code,
                title="Document",
                validation=Validation(validator="99900063480", validated_at=MADE),
                content=DmpContent(
                    author=PHARMACIST,
                    authored_at=MADE,
                    validator=PHARMACIST,
                    act=DocumentAct(start=MADE),
                    body=body,
                ),
                answers=options.pop("answers", {}),
            )
            done = host.validate(document, **options)
            host.outbox.run()
            intent = done.receipt.intent if done.receipt is not None else None
            return done, str(host.outbox.show(intent.id).state) if intent is not None else None

        yield handed


def statuses(sandbox: RunningSandbox) -> list[str]:
    entries = [one for one in sandbox.dmp_now()["entries"] if not one["signature"]]
    return sorted(one["status"].rpartition(":")[2] for one in entries)


@pytest.mark.req("S000-34", "S000-36", "SC.DMP.03.LGO", "SC.DMP/ALI/PROG.02")
def test_what_leaves_by_itself_is_fed_once_and_its_next_version_replaces_it(
    handed: Hand, segur_sandbox: RunningSandbox
) -> None:
    segur_sandbox.reset()
    assert handed("entretien-1", "78601-2")[1] == "sent"
    assert handed("entretien-1", "78601-2")[1] == "sent"
    assert statuses(segur_sandbox) == ["Approved"]
    assert handed("entretien-1", "78601-2", "Technique revue.")[1] == "sent"
    assert handed("entretien-1", "78601-2", "Technique revue deux fois.")[1] == "sent"
    assert statuses(segur_sandbox) == ["Approved", "Deprecated", "Deprecated"]
    assert handed("bilan-1", "56445-0")[1] == "sent"
    assert statuses(segur_sandbox) == ["Approved", "Approved", "Deprecated", "Deprecated"]


def test_what_is_sensitive_leaves_when_somebody_sends_that_very_document(
    handed: Hand, segur_sandbox: RunningSandbox
) -> None:
    segur_sandbox.reset()
    done, state = handed("certificat-1", "89601-9")
    assert (state, done.kept_back.code) == (None, "documents.sensitive")
    done, state = handed("certificat-1", "89601-9", feed=True)
    assert (state, done.receipt.question.code) == ("held", "dmp.sensitive")
    assert handed("certificat-1", "89601-9", feed=True, answers={"dmp.sensitive": "send"})[1] == "sent"
    assert handed("certificat-2", "89601-9", feed=True)[1] == "held"
    assert statuses(segur_sandbox) == ["Approved"]
