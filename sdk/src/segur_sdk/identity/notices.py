"""What the engine tells the user when it is no error: a stable code, a French sentence, the next step."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segur_sdk.models.notice import Notice

_TEXTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "identity.ins_not_found": (
            "INSi n’a trouvé aucune identité correspondante ; l’identité reste inchangée.",
            "Vérifiez les traits saisis, ou relancez la recherche avec d’autres critères.",
        ),
        "identity.ins_several": (
            "INSi a trouvé plusieurs identités ; aucune n’est importée.",
            "Complétez les autres prénoms, puis le code du lieu de naissance, et relancez la recherche.",
        ),
        "identity.answer_incomplete": (
            "La réponse reçue est incomplète ; l’INS n’est pas importé.",
            "Conservez l’identité telle quelle et signalez l’anomalie.",
        ),
        "identity.divergences": (
            "Les traits enregistrés et ceux reçus diffèrent ; rien n’est importé.",
            "Comparez champ par champ et confirmez les valeurs reçues qui sont exactes.",
        ),
        "identity.confirm_qualification": (
            "Tous les traits concordent ; la qualification attend votre validation.",
            "Validez manuellement l’identité.",
        ),
        "identity.matricule_changed": (
            "Le matricule reçu n’est pas celui enregistré ; l’INS enregistré est retiré.",
            "Vérifiez qu’il s’agit de la bonne personne, puis relancez la recherche INSi.",
        ),
        "identity.matricule_renewed": (
            "Le matricule INS de cette personne a changé ; l’ancien est conservé dans l’historique.",
            "Aucune action n’est nécessaire.",
        ),
        "identity.key_mismatch": (
            "La clé du matricule reçu ne correspond pas à ses chiffres ; il est conservé tel que reçu.",
            "Aucune action n’est nécessaire ; signalez l’anomalie si elle persiste.",
        ),
        "identity.key_computed": (
            "Le matricule a été reçu sans sa clé ; elle a été calculée.",
            "Aucune action n’est nécessaire.",
        ),
        "identity.document_again": (
            "Des traits ont été remplacés : le contrôle de la pièce d’identité ne vaut plus.",
            "Demandez à nouveau une pièce d’identité.",
        ),
        "identity.ins_dropped": (
            "L’INS a été retiré de cette identité.",
            "Relancez une recherche INSi une fois l’identité vérifiée.",
        ),
        "identity.document_differs": (
            "La pièce présentée diffère des informations enregistrées ; l’identité est provisoire et sans INS.",
            "Corrigez les traits d’après la pièce ; au besoin, remettez la notice de correction d’état civil (R49454).",
        ),
        "identity.proof_refused": (
            "Le refus de présenter une pièce d’identité est enregistré ; la question n’est plus posée.",
            "Une pièce pourra toujours être présentée plus tard.",
        ),
        "identity.proof_requests_exhausted": (
            "Aucune pièce n’a été présentée malgré les demandes prévues ; la question n’est plus posée.",
            "Une pièce pourra toujours être présentée plus tard.",
        ),
        "identity.first_name_not_in_list": (
            "Le premier prénom ne correspond pas au début de la liste des prénoms de naissance.",
            "Vérifiez le premier prénom et la liste des prénoms.",
        ),
    }
)


def notice(code: str) -> Notice:
    """Return the notice of a code of the engine."""
    text, action = _TEXTS[code]
    return Notice(code=code, text=text, action=action)
