"""Why the platform says no: a code of ours, the HTTP status, and a sentence in French."""

from collections.abc import Mapping

REFUSALS: Mapping[str, tuple[int, str]] = {
    "body_malformed": (400, "La demande n'est pas du JSON, ou un membre manque, est inconnu ou mal formé."),
    "session_missing": (401, "Il faut se connecter d'abord."),
    "administrator_unknown": (403, "Cet administrateur technique n'est pas désigné."),
    "administrator_without_card": (403, "Cet administrateur technique n'a pas de carte active."),
    "structure_unknown": (422, "Cette structure n'existe pas."),
    "finess_juridique": (422, "Ce FINESS est celui d'une entité juridique : il faut le FINESS géographique."),
    "contract_missing": (422, "La structure n'a pas signé de contrat d'adhésion."),
    "contract_older_than_finess": (422, "Le contrat est antérieur au FINESS : il est à signer de nouveau."),
    "director_without_card": (422, "Le directeur n'a pas de carte : la commander avec le formulaire F101."),
    "no_box": (422, "Aucune case n'est cochée en partie 4.3."),
    "signatory_not_titulaire": (422, "Seul un cabinet désigné par un RPPS-rang a un titulaire."),
    "mail_invalid": (422, "Une adresse de messagerie est mal formée."),
    "editor_unknown": (422, "Cet éditeur n'existe pas."),
    "editor_without_contract": (422, "L'éditeur n'a pas signé son propre contrat."),
    "delegation_missing": (422, "Cet administrateur est d'un éditeur à qui rien n'est délégué."),
    "administrator_of_another": (422, "Cet administrateur n'est pas de l'éditeur délégué."),
    "not_the_administrator": (422, "La personne qui part n'est pas l'administrateur technique de la structure."),
    "case_unknown": (404, "Ce numéro de dossier n'existe pas."),
    "structure_not_habilitated": (403, "Cet administrateur n'est pas habilité pour cette structure."),
    "habilitation_pending": (403, "L'habilitation n'est pas encore validée."),
    "box_not_ticked": (403, "Cette offre n'est pas cochée sur le formulaire F413."),
    "usage_unknown": (422, "Cette offre n'a pas cet usage."),
    "actor_mail_missing": (422, "L'« Email de l'acteur » est vide : il n'est pas repris du formulaire F413."),
    "cn_missing": (422, "Le « Service applicatif » est vide, trop long ou d'une espèce interdite."),
    "cn_insi": (422, "Pour INSi, le « Service applicatif » est exactement INSI-AUTO ou INSI-MANU."),
    "server_name_invalid": (422, "Le nom d'un serveur ou d'un domaine est attendu."),
    "csr_malformed": (422, "La demande de certificat n'est pas un PKCS#10 en PEM."),
    "csr_holds_private_key": (422, "Ce fichier contient une clé privée : elle ne doit jamais quitter sa machine."),
    "csr_key_type": (422, "La clé de la demande n'est pas RSA."),
    "csr_key_small": (422, "La clé de la demande a moins de 2048 bits."),
    "csr_hash_weak": (422, "La demande est signée avec MD5 ou SHA-1."),
    "csr_signature": (422, "La signature de la demande n'est pas celle de sa clé."),
    "csr_key_already_certified": (422, "Cette clé est déjà certifiée : une instance, une clé."),
    "order_unknown": (404, "Cette demande n'existe pas."),
    "not_available": (409, "Le produit n'est pas encore disponible."),
    "already_withdrawn": (409, "Le produit est déjà retiré ; mot de passe perdu : la demande est à recommencer."),
    "not_withdrawn": (409, "Le produit n'est pas encore retiré."),
    "cgu_refused": (422, "Les conditions générales et la politique de certification ne sont pas acceptées."),
    "revocation_code_invalid": (422, "Le code de révocation manque, est trop court ou diffère de sa confirmation."),
    "key_password_missing": (422, "Le mot de passe qui protège la clé privée manque ou est trop court."),
    "key_password_unwanted": (422, "La clé n'est pas ici : aucun mot de passe n'est attendu."),
    "revocation_code_wrong": (403, "Ce n'est pas le code de révocation."),
    "already_revoked": (409, "Le certificat est déjà révoqué : c'est définitif."),
    "already_expired": (409, "Le certificat est expiré."),
}


class PlatformRefusedError(Exception):
    """The platform says no.

    Attributes:
        code: One of `REFUSALS`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.sentence = REFUSALS[code]
