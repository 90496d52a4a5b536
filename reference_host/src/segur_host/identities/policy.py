"""What the structure decided about identities, from its configuration."""

from segur_host.config.model import IdentityTable
from segur_sdk.identity.engine import DEFAULT_PROOFS, IdentityPolicy
from segur_sdk.identity.proofs import ProofKind


def policy_of(table: IdentityTable) -> IdentityPolicy:
    """Return the policy that ``[identity]`` describes.

    A kind of proof is accepted or refused by its code; one that the default table lacks gets its code as label.
    """
    accepted, refused = set(table.proof_types.accepted), set(table.proof_types.refused)
    known = {kind.code for kind in DEFAULT_PROOFS}
    proofs = tuple(
        kind.model_copy(update={"high_trust": kind.code not in refused and (kind.high_trust or kind.code in accepted)})
        for kind in DEFAULT_PROOFS
    )
    added = tuple(ProofKind(code=code, label_fr=code, high_trust=True) for code in sorted(accepted - known))
    return IdentityPolicy(
        max_requests=table.max_document_requests,
        proofs=proofs + added,
        automatic_qualification=table.automatic_qualification,
    )
