"""The rules of feeding that are the DMP's own, each with its code.

The host's own (identity, consents, validation) run whatever is said here. A draft without content can be judged, and
is never sent: rules about the content are silent then.

Sources: DMP integration rules as quoted publicly (EX_GEN-1060, EX_2.1-1050, EX_2.1-1140, EX_GEN-1550), published
parameters of the DMP, CI-SIS *Structuration minimale* V1.16.8.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

import attrs

from segur_plugin_dmp.roles import lacks_second_role
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.documents import kind_for_label, kinds
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.importing import ACCEPTED_OIDS
from segur_sdk.models.actor import Actor, Environment
from segur_sdk.models.decision import Verdict
from segur_sdk.models.document import DocumentProfessional, PdfBody, VaccinationBody, Visibility, WrittenBody

SENSITIVE: Final = "dmp.sensitive"
"""Code of the rule, and of the question by which it lets go."""
SEND_IT: Final = "send"
_RPPS: Final = re.compile(r"8[0-9]{11}")
_ADELI: Final = ("0", "1")
"""Type digits of a ``PS_IdNat`` that is an ADELI number, or one within a practice known by such a number."""
_PDF: Final = b"%PDF-1."
_PREPARATEUR: Final = "G15_39"
_STRUCTURED: Final = "87273-9"
"""The *note de vaccination*: the one kind whose structured body this project writes."""


@attrs.frozen
class Case:
    """A draft, and what a rule may look at beside it."""

    draft: DmpDraft = attrs.field(repr=False)
    settings: DmpSettings
    actor: Actor
    environment: Environment
    today: date
    says_the_same: bool = False
    """The version that it replaces said exactly the same."""

    @property
    def responsible(self) -> tuple[DocumentProfessional, ...]:
        """The author, and who answers for the document."""
        content = self.draft.content
        return () if content is None else (content.author, content.validator)

    @property
    def of_a_minor(self) -> bool:
        """The patient is not of age."""
        born, today = self.draft.identity.traits.date_naissance, self.today
        had_birthday = (today.month, today.day) >= (born.month, born.day)
        return today.year - born.year - (not had_birthday) < self.settings.age_of_majority

    @property
    def kept_from_representatives(self) -> bool:
        """It is kept from the patient's legal representatives."""
        return Visibility.INVISIBLE_REPRESENTANTS_LEGAUX in self.draft.confidentiality


@attrs.frozen
class Rule:
    """One rule."""

    code: str
    """Of the notice, whose text stands in the catalogue."""
    broken: Callable[[Case], bool]
    verdict: Verdict = Verdict.BLOCK
    for_withdrawals: bool = False
    """It holds for a document that is withdrawn, too: it is about who asks, not about what the document says."""


def air_mode(case: Case) -> bool:
    """The DMP takes no document in the mode *indirecte renforcée*."""
    return case.settings.mode == "indirect_renforcee"


def type_unknown(case: Case) -> bool:
    """The DMP takes no document of that type."""
    return case.draft.document_type not in kinds()


def without_way(case: Case) -> bool:
    """Such a document does not go to the DMP at all, whatever type it is given: its name says so."""
    named = kind_for_label(case.draft.title)
    return named.known and not named.dmp


def body_does_not_fit(case: Case) -> bool:
    """A *note de vaccination* without its structured body, or such a body under another type."""
    content = case.draft.content
    return content is not None and isinstance(content.body, VaccinationBody) is not (
        case.draft.document_type == _STRUCTURED
    )


def title_missing(case: Case) -> bool:
    """The title is blank."""
    return not case.draft.title.strip()


def empty(case: Case) -> bool:
    """The document says nothing."""
    body = None if case.draft.content is None else case.draft.content.body
    if isinstance(body, WrittenBody):
        return not any(paragraph.strip() for section in body.sections for paragraph in section.paragraphs)
    return isinstance(body, PdfBody) and not body.pdf.startswith(_PDF)


def unchanged(case: Case) -> bool:
    """It replaces a version that said exactly the same."""
    return case.says_the_same


def personal_note(case: Case) -> bool:
    """Working notes of a professional are no documents."""
    return case.draft.personal_note


def author_by_adeli(case: Case) -> bool:
    """An ADELI number is no national identifier any more."""
    return any(one.id.startswith(_ADELI) for one in case.responsible)


def author_unknown(case: Case) -> bool:
    """The author, or who answers for the document, has no RPPS."""
    return any(not _RPPS.fullmatch(one.id) and not one.id.startswith(_ADELI) for one in case.responsible)


def author_is_another(case: Case) -> bool:
    """Somebody is signed in with his national identity, and the author is somebody else."""
    content, rpps = case.draft.content, case.actor.rpps
    return content is not None and rpps is not None and content.author.id != f"8{rpps}"


def validator_is_another(case: Case) -> bool:
    """The RPPS under which the document was validated is not that of who answers for it in the document."""
    content, validation = case.draft.content, case.draft.validation
    if content is None or validation is None or not _RPPS.fullmatch(f"8{validation.validator}"):
        return False
    return content.validator.id != f"8{validation.validator}"


def role_incomplete(case: Case) -> bool:
    """A physician without his speciality, a pharmacist without his tableau."""
    return any(lacks_second_role(one.role) for one in case.responsible)


def validated_by_preparateur(case: Case) -> bool:
    """A préparateur may type a document; a pharmacist answers for it."""
    content = case.draft.content
    return content is not None and content.validator.role.partition("/")[0] == _PREPARATEUR


def kept_from_both(case: Case) -> bool:
    """Kept from the patient and from professionals at once."""
    both = {Visibility.INVISIBLE_PATIENT, Visibility.MASQUE_PS}
    return both <= case.draft.confidentiality and not case.settings.masked_from_both


def secrecy_of_an_adult(case: Case) -> bool:
    """Kept from legal representatives whom the patient, of age, has not."""
    return case.kept_from_representatives and not case.of_a_minor


def secrecy_not_offered(case: Case) -> bool:
    """Kept from legal representatives while the DMP does not offer it."""
    return case.kept_from_representatives and not case.settings.minors


def identity_of_another_world(case: Case) -> bool:
    """A test identity in production, for example."""
    matricule = case.draft.identity.matricule
    return matricule is not None and matricule.oid not in ACCEPTED_OIDS[case.environment]


def sensitive(case: Case) -> bool:
    """Of a kind, or under a name, that leaves only when somebody says so, and nobody did."""
    if case.draft.answers.get(SENSITIVE) == SEND_IT:
        return False
    kind = kinds().get(case.draft.document_type)
    return (kind is not None and kind.sensitive) or kind_for_label(case.draft.title).sensitive


RULES: Final = (
    Rule("dmp.air_feeding", air_mode, for_withdrawals=True),
    Rule("dmp.type_unknown", type_unknown),
    Rule("dmp.no_way", without_way),
    Rule("dmp.body_does_not_fit", body_does_not_fit),
    Rule("dmp.title_missing", title_missing),
    Rule("dmp.empty", empty),
    Rule("dmp.unchanged", unchanged),
    Rule("dmp.personal_note", personal_note),
    Rule("dmp.author_by_adeli", author_by_adeli, for_withdrawals=True),
    Rule("dmp.author_unknown", author_unknown, for_withdrawals=True),
    Rule("dmp.author_is_another", author_is_another, for_withdrawals=True),
    Rule("dmp.validator_is_another", validator_is_another, for_withdrawals=True),
    Rule("dmp.role_incomplete", role_incomplete, for_withdrawals=True),
    Rule("dmp.validated_by_preparateur", validated_by_preparateur, for_withdrawals=True),
    Rule("dmp.kept_from_both", kept_from_both),
    Rule("dmp.secrecy_of_an_adult", secrecy_of_an_adult),
    Rule("dmp.secrecy_not_offered", secrecy_not_offered),
    Rule("dmp.identity_of_another_world", identity_of_another_world, for_withdrawals=True),
    Rule(SENSITIVE, sensitive, Verdict.HOLD),
)
"""Every rule, in the order in which reasons are told."""
