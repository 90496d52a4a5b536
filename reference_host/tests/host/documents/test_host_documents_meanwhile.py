"""Two workstations that validate versions of one document at the same moment."""

from collections.abc import Callable

import pytest

from segur_host import Host
from segur_host.documents.document import ValidatedDocument
from segur_host.outbox.outbox import Outbox
from segur_sdk.errors import InputError
from segur_sdk.identity.seal import SealedIdentity


def test_documents_of_two_versions_given_at_the_same_moment_the_second_is_told_so(
    documents_host: Callable[..., Host],
    patient: Callable[..., SealedIdentity],
    document_of: Callable[..., ValidatedDocument],
    fed_after: Callable[[Host], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = documents_host()
    identity = patient(host)
    host.validate(document_of(identity, title="Brouillon"))
    with monkeypatch.context() as looked_before:
        looked_before.setattr(Outbox, "under", lambda *_: ())
        with pytest.raises(InputError, match=r"outbox\.another_version"):
            host.validate(document_of(identity, title="Corrigé"))
    host.validate(document_of(identity, title="Corrigé"))
    assert fed_after(host) == ["Corrigé"]
