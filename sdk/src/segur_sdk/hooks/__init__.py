"""The moments of a practice's day at which the host speaks and plugins answer.

A plugin is a class that subclasses :class:`SegurHooks` and overrides, with ``@hookimpl``, the hooks that its
manifest declares.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segur_sdk.hooks.card_read import ON_CARD_READ, OnCardRead
from segur_sdk.hooks.certificate_expiring import ON_CERTIFICATE_EXPIRING, OnCertificateExpiring
from segur_sdk.hooks.dmp_send import BEFORE_DMP_SEND, BeforeDmpSend
from segur_sdk.hooks.document_validated import ON_DOCUMENT_VALIDATED, OnDocumentValidated
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookimpl, hookspec
from segur_sdk.hooks.prescription_scanned import ON_PRESCRIPTION_SCANNED, OnPrescriptionScanned
from segur_sdk.hooks.qualify_identity import QUALIFY_IDENTITY, QualifyIdentity
from segur_sdk.hooks.session_ended import ON_SESSION_ENDED, OnSessionEnded
from segur_sdk.hooks.session_login import ON_SESSION_LOGIN, OnSessionLogin


class SegurHooks(
    OnSessionLogin,
    OnCardRead,
    QualifyIdentity,
    OnDocumentValidated,
    BeforeDmpSend,
    OnPrescriptionScanned,
    OnSessionEnded,
    OnCertificateExpiring,
):
    """Every hook of this version of the SDK; the base class of plugins."""


HOOKS: Final[Mapping[str, HookInfo]] = MappingProxyType(
    {
        info.name: info
        for info in (
            ON_SESSION_LOGIN,
            ON_CARD_READ,
            QUALIFY_IDENTITY,
            ON_DOCUMENT_VALIDATED,
            BEFORE_DMP_SEND,
            ON_PRESCRIPTION_SCANNED,
            ON_SESSION_ENDED,
            ON_CERTIFICATE_EXPIRING,
        )
    }
)
"""Contract data of every hook by its name."""

__all__ = ["HOOKS", "HookInfo", "HookMode", "SegurHooks", "Stability", "hookimpl", "hookspec"]
