"""Mutants of what the host demands of a server before it says anything."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc.places import host

_CLIENT: Final = "    context.hostname_checks_common_name = False\n"
_LISTS: Final = "broker/tls/crl_folder.py"
_SERVERS: Final = "broker/tls/servers.py"
_CONTEXTS: Final = "broker/tls/contexts.py"

MUTANTS: Final = (
    Mutant(
        "psc.any-server",
        "parle à tout serveur, sans regarder son certificat",
        ("psc.availability.tls", "psc.transport.dates", "psc.transport.name"),
        (host(_CONTEXTS, _CLIENT, "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n"),),
    ),
    Mutant(
        "psc.any-version",
        "se contente de TLS 1.0 et de ses suites",
        ("psc.transport.version",),
        (
            host(
                _CONTEXTS,
                "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n"
                '    context.set_ciphers(":".join((*TLS12_SUITES, *OVER_A_CURVE, f"@SECLEVEL={SECURITY_LEVEL}")))\n',
                "    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED\n"
                '    context.set_ciphers("ALL:@SECLEVEL=0")\n',
            ),
        ),
    ),
    Mutant(
        "psc.any-date",
        "ne regarde pas les dates du certificat d’un serveur",
        ("psc.availability.tls", "psc.transport.dates"),
        # X509_V_FLAG_NO_CHECK_TIME of OpenSSL.
        (host(_CONTEXTS, _CLIENT, _CLIENT + "    context.verify_flags = ssl.VerifyFlags(0x200000)\n"),),
    ),
    Mutant(
        "psc.any-name",
        "ne regarde pas à quel nom est le certificat d’un serveur",
        ("psc.transport.name",),
        (host(_CONTEXTS, _CLIENT, "    context.check_hostname = False\n"),),
    ),
    Mutant(
        "psc.any-authority-of-servers",
        "ne regarde pas quelle autorité a émis le certificat d’un serveur",
        ("psc.transport.authority",),
        (
            host(
                _SERVERS,
                "not self._is_authority(chain[1] if len(chain) > 1 else chain[0]):\n",
                "not self._is_authority:\n",
            ),
        ),
    ),
    Mutant(
        "psc.revoked-all-the-same",
        "parle à un serveur révoqué",
        ("psc.transport.revoked",),
        (host(_SERVERS, "        if Verdict.REVOKED in verdicts:\n", "        if not verdicts:\n"),),
    ),
    Mutant(
        "psc.soft-does-not-ask",
        "ne demande pas si un serveur est révoqué quand le réglage tolère le doute",
        ("psc.transport.revoked", "psc.transport.doubt"),
        (
            host(
                _SERVERS,
                "        if self._mode is RevocationMode.OFF:\n",
                "        if self._mode is not RevocationMode.HARD:\n",
            ),
        ),
    ),
    Mutant(
        "psc.doubt-passes",
        "tolère le doute quand le réglage l’interdit",
        ("psc.transport.doubt",),
        (host(_SERVERS, "and self._mode is RevocationMode.HARD:\n", "and self._mode is RevocationMode.OFF:\n"),),
    ),
    Mutant(
        "psc.doubt-unsaid",
        "ne note pas qu’il doute",
        ("psc.transport.doubt",),
        (
            host(
                "broker/http.py",
                '        self._borrower.note("broker.revocation_unknown", **self._facts)\n',
                "        self._borrower.require_running()\n",
            ),
        ),
    ),
    Mutant(
        "psc.expired-lists",
        "croit une liste de révocation expirée",
        ("psc.transport.doubt",),
        (
            host(
                _LISTS,
                "        return self.issued_at <= now < self._ends_at\n",
                "        return self.issued_at <= now\n",
            ),
        ),
    ),
    Mutant(
        "psc.anybodys-lists",
        "croit une liste de révocation que son autorité n’a pas signée",
        ("psc.transport.doubt",),
        (
            host(
                _LISTS,
                "                and self._parsed.is_signature_valid(key)  # type: ignore[arg-type]"
                " # other kinds are a TypeError\n",
                "                and key is not None\n",
            ),
        ),
    ),
)
