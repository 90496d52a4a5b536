"""The wrong answers of the publication point and of the responder, by what they are asked for."""

OPERATIONS: dict[str, str] = {
    "crl_expired": "crl",
    "crl_stale": "crl",
    "crl_wrong_signature": "crl",
    "crl_other_authority": "crl",
    "ocsp_wrong_signature": "ocsp",
    "ocsp_unknown": "ocsp",
    "ocsp_revoked": "ocsp",
    "ocsp_late": "ocsp",
    "ocsp_future": "ocsp",
    "ocsp_try_later": "ocsp",
    "ocsp_internal_error": "ocsp",
    "ocsp_unauthorized": "ocsp",
    "ocsp_malformed": "ocsp",
    "ocsp_other_serial": "ocsp",
    "ocsp_wrong_nonce": "ocsp",
    "ocsp_no_nonce": "ocsp",
    "ocsp_by_authority": "ocsp",
    "ocsp_delegate_without_purpose": "ocsp",
    "ocsp_delegate_expired": "ocsp",
    "ocsp_delegate_foreign": "ocsp",
}
"""Variant → operation; the first of an operation is what it does when none is named."""


def variant_for(operation: str, asked: str | None) -> str | None:
    """Return how an answer is to be wrong, `None` when it is to be right.

    Args:
        operation: `crl` or `ocsp`.
        asked: As the scope has it: `None` without the fault, empty when no variant was named.
    """
    if asked is None:
        return None
    return asked or next(name for name, where in OPERATIONS.items() if where == operation)
