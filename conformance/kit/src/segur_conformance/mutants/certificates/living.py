"""Mutants of what changes with time: ends, revocation lists, responders, and keys in two places."""

from typing import Final

from segur_conformance.mutants.certificates.places import host, insi, plugin
from segur_conformance.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        "certificates.warns-late",
        "avertit à vingt-neuf jours",
        (
            "certificates.ends.levels",
            "certificates.ends.clock",
            "certificates.ends.at-login",
            "certificates.ends.told-once",
        ),
        (plugin("calendar.py", "    (WARNING_DAYS, Level.WARNING),\n", "    (WARNING_DAYS - 1, Level.WARNING),\n"),),
    ),
    Mutant(
        "certificates.calendar-early",
        "met au calendrier à quatre-vingt-onze jours",
        ("certificates.ends.levels",),
        (
            plugin(
                "calendar.py", "    (CALENDAR_DAYS, Level.CALENDAR),\n", "    (CALENDAR_DAYS + 1, Level.CALENDAR),\n"
            ),
        ),
    ),
    Mutant(
        "certificates.own-clock",
        "juge à l’heure de la machine, pas à celle de l’installation",
        ("certificates.ends.clock", "certificates.revocation.ended-list"),
        (
            plugin(
                "judging.py",
                "    now = ctx.clock.now()\n    entries = ",
                "    now = datetime.now().astimezone()\n    entries = ",
            ),
        ),
    ),
    Mutant(
        "certificates.future-is-well",
        "ne bloque pas un certificat qui n’a pas commencé",
        ("certificates.ends.not-yet",),
        (
            plugin(
                "findings.py",
                '        yield Finding("certificates.not_yet", Severity.BLOCKING, use, ',
                '        yield Finding("certificates.not_yet", Severity.WARNING, use, ',
            ),
        ),
    ),
    Mutant(
        "certificates.calls-after-the-end",
        "appelle INSi par un certificat terminé",
        ("certificates.ends.no-call",),
        (
            host(
                "broker/keys.py",
                "        if now > certificate.not_valid_after_utc:\n",
                "        if now is None:\n",
            ),
            insi("callers.py", "    if now > certificate.not_after:\n", "    if now is None:\n"),
        ),
    ),
    Mutant(
        "certificates.one-alarm-less",
        "n’a pas d’alarme à sept jours dans le calendrier",
        ("certificates.ends.calendar",),
        (
            plugin(
                "calendar.py",
                "    for days in (CALENDAR_DAYS, WARNING_DAYS, URGENT_DAYS):\n",
                "    for days in (CALENDAR_DAYS, WARNING_DAYS):\n",
            ),
        ),
    ),
    Mutant(
        "certificates.new-entries-each-time",
        "donne à chaque fois d’autres UID au calendrier",
        ("certificates.ends.calendar",),
        (
            plugin(
                "calendar.py",
                '    yield f"UID:{_text(ending.uid)}"\n',
                '    yield f"UID:{_text(ending.uid)}-{id(ending):x}-{made_at:%H%M%S%f}"\n',
            ),
        ),
    ),
    Mutant(
        "certificates.silent-at-login",
        "ne dit rien à l’ouverture de session avant les sept derniers jours",
        ("certificates.ends.at-login",),
        (
            plugin(
                "watching.py",
                '    return finding.severity >= Severity.URGENT or finding.code == "certificates.ends_soon"\n',
                "    return finding.severity >= Severity.URGENT\n",
            ),
        ),
    ),
    Mutant(
        "certificates.tells-again",
        "annonce un palier à chaque tour",
        ("certificates.ends.told-once",),
        (
            host(
                "keyring/announcements.py",
                "sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),\n",
                "sha256(str(self._clock.now()).encode()).hexdigest(),\n",
            ),
        ),
    ),
    Mutant(
        "certificates.lists-unread",
        "ne cherche pas les certificats dans les listes",
        (
            "certificates.revocation.list",
            "certificates.revocation.kept",
            "certificates.revocation.forged-list",
            "certificates.revocation.by-code",
        ),
        (plugin("crl.py", "        if entry is None:\n", "        if entry is None or at is not None:\n"),),
    ),
    Mutant(
        "certificates.responder-always-good",
        "prend pour bon ce que le répondeur dit révoqué",
        ("certificates.revocation.responder",),
        (
            plugin(
                "ocsp.py",
                "    ocsp.OCSPCertStatus.REVOKED: Standing.REVOKED,\n",
                "    ocsp.OCSPCertStatus.REVOKED: Standing.GOOD,\n",
            ),
        ),
    ),
    Mutant(
        "certificates.never-fails-to-fetch",
        "dit les listes à jour quand rien n’est venu",
        (
            "certificates.revocation.kept",
            "certificates.revocation.ended-list",
            "certificates.revocation.forged-list",
        ),
        (
            plugin(
                "refreshing.py",
                "    if failed and len(failed) == len(wanted):\n",
                "    if failed and len(failed) > len(wanted):\n",
            ),
        ),
    ),
    Mutant(
        "certificates.old-lists",
        "croit une liste après son terme",
        ("certificates.revocation.ended-list",),
        (
            plugin(
                "crl.py",
                "        return self.this_update - CLOCK_LEEWAY <= at <= self.next_update\n",
                "        return self.this_update - CLOCK_LEEWAY <= at\n",
            ),
        ),
    ),
    Mutant(
        "certificates.unsigned-lists",
        "ne vérifie pas la signature des listes",
        ("certificates.revocation.forged-list",),
        (
            plugin(
                "crl.py",
                "    if not crl.is_signature_valid(issuer.public_key()):",
                "    if crl.is_signature_valid(issuer.public_key()) is None:",
            ),
        ),
    ),
    Mutant(
        "certificates.unsigned-answers",
        "ne vérifie pas la signature du répondeur",
        ("certificates.revocation.responder-lies",),
        (plugin("ocsp.py", " or not _verifies(response, signer, algorithm):\n", ":\n"),),
    ),
    Mutant(
        "certificates.any-responder",
        "croit une réponse sur un autre certificat",
        ("certificates.revocation.responder-lies",),
        (
            plugin(
                "ocsp.py",
                "    mine = [one for one in response.responses if _about(one, question)]\n",
                "    mine = [*response.responses]\n",
            ),
        ),
    ),
    Mutant(
        "certificates.always-tolerant",
        "ne bloque jamais ce dont rien n’est connu",
        (
            "certificates.revocation.ended-list",
            "certificates.revocation.forged-list",
            "certificates.revocation.responder-lies",
            "certificates.revocation.unknown",
        ),
        (
            plugin(
                "revocation.py",
                "    if answer.standing is Standing.UNKNOWN and mode is Mode.HARD:\n",
                "    if answer.standing is Standing.UNKNOWN and mode is None:\n",
            ),
        ),
    ),
    Mutant(
        "certificates.copied-keys",
        "appelle par une clé copiée",
        ("certificates.keys.twice",),
        (host("keyring/places.py", "        if len(places) > 1:\n", "        if len(places) > len(self._seen):\n"),),
    ),
    Mutant(
        "certificates.one-use-only",
        "refuse un fichier pour deux usages",
        ("certificates.keys.shared",),
        (
            host(
                "keyring/places.py",
                "            sorted_out[public_key][place] = use\n",
                '            sorted_out[public_key][f"{place} {use}"] = use\n',
            ),
        ),
    ),
)
