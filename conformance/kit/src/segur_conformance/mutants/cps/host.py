"""Mutants of what carries the plugin: the host that asks and locks, the driver that presents a PIN."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

HOST: Final = "segur_host"
DRIVER: Final = "segur_plugin_pkcs11"

MUTANTS: Final = (
    Mutant(
        "cps.moves-twice",
        "raconte deux fois ce qui se passe dans les lecteurs",
        ("cps.readers.moves",),
        (
            Change(
                HOST,
                "broker/card_watch.py",
                "            self._listeners.tell(change)\n",
                "            self._listeners.tell(change)\n            self._listeners.tell(change)\n",
            ),
        ),
    ),
    Mutant(
        "cps.code-in-clear",
        "demande le code sans dire de le masquer",
        ("cps.code.asked-once",),
        (Change(HOST, "broker/tokens.py", "pattern=PIN_PATTERN, secret=True)", "pattern=PIN_PATTERN, secret=False)"),),
    ),
    Mutant(
        "cps.last-try-unsaid",
        "ne prévient pas du dernier essai",
        ("cps.code.last-try",),
        (Change(HOST, "broker/tokens.py", "    if pin.tries_left == 1:\n", "    if pin.tries_left == 0:\n"),),
    ),
    Mutant(
        "cps.locked-asked",
        "demande le code d’une carte bloquée",
        ("cps.code.locked", "cps.code.last-try"),
        (Change(HOST, "broker/tokens.py", "        if pin.locked:\n", "        if pin is None:\n"),),
    ),
    Mutant(
        "cps.any-length-presented",
        "présente à la carte un code de n’importe quelle longueur",
        ("cps.code.unanswered",),
        (
            Change(
                DRIVER,
                "pin.py",
                "pin.isdigit() and shortest <= len(pin) <= longest",
                "pin.isdigit() and shortest <= len(pin) <= 100",
            ),
        ),
    ),
    Mutant(
        "cps.module-unmentioned",
        "dit qu’aucune carte n’est là quand la bibliothèque des cartes manque",
        ("cps.module.unusable",),
        (
            Change(
                DRIVER,
                "module_loading.py",
                'CardError("token.module_missing", looked_for=", ".join(map(str, looked_for)))',
                'CardError("token.absent")',
            ),
        ),
    ),
    Mutant(
        "cps.code-audited",
        "note le code à l’audit",
        ("cps.code.nowhere",),
        (
            Change(
                HOST,
                "broker/tokens.py",
                'borrower.record("broker.token.unlock", token=found.state.serial)',
                'borrower.record("broker.token.unlock", token=found.state.serial, answer=answer)',
            ),
        ),
    ),
    Mutant(
        "cps.any-authority",
        "se fie à une carte de n’importe quelle autorité",
        ("cps.login.untrusted",),
        (
            Change(
                HOST,
                "broker/tokens.py",
                "        if not self._trust.leads_to(certificate, trust, self._clock.now()):\n",
                "        if certificate is None:\n",
            ),
        ),
    ),
    Mutant(
        "cps.choice-of-anybody",
        "propose d’abord le dernier choix, de quelque carte qu’il vienne",
        ("cps.situations.per-card",),
        (
            Change(
                HOST,
                "sessions/table.py",
                '    exercice_choices.c.token_serial == sa.bindparam("token_serial"),\n',
                "",
            ),
        ),
    ),
    Mutant(
        "cps.every-removal",
        "ferme la session au retrait de n’importe quelle carte",
        ("cps.session.other-card-removed",),
        (
            Change(
                HOST,
                "sessions/sessions.py",
                "[opened for opened in self._open.all() if opened.presence == presence]",
                "[*self._open.all()]",
            ),
        ),
    ),
    Mutant(
        "cps.no-removal",
        "laisse ouverte la session dont la carte s’en va",
        ("cps.session.card-removed", "cps.session.next-professional", "cps.damage.pulled-while-signing-in"),
        (
            Change(
                HOST,
                "sessions/holding.py",
                "        if event.change is CardChange.REMOVED:\n",
                "        if event.change not in CardChange:\n",
            ),
        ),
    ),
    Mutant(
        "cps.left-open",
        "ne verrouille pas la carte à la fin de la session",
        ("cps.session.logout",),
        (
            Change(
                HOST,
                "sessions/sessions.py",
                "        self._lock_token(ended.session.token_serial)\n",
                "",
            ),
        ),
    ),
)
