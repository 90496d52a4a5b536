"""Whose account a session is opened for, and what he agreed to."""

from contextlib import suppress
from typing import Final

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.ask import Asker, CheckedAsker
from segur_host.operators.accounts import MAX_CODE, Account, Accounts
from segur_host.operators.acknowledgements import Acknowledgements, identifier_sent
from segur_host.operators.rights import NATIONAL, Role, rights_table, role_of_profession
from segur_sdk.errors import Fact, InputError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Choice, Question
from segur_sdk.services.session_provider import Authenticated

NAME_QUESTION: Final = "operator.name"
CODE_QUESTION: Final = "operator.code"
LINK_QUESTION: Final = "session.link"
ACKNOWLEDGE_QUESTION: Final = "session.acknowledge"
NOT_LINKED: Final = "aucun"


@attrs.frozen
class Admitted:
    """Somebody who may have a session."""

    account: Account | None
    """Nothing where the practice software keeps the accounts."""
    rights: frozenset[str]


class OperatorDesk:
    """Finds the account of who signs in, and asks him what a first time needs.

    Args:
        accounts: of the host.
        acknowledgements: of the host, of people with an account and without.
        audit: of the host.
        required: only who has an account gets a session; otherwise the practice software knows its users itself.
    """

    def __init__(
        self, accounts: Accounts, acknowledgements: Acknowledgements, audit: AuditLog, *, required: bool
    ) -> None:
        self._accounts = accounts
        self._acknowledgements = acknowledgements
        self._audit = audit
        self._required = required

    def by_code(self, name: str | None, asker: Asker) -> Account:
        """Return the account of who signs in by name and code; errors as ``Accounts.by_code``."""
        questions = CheckedAsker(asker.ask)
        if name is None:
            name = questions.ask(Question(code=NAME_QUESTION, text="Votre nom d’utilisateur ?", pattern=r".{1,100}"))
        return self._accounts.by_code(name, self._code_of(name, questions))

    def admit_locally(self, account: Account, asker: Asker) -> Admitted:
        """Return what somebody may do who proved who he is to this host only."""
        national = self._acknowledges(identifier_sent(account.rpps, account.national_id), account, asker)
        return Admitted(account, self._rights(account.role, SessionMeans.LOCAL, national=national))

    def admit(self, means: SessionMeans, proven: Authenticated, asker: Asker) -> Admitted:
        """Return what a professional may do, and his account, linked now if need be.

        Raises:
            InputError: ``session.not_linked``: he has no account here and linked none; those of ``Accounts.by_code``
                and ``Accounts.link``.
        """
        account = self._accounts.of_professional(proven.rpps, proven.national_id)
        if account is None and self._required:
            account = self._linked(proven, asker)
        elif account is not None and _tells_more(proven, account):
            # From now on he is also known by what he has besides, unless another account bears it.
            with suppress(InputError):
                self._accounts.link(account, proven.rpps, proven.national_id)
        role, rpps, national_id = role_of_profession(proven.profession), proven.rpps, proven.national_id
        if account is not None:
            role, rpps, national_id = account.role, rpps or account.rpps, national_id or account.national_id
        national = self._acknowledges(identifier_sent(rpps, national_id), account, asker)
        return Admitted(account, self._rights(role, means, national=national))

    def _linked(self, proven: Authenticated, asker: Asker) -> Account:
        """Have somebody say which account is his, and prove it by its code: none is made silently."""
        if proven.national_id is None and proven.rpps is None:
            raise InputError("session.not_linked")
        free = [one for one in self._accounts.all() if one.has_code and one.national_id is None and one.rpps is None]
        if not free:
            raise InputError("session.not_linked")
        question = Question(
            code=LINK_QUESTION,
            text="Aucun compte de ce logiciel n’est rattaché à cette identité professionnelle. Lequel est le vôtre ?",
            choices=(
                Choice(value=NOT_LINKED, label="Aucun : ne pas rattacher"),
                *(Choice(value=one.id, label=one.name) for one in free),
            ),
        )
        questions = CheckedAsker(asker.ask)
        chosen = questions.ask(question)
        if chosen == NOT_LINKED:
            raise InputError("session.not_linked")
        name = next(one.name for one in free if one.id == chosen)
        account = self._accounts.by_code(name, self._code_of(name, questions))
        self._accounts.link(account, proven.rpps, proven.national_id)
        self._audit.append(AuditEntry(event="operator.linked", facts={"operator": account.id}))
        return account

    def _acknowledges(self, identifier: str | None, account: Account | None, asker: Asker) -> bool:
        """Tell whether somebody knows that his national identifier is sent: asked until he says yes."""
        # Of somebody without one, none is sent.
        if identifier is None or self._acknowledgements.has(identifier):
            return True
        question = Question(
            code=ACKNOWLEDGE_QUESTION,
            text="Votre identifiant national sera transmis aux services nationaux appelés en votre nom. "
            "En avez-vous pris connaissance ?",
            choices=(Choice(value="oui", label="J’en ai pris connaissance"), Choice(value="non", label="Non")),
        )
        try:
            agreed = CheckedAsker(asker.ask).ask(question) == "oui"
        except InputError:
            # Without his answer no national service is called in his name; the counter goes on.
            agreed = False
        facts: dict[str, Fact] = {"national_id": identifier, "agreed": agreed}
        if account is not None:
            facts["operator"] = account.id
        self._audit.append(AuditEntry(event="operator.acknowledgement", facts=facts))
        if agreed:
            self._acknowledgements.add(identifier)
        return agreed

    def _rights(self, role: Role | None, means: SessionMeans, *, national: bool) -> frozenset[str]:
        rights = rights_table()[role].by(means) if role is not None else frozenset()
        return rights | {NATIONAL} if national else rights

    def _code_of(self, name: str, questions: CheckedAsker) -> str:
        question = Question(
            code=CODE_QUESTION, text=f"Code de {name} ?", pattern=rf"(?s).{{1,{MAX_CODE}}}", secret=True
        )
        return questions.ask(question)


def _tells_more(proven: Authenticated, account: Account) -> bool:
    """Tell whether a means says something of somebody that his account does not say yet."""
    pairs = ((proven.rpps, account.rpps), (proven.national_id, account.national_id))
    return any(known is None and told is not None for told, known in pairs)
