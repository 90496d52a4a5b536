"""Mutants that ask otherwise: other messages, other names, another order, another certificate, another card."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant


def _plugin(file: str, before: str, after: str) -> Change:
    return Change("segur_plugin_insi", file, before, after)


def _host(file: str, before: str, after: str) -> Change:
    return Change("segur_host", file, before, after)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "insi.empty-security",
        "Un en-tête Security vide accompagne les recherches par traits.",
        ("insi.schemas.by-traits",),
        (
            _plugin(
                "exchange.py",
                "    if assertions:\n",
                "    if assertions is not None:\n",
            ),
        ),
    ),
    Mutant(
        "insi.rank-before-date",
        "Le contexte d’une recherche par carte présente le rang avant la date.",
        (
            "insi.schemas.by-card",
            "insi.cards.assertion-renewed",
            "insi.cards.swapped-blocks",
            "insi.cards.person-chosen",
            "insi.cards.century-asked",
        ),
        (_plugin("contexts.py", 'node("BENEFICIAIRE", born, rank)', 'node("BENEFICIAIRE", rank, born)'),),
    ),
    Mutant(
        "insi.message-id-reused",
        "Toutes les demandes portent le même MessageID.",
        ("insi.messages.fresh",),
        (_plugin("exchange.py", "message_id = str(uuid4())", 'message_id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"'),),
    ),
    Mutant(
        "insi.instant-of-last-year",
        "L’heure envoyée n’est pas celle de l’appel.",
        ("insi.messages.fresh",),
        (_plugin("exchange.py", "now = ctx.clock.now()", "now = ctx.clock.now().replace(year=2024, day=1)"),),
    ),
    Mutant(
        "insi.bare-software-name",
        "Le nom du logiciel n’est pas un URN.",
        ("insi.messages.software",),
        (_plugin("contexts.py", 'f"urn:lps:{', 'f"{'),),
    ),
    Mutant(
        "insi.authorisation-insisted-upon",
        "Un numéro d’autorisation inconnu est redemandé.",
        ("insi.messages.authorisation",),
        (_plugin("attempts.py", '"insi.unavailable"})', '"insi.unavailable", "insi.idam_unknown"})'),),
    ),
    Mutant(
        "insi.no-emitter",
        "Les contextes ne disent pas quelle structure appelle.",
        ("insi.messages.emitter",),
        (_plugin("callers.py", "emitter=certificate.subject_ou", "emitter=None"),),
    ),
    Mutant(
        "insi.accents-sent",
        "Le nom de naissance part en majuscules, mais avec ses accents.",
        ("insi.names.upper-case-unaccented", "insi.names.untransliterable-refused"),
        (
            _plugin(
                "criteria.py",
                "normalise_name(traits.nom_naissance, NameProfile.FAMILY_NAME)",
                "traits.nom_naissance.upper()",
            ),
        ),
    ),
    Mutant(
        "insi.characters-dropped",
        "Un caractère sans équivalent est retiré du nom.",
        ("insi.names.untransliterable-refused",),
        (
            _plugin(
                "criteria.py",
                "normalise_name(traits.nom_naissance, NameProfile.FAMILY_NAME)",
                'normalise_name("".join(one for one in traits.nom_naissance if one not in "0123456789_/!"), '
                "NameProfile.FAMILY_NAME)",
            ),
        ),
    ),
    Mutant(
        "insi.undetermined-sex-asked",
        "Un sexe indéterminé est remplacé par la réponse à une question.",
        ("insi.names.undetermined-sex-refused",),
        (
            _plugin("criteria.py", "if traits.sexe is Sex.UNDETERMINED:", "if not traits.nom_naissance:"),
            _plugin("completion.py", "if traits.sexe is None:", "if traits.sexe in (None, Sex.UNDETERMINED):"),
        ),
    ),
    Mutant(
        "insi.last-name-first",
        "Les prénoms sont essayés en commençant par le dernier.",
        (
            "insi.order.stops-when-found",
            "insi.order.whole-list-last",
            "insi.order.stops-at-fault",
            "insi.order.several-narrowed",
            "insi.trace.every-attempt",
        ),
        (_plugin("strategy.py", "for name in prenoms)", "for name in reversed(prenoms))"),),
    ),
    Mutant(
        "insi.list-twice",
        "La liste des prénoms est envoyée même quand elle n’en a qu’un.",
        ("insi.order.whole-list-last",),
        (
            _plugin(
                "strategy.py",
                "dict.fromkeys([*((name,) for name in prenoms), prenoms])",
                "[*((name,) for name in prenoms), prenoms]",
            ),
        ),
    ),
    Mutant(
        "insi.second-name-with-the-first",
        "Le deuxième prénom part avec le premier.",
        ("insi.order.stops-when-found", "insi.order.whole-list-last", "insi.trace.every-attempt"),
        (
            _plugin(
                "strategy.py",
                "dict.fromkeys([*((name,) for name in prenoms), prenoms])",
                "dict.fromkeys([prenoms[:1], *(prenoms[:count] for count in range(2, len(prenoms))), prenoms])",
            ),
        ),
    ),
    Mutant(
        "insi.several-not-narrowed",
        "Après « plusieurs identités », rien n’est précisé.",
        ("insi.order.several-narrowed",),
        (_plugin("strategy.py", "            several = step", "            return code"),),
    ),
    Mutant(
        "insi.several-said-absent",
        "« Plusieurs identités » est rendu comme « aucune ».",
        ("insi.order.several-narrowed", "insi.order.several-imports-nothing"),
        (_plugin("strategy.py", "return CrCode.SEVERAL", "return CrCode.NOT_FOUND"),),
    ),
    Mutant(
        "insi.date-asked-with-sex",
        "La date de naissance est demandée chaque fois que le sexe manque.",
        ("insi.given.only-missing-is-asked",),
        (
            _plugin(
                "completion.py",
                "if traits.date_naissance is None:",
                "if traits.date_naissance is None or traits.sexe is None:",
            ),
        ),
    ),
    Mutant(
        "insi.sex-by-default",
        "Un sexe qui manque vaut féminin.",
        ("insi.given.nothing-guessed",),
        (_plugin("completion.py", "= _ask_sex(ctx)", "= Sex.FEMALE"),),
    ),
    Mutant(
        "insi.scanned-believed",
        "Le matricule présenté n’est pas comparé avec celui trouvé.",
        ("insi.given.scanned-is-verified",),
        (_plugin("qualification.py", "if scanned.value not in known:", "if not known:"),),
    ),
    Mutant(
        "insi.former-not-recognised",
        "Un ancien matricule présenté passe pour celui d’un autre.",
        ("insi.given.scanned-is-verified",),
        (_plugin("qualification.py", "for former in found.history)}", "for former in ())}"),),
    ),
    Mutant(
        "insi.wrong-key-searched",
        "Un matricule à la clé fausse est cherché comme un autre.",
        ("insi.given.wrong-key-is-said",),
        (_host("identities/desk.py", "not person.matricule.key_is_valid", "not person.matricule.value"),),
    ),
    Mutant(
        "insi.one-certificate",
        "Un traitement automatique présente le certificat des appels à la main.",
        ("insi.certificates.by-who-calls", "insi.certificates.refused-by-service"),
        (_plugin("callers.py", "use = AUTOMATIC if", "use = MANUAL if"),),
    ),
    Mutant(
        "insi.any-certificate-name",
        "Le nom du certificat n’est pas vérifié avant l’appel.",
        ("insi.certificates.wrong-name",),
        (_plugin("callers.py", "if certificate.subject_cn != EXPECTED_CN[use]:", "if not certificate.subject_cn:"),),
    ),
    Mutant(
        "insi.expired-certificate-used",
        "Un certificat expiré sert quand même.",
        ("insi.certificates.unusable",),
        (
            _plugin(
                "callers.py", "if now > certificate.not_after:", "if now > certificate.not_after.replace(year=9999):"
            ),
            # The host looks too: it would refuse what the plugin lets pass.
            _host(
                "broker/keys.py",
                "if now > certificate.not_valid_after_utc:",
                "if now > certificate.not_valid_after_utc.replace(year=9999):",
            ),
        ),
    ),
    Mutant(
        "insi.refusal-insisted-upon",
        "Un certificat refusé est présenté encore et encore.",
        ("insi.certificates.refused-by-service",),
        (
            _plugin(
                "attempts.py", '"insi.unavailable"})', '"insi.unavailable", "service.client_certificate_refused"})'
            ),
            _plugin("qualification.py", "Attempts(settings.retries)", "Attempts(settings.retries + 5)"),
        ),
    ),
    Mutant(
        "insi.doubtful-searched",
        "Une identité douteuse ou fictive est cherchée.",
        ("insi.forbidden.doubtful-or-fictitious",),
        (_host("identities/desk.py", "            search_permission(known.record)\n", ""),),
    ),
    Mutant(
        "insi.always-searched",
        "INSi est interrogé même quand la recherche n’est pas demandée.",
        ("insi.forbidden.doubtful-or-fictitious", "insi.forbidden.not-wanted", "insi.failures.unavailable"),
        (
            _host(
                "identities/desk.py", "known.record.matricule is None and wish.search", "known.record.matricule is None"
            ),
        ),
    ),
    Mutant(
        "insi.searched-again",
        "Un INS connu est redemandé à chaque visite.",
        ("insi.forbidden.once-known",),
        (_host("identities/desk.py", "known.record.matricule is None and wish.search", "wish.search"),),
    ),
    Mutant(
        "insi.assertion-reused",
        "Toutes les assertions portent le même identifiant.",
        ("insi.cards.assertion-renewed",),
        (_plugin("searches.py", 'f"_{uuid4()}"', '"_3f2504e0-4f89-41d3-9a0c-0305e82c3302"'),),
    ),
    Mutant(
        "insi.card-not-checked",
        "La carte lue n’est pas vérifiée avant une recherche par ses traits.",
        ("insi.cards.swapped-blocks", "insi.cards.checked-before-each-call"),
        (_plugin("searches.py", "if presence is not None:", "if presence is not None and not presence.slot:"),),
        {"insi": {"vitale_assertion": "none"}},
    ),
    Mutant(
        "insi.card-checked-once",
        "La carte n’est vérifiée qu’au début d’une recherche par ses traits.",
        ("insi.cards.checked-before-each-call",),
        (
            _plugin("qualification.py", "presence=presence))", "presence=None))"),
            _plugin(
                "qualification.py",
                "        traits = completed(given, self._ctx, born=born)",
                "        if presence is not None:\n            self._ctx.cards.confirm(presence)\n"
                "        traits = completed(given, self._ctx, born=born)",
            ),
        ),
        {"insi": {"vitale_assertion": "none"}},
    ),
    Mutant(
        "insi.billing-number-as-matricule",
        "Une recherche par carte rend le numéro de l’assuré à la place de l’INS.",
        ("insi.cards.person-chosen",),
        (
            _plugin(
                "qualification.py",
                "        return self._evidence(EvidenceSource.INSI_CARD, answer.cr, answer.individual,",
                "        found = answer.individual\n"
                "        if found is not None and subject.beneficiary.nir is not None:\n"
                '            own = found.matricule.model_copy(update={"value": subject.beneficiary.nir.value})\n'
                '            found = found.model_copy(update={"matricule": own})\n'
                "        return self._evidence(EvidenceSource.INSI_CARD, answer.cr, found,",
            ),
        ),
    ),
    Mutant(
        "insi.any-century",
        "La date répondue pour une carte sans siècle n’est pas comparée avec celle de la carte.",
        ("insi.cards.century-asked",),
        (_plugin("card_person.py", ", ending=beneficiary.date_en_carte)", ")"),),
    ),
    Mutant(
        "insi.supplied-reading-declined",
        "Une lecture fournie par le logiciel n’est pas recherchée.",
        ("insi.cards.supplied-reading",),
        (
            _plugin(
                "qualification.py",
                "            if self._by_card and subject.presence is not None:",
                "            if subject.presence is None:\n                return None\n            if self._by_card:",
            ),
        ),
    ),
)
