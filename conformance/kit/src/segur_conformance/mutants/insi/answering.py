"""Mutants that read answers otherwise, or take a failure for an answer."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant


def _plugin(file: str, before: str, after: str) -> Change:
    return Change("segur_plugin_insi", file, before, after)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "insi.first-former-only",
        "Seul le premier ancien matricule est lu.",
        ("insi.answers.histories", "insi.supplied.case-2-04"),
        (_plugin("answers.py", " if entry.matricule != active)", " if entry.matricule != active)[:1]"),),
    ),
    Mutant(
        "insi.end-before-start-dropped",
        "Une fin antérieure au début est effacée.",
        ("insi.answers.histories", "insi.supplied.case-2-04"),
        (_plugin("answers.py", 'end=_date(entry, "DateFin")', "end=None"),),
    ),
    Mutant(
        "insi.active-among-former",
        "Le matricule actif reste dans l’historique.",
        ("insi.answers.active-not-repeated", "insi.supplied.case-2-08"),
        (_plugin("answers.py", " if entry.matricule != active", ""),),
    ),
    Mutant(
        "insi.prefix-needed",
        "Une réponse sans préfixe n’est pas lue.",
        ("insi.answers.any-prefix",),
        (_plugin("replies.py", "if envelope.tag !=", "if not envelope.prefix or envelope.tag !="),),
    ),
    Mutant(
        "insi.birthplace-invented",
        "Un lieu de naissance absent de la réponse devient « inconnu ».",
        ("insi.answers.any-content",),
        (_plugin("answers.py", 'tiq.value("LieuNaissance")', 'tiq.value("LieuNaissance") or "99999"'),),
    ),
    Mutant(
        "insi.oid-of-nir",
        "Tout matricule est rendu comme un NIR.",
        ("insi.answers.histories", "insi.answers.nia", "insi.supplied.case-2-05"),
        (_plugin("answers.py", "oid=oid)", 'oid="1.2.250.1.213.1.4.8")'),),
    ),
    Mutant(
        "insi.key-mended",
        "La clé reçue est remplacée par celle qui conviendrait.",
        ("insi.answers.active-not-repeated", "insi.answers.wrong-key-kept", "insi.supplied.case-2-08"),
        (_plugin("answers.py", "(key or _computed_key(body))", "_computed_key(body)"),),
    ),
    Mutant(
        "insi.date-mended",
        "Un jour ou un mois « 00 » devient « 01 ».",
        ("insi.answers.incomplete-not-imported",),
        (_plugin("answers.py", "date_naissance=born,", 'date_naissance=born and born.replace("-00", "-01"),'),),
    ),
    Mutant(
        "insi.outage-said-absent",
        "Une panne d’INSi est rendue comme « aucune identité ».",
        ("insi.order.stops-at-fault", "insi.failures.unavailable"),
        (
            _plugin("attempts.py", "identity import InsAttempt", "identity import CrCode, InsAttempt"),
            _plugin(
                "attempts.py",
                "                failure.traced = self.made\n",
                '                if failure.code == "insi.unavailable":\n'
                "                    return Answer(CrCode.NOT_FOUND)\n"
                "                failure.traced = self.made\n",
            ),
        ),
    ),
    Mutant(
        "insi.cut-said-absent",
        "Une connexion coupée est rendue comme « aucune identité ».",
        ("insi.failures.transport", "insi.failures.server-not-proven", "insi.certificates.refused-by-service"),
        (
            _plugin("attempts.py", "identity import InsAttempt", "identity import CrCode, InsAttempt"),
            _plugin(
                "attempts.py",
                "                failure.traced = self.made\n",
                '                if failure.code.startswith("service."):\n'
                "                    return Answer(CrCode.NOT_FOUND)\n"
                "                failure.traced = self.made\n",
            ),
        ),
    ),
    Mutant(
        "insi.busy-for-good",
        "Une réponse 503 est dite durable.",
        ("insi.failures.transport",),
        (_plugin("replies.py", "502, 503, 504", "502, 504"),),
    ),
    Mutant(
        "insi.server-unverified",
        "Le certificat du serveur n’est pas vérifié.",
        ("insi.failures.server-not-proven",),
        (
            Change(
                "segur_host",
                "broker/tls/contexts.py",
                "    context.hostname_checks_common_name = False\n",
                "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n",
            ),
        ),
    ),
    Mutant(
        "insi.unknown-code-said-absent",
        "Un code de réponse inconnu est rendu comme « aucune identité ».",
        ("insi.failures.unreadable",),
        (_plugin("answers.py", 'raise unreadable("return_code") from None', "return CrCode.NOT_FOUND"),),
    ),
    Mutant(
        "insi.codes-swallowed",
        "Les codes d’une erreur inconnue ne sont pas transmis.",
        ("insi.failures.unknown-codes",),
        (_plugin("faults.py", 'ServiceError("insi.fault", **facts)', 'ServiceError("insi.fault")'),),
    ),
    Mutant(
        "insi.divergences-hidden",
        "Les traits qui diffèrent ne sont pas rendus.",
        ("insi.given.scanned-traits-compared", "insi.failures.other-person"),
        (
            _plugin(
                "qualification.py",
                "divergences=compare(asked, found.traits) if found is not None else ()",
                "divergences=()",
            ),
        ),
    ),
    Mutant(
        "insi.last-attempt-only",
        "Seule la dernière tentative est rapportée.",
        ("insi.trace.every-attempt",),
        (_plugin("attempts.py", "self._made.append(exchanged.attempt)", "self._made[:] = [exchanged.attempt]"),),
    ),
)
