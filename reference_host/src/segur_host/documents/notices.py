"""What users read of a document that was not given to be fed."""

from typing import Final

from segur_sdk.models.notice import Notice

NO_TYPE: Final = Notice(
    code="documents.no_type",
    text="Aucun type de document du DMP ne correspond à celui-ci.",
    action="Choisissez son type, puis validez-le à nouveau.",
)
NO_WAY: Final = Notice(
    code="documents.no_way",
    text="Un tel document ne va pas au DMP.",
    action="Remettez-le par une autre voie.",
)
NO_RULE: Final = Notice(
    code="documents.no_rule",
    text="Aucune règle ne demande que ce document aille au DMP.",
    action="Envoyez-le vous-même s’il est utile à la coordination des soins.",
)
SENSITIVE: Final = Notice(
    code="documents.sensitive",
    text="Ce document est sensible : il ne part jamais de lui-même.",
    action="Envoyez-le vous-même si vous le décidez.",
)
ON_DEMAND: Final = Notice(
    code="documents.on_demand",
    text="Ce document ne part pas de lui-même.",
    action="Envoyez-le aux destinataires que vous choisissez.",
)
WINDOW: Final = Notice(
    code="documents.window",
    text="Dans cette installation, un document part quand vous l’envoyez.",
    action="Vérifiez son titre et qui le verra, puis envoyez-le.",
)
PROPOSAL_MISSING: Final = Notice(
    code="documents.proposal_missing",
    text="Un module n’a pas dit ce qu’il propose pour ce document.",
    action="Validez-le à nouveau, ou envoyez-le vous-même.",
)
ALREADY_THERE: Final = Notice(
    code="documents.already_there",
    text="Une version de ce document est déjà dans le DMP.",
    action="Indiquez la version que celle-ci remplace.",
)
LEAVING: Final = Notice(
    code="documents.leaving",
    text="Une autre version de ce document est en cours d’envoi.",
    action="Validez celle-ci à nouveau dans un instant, en indiquant la version qu’elle remplace.",
)
OTHER_TYPE: Final = Notice(
    code="documents.past_other_type",
    text="Les documents anciens de ce type ne sont pas repris.",
    action="Choisissez-le vous-même, ou changez les types repris.",
)
TOO_OLD: Final = Notice(
    code="documents.past_too_old",
    text="L’acte est plus ancien que ce qui est repris.",
    action="Choisissez-le vous-même, ou changez l’ancienneté reprise.",
)
DECEASED: Final = Notice(
    code="documents.past_deceased",
    text="Le patient est décédé : ses documents anciens ne sont pas repris.",
)
LIFE_UNKNOWN: Final = Notice(
    code="documents.past_life_unknown",
    text="Il n’est pas dit si le patient est en vie.",
    action="Vérifiez-le dans le fichier des personnes décédées.",
)
NOT_QUALIFIED: Final = Notice(
    code="documents.past_not_qualified",
    text="L’identité n’est pas qualifiée.",
    action="Qualifiez-la : le document sera repris la fois suivante.",
)
NEXT_TIME: Final = Notice(
    code="documents.past_next_time",
    text="Ce passage a repris autant de documents qu’il le peut.",
    action="Celui-ci le sera à l’un des suivants.",
)
