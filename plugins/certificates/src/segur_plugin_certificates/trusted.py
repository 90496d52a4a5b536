"""The authorities that an installation trusts: those of its environment, and of no other."""

from typing import Final

from segur_plugin_certificates.anchors import Anchors, read_anchors
from segur_plugin_certificates.authorities import tree_of
from segur_plugin_certificates.settings import CertificatesSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError, InputError

_MISSING: Final = "config.trust_missing"
_MIXED: Final = "config.certificate_environment"


def trusted(ctx: HookContext) -> Anchors:
    """Return the authorities that the configuration trusts.

    Raises:
        InputError: ``certificates.anchors_missing`` (none is configured, or a file cannot be read: ``reason``);
            ``certificates.anchors_mixed``; those of :func:`segur_plugin_certificates.anchors.read_anchors`.
    """
    found: list[bytes] = []
    refused: ConfigError | None = None
    for trust in ctx.settings(CertificatesSettings).trusts:
        try:
            found += ctx.keyring.anchors(trust)
        except ConfigError as failure:
            if failure.code == _MIXED:
                raise InputError("certificates.anchors_mixed", tree=str(tree_of(ctx.environment))) from None
            # One name that nobody configured leaves the others; a file that cannot be read does not.
            if failure.code != _MISSING:
                raise InputError("certificates.anchors_missing", reason=failure.code) from None
            refused = failure
    if refused is not None and not found:
        raise InputError("certificates.anchors_missing", reason=refused.code)
    return read_anchors(dict.fromkeys(found), tree_of(ctx.environment))
