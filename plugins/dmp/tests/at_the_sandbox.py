"""A counter at the sandbox: who is served, who writes, and a draft taken as far as it goes."""

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import CareStructure, DocumentProfessional, DocumentVersion
from segur_sdk.models.identity import ProofDocument, Sex, Traits

if TYPE_CHECKING:
    from segur_host import Host
    from segur_host.outbox.intent import Intent

ZOE: Final = Traits(
    nom_naissance="ADRUN",
    premier_prenom="ZOE",
    prenoms_naissance=("ZOE",),
    sexe=Sex.FEMALE,
    date_naissance=date(1975, 12, 31),
    lieu_naissance="63220",
)
PHARMACY: Final = CareStructure(id="10B0152872", name="PHARMACIE DU BAC A SABLE")


def zoe(host: "Host") -> SealedIdentity:
    """Return the identity of somebody who showed her card of identity, and was told of the DMP."""
    from segur_host.consents.ledger import InformationChannel

    known = host.identify(ZOE).identity
    assert known is not None
    found = host.qualify(known.identity_ref, document=ProofDocument(type="CN")).identity
    assert found is not None
    host.inform(found.identity_ref, InformationChannel.ORAL)
    return found


def settled(host: "Host", given: DmpDraft, **more: Any) -> "Intent":
    """Let a draft in and take it as far as it goes."""
    receipt = host.send(given, **more)
    assert receipt.intent is not None, [one.code for one in receipt.reasons]
    host.outbox.run()
    return host.outbox.show(receipt.intent.id)


def in_words(intent: "Intent") -> tuple[str, list[str]]:
    return str(intent.state), [one.code for one in intent.reasons]


def version_of(intent: "Intent") -> DocumentVersion:
    """Return the version that was sent, as one that replaces it names it."""
    assert intent.sent is not None
    said = intent.sent.references
    number = int(said["version"])
    return DocumentVersion(
        id=said["document"], set_id=said["document_set"], number=number, replaces=said.get("replaces")
    )


def pharmacist(role: str = "G15_21/A", **changes: Any) -> DocumentProfessional:
    given: dict[str, Any] = {
        "id": "899900063480",
        "family_name": "LIBRE",
        "given_name": "MAX",
        "role": role,
        "structure": PHARMACY,
    }
    return DocumentProfessional(**(given | changes))
