"""What is to be said of the certificates of an installation: one list, each entry with a stable code.

A certificate that cannot be read is a finding too, and so is a key that stands in two places.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Final

import attrs

from segur_plugin_certificates.anchors import Anchors
from segur_plugin_certificates.authorities import Tree
from segur_plugin_certificates.calendar import Level, days_left, level
from segur_plugin_certificates.chain import Chain, build_chain
from segur_plugin_certificates.facts import Facts, read_facts
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.public_keys import WEAK_HASHES
from segur_plugin_certificates.purposes import Purpose, misfits
from segur_plugin_certificates.revocation import Answer, Mode, refuse_revoked
from segur_plugin_certificates.usages import Usage
from segur_sdk.errors import InputError, UserMessage, read_catalogue, sdk_catalogue
from segur_sdk.models.notice import Notice

LIFE: Final = timedelta(days=3 * 366)
"""A certificate of IGC-Santé holds three years: one that begins or ended further away means that the clock is wrong."""
MAX_NAMED: Final = 5
"""Uses that one sentence names."""
_CHECK_DIGITS: Final = frozenset({"certificates.structure_check", "certificates.person_check"})


class Severity(IntEnum):
    """How pressing a finding is; with ``BLOCKING`` the certificate is not to be used.

    The host by itself makes no call with one that ended, has not begun, is not made for the call, is of the other
    environment, or whose key stands in two places. Whatever else is found is told, and somebody has to act on it.
    """

    INFO = 0
    WARNING = 1
    URGENT = 2
    BLOCKING = 3


@attrs.frozen
class Finding:
    """Something to be known of one certificate."""

    code: str
    severity: Severity
    use: str
    """Use of the key in the configuration."""
    detail: str = ""
    """A date, a number of days, another use: in French, never a person's data."""

    def notice(self) -> Notice:
        """Return it with its French text."""
        text = text_of(self.code)
        message = text.message if not self.detail else f"{text.message.rstrip('.')} : {self.detail}."
        return Notice(code=self.code, text=message, action=text.action)


@attrs.frozen
class Held:
    """A certificate of the installation, as its host names it."""

    use: str
    """Use of the key in the configuration."""
    place: str
    """Where it stands: a file, a token."""
    certificate: bytes = attrs.field(repr=False)
    """DER."""
    purposes: tuple[Purpose, ...] = ()
    instance: str = ""
    """Software instance that holds the key; the same key in two of them is refused."""

    chain: tuple[bytes, ...] = attrs.field(default=(), repr=lambda chain: f"‹{len(chain)} certificates›")
    """What came with it, in DER, in any order."""


@attrs.frozen
class Entry:
    """One line of the inventory."""

    held: Held
    facts: Facts | None
    findings: tuple[Finding, ...]

    @property
    def blocked(self) -> bool:
        """Whether it is not to be used."""
        return any(one.severity is Severity.BLOCKING for one in self.findings)


def inventory(held: Sequence[Held], tree: Tree, at: datetime) -> tuple[Entry, ...]:
    """Read every certificate and judge it. Nothing is raised for one that cannot be read.

    Args:
        held: certificates of one installation; of several when their keys are to be compared.
        tree: the one of the installation.
        at: now.
    """
    entries = [_examined(one, tree, at) for one in held]
    places = _places(entries)
    return tuple(_with_copies(entry, places) for entry in entries)


def of_chain(held: Held, anchors: Anchors, at: datetime) -> tuple[Chain | None, tuple[Finding, ...]]:
    """Build and check the chain of a certificate; what was odd and did no harm is told too.

    Returns:
        The chain, ``None`` when it does not hold, and what is to be said of it.
    """
    try:
        chain = build_chain(held.certificate, held.chain, anchors, at)
    except InputError as failure:
        return None, (Finding(failure.code, Severity.BLOCKING, held.use),)
    return chain, tuple(Finding(note, Severity.INFO, held.use) for note in chain.notes)


def of_revocation(use: str, answer: Answer, mode: Mode) -> tuple[Finding, ...]:
    """Tell what follows from what is known of a revocation; in the mode ``soft`` nothing known is a warning."""
    try:
        unknown = refuse_revoked(answer, mode)
    except InputError as failure:
        return (Finding(failure.code, Severity.BLOCKING, use),)
    return (Finding("certificates.revocation_unknown", Severity.WARNING, use),) if unknown else ()


def text_of(code: str) -> UserMessage:
    """Return the French text of a code: of this plugin, or of the host, which has its own for a key it cannot use."""
    return catalogue().get(code) or sdk_catalogue().get(code) or catalogue()["certificates.key_unusable"]


@cache
def catalogue() -> Mapping[str, UserMessage]:
    """Return the French texts of this plugin's codes."""
    return read_catalogue((files("segur_plugin_certificates") / "messages_fr.toml").read_text("utf-8"))


def _examined(held: Held, tree: Tree, at: datetime) -> Entry:
    try:
        facts = read_facts(held.certificate)
    except InputError as failure:
        return Entry(held, None, (Finding(failure.code, Severity.BLOCKING, held.use),))
    return Entry(held, facts, tuple(_findings(held, facts, tree, at)))


def _findings(held: Held, facts: Facts, tree: Tree, at: datetime) -> Iterator[Finding]:
    yield from _of_time(held.use, facts, at)
    if facts.issuer is not None and facts.issuer.tree is not tree:
        yield Finding("certificates.other_tree", Severity.BLOCKING, held.use)
    if facts.key.weak:
        yield Finding("certificates.weak_key", Severity.BLOCKING, held.use, f"{facts.key.bits} bits")
    if facts.signature_hash in WEAK_HASHES:
        yield Finding("certificates.weak_signature", Severity.BLOCKING, held.use)
    if facts.kind.offer is Offer.AUTHORITY:
        yield Finding("certificates.authority", Severity.BLOCKING, held.use)
        return
    if facts.kind.offer is Offer.SERV and Usage.SSL_SERV in facts.kind.usages and not facts.names:
        yield Finding("certificates.server_names", Severity.WARNING, held.use)
    for code in dict.fromkeys(code for purpose in held.purposes for code in misfits(facts, purpose)):
        yield Finding(code, Severity.BLOCKING, held.use)
    for code in facts.subject.faults:
        # A wrong check digit is a warning outside production: cards of tests bear some.
        lenient = tree is Tree.TEST or code not in _CHECK_DIGITS
        yield Finding(code, Severity.WARNING if lenient else Severity.URGENT, held.use)


def _of_time(use: str, facts: Facts, at: datetime) -> Iterator[Finding]:
    found = level(facts.not_before, facts.not_after, at)
    if facts.not_before - at > LIFE or at - facts.not_after > LIFE:
        yield Finding("certificates.clock", Severity.URGENT, use, f"ce poste indique le {at:%d/%m/%Y}")
    if found is Level.QUIET:
        return
    days = days_left(facts.not_after, at)
    end = f"{facts.not_after:%d/%m/%Y}"
    if found is Level.NOT_YET:
        yield Finding("certificates.not_yet", Severity.BLOCKING, use, f"à partir du {facts.not_before:%d/%m/%Y}")
    elif found is Level.ENDED:
        yield Finding("certificates.ended", Severity.BLOCKING, use, f"depuis le {end}")
    elif found is Level.URGENT:
        yield Finding("certificates.ends_very_soon", Severity.URGENT, use, _in_days(days, end))
    elif found is Level.WARNING:
        yield Finding("certificates.ends_soon", Severity.WARNING, use, _in_days(days, end))
    elif found is Level.CALENDAR:
        yield Finding("certificates.ends_in_calendar", Severity.INFO, use, _in_days(days, end))


def _in_days(days: int, end: str) -> str:
    return f"{days} jour{'s' if days > 1 else ''}, jour entamé compris, le {end}"


def _places(entries: Sequence[Entry]) -> Mapping[str, Mapping[tuple[str, str], str]]:
    """Return by public key the places where it stands, each with a use."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for entry in entries:
        if entry.facts is not None:
            place = (entry.held.instance, entry.held.place)
            found.setdefault(entry.facts.public_key, {}).setdefault(place, entry.held.use)
    return found


def _with_copies(entry: Entry, places: Mapping[str, Mapping[tuple[str, str], str]]) -> Entry:
    """Add that a key stands elsewhere too. In one place it may serve several uses."""
    if entry.facts is None:
        return entry
    own = (entry.held.instance, entry.held.place)
    others = sorted({use for place, use in places[entry.facts.public_key].items() if place != own})
    if not others:
        return entry
    named = ", ".join(others[:MAX_NAMED]) + (", …" if len(others) > MAX_NAMED else "")
    copied = Finding("certificates.key_twice", Severity.BLOCKING, entry.held.use, f"aussi pour {named}")
    return attrs.evolve(entry, findings=(*entry.findings, copied))
