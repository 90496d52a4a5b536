"""What was fed, by a digest of what it says: a new version that says the same replaces nothing (EX_GEN-1060).

One digest for each document, of its last version. One older than the retention that the manifest declares counts as
none, and is forgotten when somebody looks at it.
"""

from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from segur_sdk.context import HookContext
from segur_sdk.hooks.dmp_send import DmpDraft

RETENTION: Final = timedelta(days=1096)


def remember(draft: DmpDraft, document_id: str, ctx: HookContext) -> None:
    """Keep the digest of a version that was fed, in the place of that of the version before.

    Args:
        draft: what was fed.
        document_id: ``uniqueId`` of that version.
        ctx: context of this plugin.

    Raises:
        HostError: it cannot be kept.
    """
    content = draft.content
    if content is not None and content.replaces is not None:
        ctx.store.delete(_key(content.replaces.id))
    ctx.store.put(_key(document_id), f"{ctx.clock.now().date().isoformat()} {digest_of(draft)}".encode("ascii"))


def says_the_same(draft: DmpDraft, ctx: HookContext) -> bool:
    """Tell whether the version that a draft replaces said exactly the same."""
    content = draft.content
    if content is None or content.replaces is None:
        return False
    key = _key(content.replaces.id)
    kept = ctx.store.get(key)
    if kept is None:
        return False
    day, _, digest = kept.decode("ascii").partition(" ")
    if ctx.clock.now().date() - date.fromisoformat(day) > RETENTION:
        ctx.store.delete(key)
        return False
    return digest == digest_of(draft)


def digest_of(draft: DmpDraft) -> str:
    """Return the digest of what a document says, whoever it is about and whichever version it is."""
    told = draft.model_dump_json(
        include={
            "document_type": True,
            "title": True,
            "content": {"act", "body", "recipients", "privacy_notice"},
        }
    )
    # A set has no order of its own: another process would write it otherwise.
    kept_from = ",".join(sorted(draft.confidentiality))
    return sha256(f"{kept_from};{told}".encode()).hexdigest()


def _key(document_id: str) -> str:
    return f"fed.{document_id}"
