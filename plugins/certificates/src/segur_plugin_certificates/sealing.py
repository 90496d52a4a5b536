"""The two secrets of an order: typed at the host, sealed there, and known here by their names only."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from segur_plugin_certificates.ordering.state import CsrCase, OrderState
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Question

_SHORTEST: Final = 8
_PATTERN: Final = rf"\S.{{{_SHORTEST - 2},62}}\S"
"""Printable ends, 8 to 64 characters. UNVERIFIED: what the platform itself demands is not public."""
_REVOCATION: Final = Question(
    code="certificates.revocation_code",
    text="Code de révocation, le même que sur la plateforme (8 caractères au moins ; le logiciel le garde scellé)",
    pattern=_PATTERN,
    secret=True,
)
_PASSWORD: Final = Question(
    code="certificates.key_password",
    text="Mot de passe choisi sur la plateforme pour la clé (8 caractères au moins ; perdu, il ne se retrouve pas)",
    pattern=_PATTERN,
    secret=True,
)
_TYPED_AT_THE_HOST: Final = frozenset({"revocation_code", "password"})


def refuse_secrets(given: Mapping[str, JsonValue]) -> None:
    """Refuse an action that brings a secret along: it is typed where nobody but the host sees it.

    Raises:
        InputError: ``certificates.order_secret``.
    """
    if not _TYPED_AT_THE_HOST.isdisjoint(given):
        raise InputError("certificates.order_secret")


def references(state: OrderState) -> dict[str, JsonValue]:
    """Return the references to the secrets of this round, whether they are sealed already or not."""
    found: dict[str, JsonValue] = {"revocation_code": f"sealed:{_revocation_name(state)}"}
    if state.request is not None and state.request.csr is CsrCase.PLATFORM:
        found["password"] = f"sealed:{_password_name(state)}"
    return found


def seal(state: OrderState, ctx: HookContext) -> None:
    """Have the secrets of a withdrawal typed and sealed. What is sealed is not asked again.

    Raises:
        ConfigError: ``config.keyring_passphrase``.
        InputError: ``input.nobody_to_ask``, ``input.no_answer``, ``input.secret_differs``.
    """
    assert state.request is not None
    ctx.keyring.seal(_revocation_name(state), _REVOCATION)
    if state.request.csr is CsrCase.PLATFORM:
        ctx.keyring.seal(_password_name(state), _PASSWORD)


def forget_password(state: OrderState, ctx: HookContext) -> None:
    """Forget the password of a key that the host has, or that nobody will use."""
    ctx.keyring.forget_sealed(_password_name(state))


def forget_revocation_code(state: OrderState, ctx: HookContext) -> None:
    """Forget the revocation code of a round in which nothing was withdrawn. Otherwise it stays: it may be needed."""
    ctx.keyring.forget_sealed(_revocation_name(state))


def _revocation_name(state: OrderState) -> str:
    return f"{state.product.use}.revocation-{state.round}"


def _password_name(state: OrderState) -> str:
    return f"{state.product.use}.password-{state.round}"
