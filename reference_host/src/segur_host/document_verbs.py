"""Verbs of a host about documents that a professional answers for."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import attrs

from segur_host.broker.ask import Asker
from segur_host.dispatch.context import Caller
from segur_host.documents import notices
from segur_host.documents.desk import DocumentDesk, Validated
from segur_host.documents.document import ValidatedDocument, understood
from segur_host.identities.desk import IdentityDesk
from segur_sdk.context import Clock
from segur_sdk.errors import SegurError
from segur_sdk.models.notice import Notice


@attrs.frozen
class NotValidated:
    """One of several documents that could not be taken; the others were."""

    failure: SegurError


@attrs.frozen
class LeftOut:
    """A document of the past that this run does not feed."""

    document_ref: str
    reason: Notice


class DocumentVerbs(Protocol):
    """What a host offers about validated documents; ``Host`` carries it."""

    _documents: DocumentDesk
    _desk: IdentityDesk
    _clock: Clock

    def _caller(self, asker: Asker | None) -> Caller: ...

    def validate(self, document: ValidatedDocument | str, *, feed: bool = False, hold: bool = False) -> Validated:
        """Take a document for which a professional answers from now on, and feed it if it leaves by itself.

        Given again, the same version leaves once; a new version stands in the place of one that did not leave yet.

        Args:
            document: which one, or its JSON, in which the identity is ``{"identity_ref": …}``.
            feed: the user sends it, whether or not such documents leave by themselves.
            hold: the user holds this very document; nothing of it is remembered for the next.

        Returns:
            Where it goes with every rule behind it, and what became of its feeding: a receipt, or why there is none.

        Raises:
            InputError: ``input.document``: it is not one; ``outbox.busy``, ``outbox.settled``: the version before it
                began to leave meanwhile; ``outbox.another_version``: another version was given at the same moment.
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``, ``identity.unknown``.
            PluginError: ``plugin.sender_missing``, or the plugin cannot build it.
            HostError: it cannot be kept; nothing was let in.
        """
        return self._documents.validate(
            understood(document, self._desk.sealed), self._caller(None), feed=feed, hold=hold
        )

    def validate_all(
        self, documents: Iterable[ValidatedDocument | str], *, feed: bool = False, hold: bool = False
    ) -> Iterator[Validated | NotValidated]:
        """Take several documents, each as ``validate`` does; one that cannot be taken keeps back none of the others.

        Yields:
            One answer for each, in their order, as soon as it is known.
        """
        for document in documents:
            try:
                yield self.validate(document, feed=feed, hold=hold)
            except SegurError as failure:
                yield NotValidated(failure)

    def feed_past(self, documents: Iterable[ValidatedDocument | str]) -> Iterator[Validated | NotValidated | LeftOut]:
        """Feed documents of the past that ``[documents.past]`` wants, as many as one run may.

        What an earlier run let in counts for none: given the same documents, the next run goes on.

        Args:
            documents: oldest first, or as the practice software would have them leave.

        Yields:
            One answer for each, in their order: as ``validate`` with ``feed``, or why it is left out.
        """
        past = self._documents.past
        left = past.at_most
        for given in documents:
            try:
                document = understood(given, self._desk.sealed)
                reason = past.keeps_out(document, self._clock.now().date())
                reason = reason or (None if left else notices.NEXT_TIME)
                if reason is not None:
                    yield LeftOut(document.document_ref, reason)
                    continue
                done = self._documents.validate(document, self._caller(None), feed=True, hold=False)
            except SegurError as failure:
                yield NotValidated(failure)
            else:
                left -= done.is_new
                yield done
