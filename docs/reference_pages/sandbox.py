"""``sandbox.md``: descriptor, control API, faults and cards of the sandbox."""

from collections.abc import Iterator
from typing import Any, cast

import attrs

from docs.reference_pages.docstrings import field_texts
from docs.reference_pages.markdown import code, table
from docs.reference_pages.schemas import fields_table
from segur_sandbox.cards.rack import CardRack
from segur_sandbox.control import CardOrder, ClockOrder, Control, PcscOrder, ReplayOrder
from segur_sandbox.dmp.control import DmpControl
from segur_sandbox.dmp.patients import DmpPatient
from segur_sandbox.exchanges import Exchange
from segur_sandbox.faults import SUPPORTED, VARIANTS, FaultOrder
from segur_sandbox.igc.control import IgcControl, MaterialOrder, RevokeOrder
from segur_sandbox.igc.ordering.forms import CardChange
from segur_sandbox.psc.answers import AnswerOrder
from segur_sandbox.psc.clients import ClientChange
from segur_sandbox.psc.control import KeysOrder, LogoutOrder, PscControl
from segur_sandbox.settings import DmpSettings

_HEAD = """\
# The sandbox

`segur sandbox up --json --data DIR` starts every national service on loopback, prints the descriptor on one line when
all is ready, and writes it to `DIR/sandbox.json` (mode 0600: it holds passwords). Paths are absolute. Ports change at
each start; certificates and the ledger stay in `DIR`. SIGTERM and SIGINT stop it, exit code 0. What each simulator
checks, and what in it is [ours](../explanation/unverified.md), stands in the README of `segur-sandbox`.

## Descriptor

| Member | Meaning |
| --- | --- |
| `version` | `1` |
| `pid` | process of the sandbox |
| `ca` | PEM of the authority that signs every certificate of the sandbox's servers |
| `config` | a `segur.toml` that enables every installed plugin against this sandbox |
| `control.url`, `control.token_file` | the control API, and the file that holds its bearer |
| `services.insi.url`, `services.insi.idam` | endpoint of INSi, and the authorisation number it accepts |
| `services.insi-ps.url` | endpoint of INSi in a professional's name; no certificate needed |
| `services.psc` | Pro Santé Connect: `discovery`, pages, `clients` with their redirect addresses, `professionals` |
| `services.pki` | `crl` and `ocsp` of the authority that issues certificates of organisations, `ordering` |
| `services.dmp.url` | what the addresses of the DMP begin with |
| `services.igc` | of every authority: `url`, `in_certificates`, `crl`, `authorities`, `chain`, `ocsp`, `ordering` |
| `services.cards.readers` | list of `name`, `kind`, `card` (the first); `memory`: `host` and `port` |
| `services.cards.ca` | trust anchors of the certificates on professionals' cards |
| `services.cards.pcsc.socket` | `PCSCLITE_CSOCK_NAME` for programs that are to see the readers of `--pcsc`, or `null` |
| `certificates.ROLE` | `cert`, `key`, `p12`, `p12_password` of a client certificate |

| Role | Certificate | What the sandbox does |
| --- | --- | --- |
| `insi-auto`, `insi-manu` | CN `INSI-AUTO`, `INSI-MANU` | accepts |
| `org-auth` | the client certificate that Pro Santé Connect and the DMP know | accepts |
| `org-sign`, `org-conf` | ORG SIGN, which signs for the DMP; ORG CONF | refuses in the TLS handshake |
| `expired`, `revoked` | out of date; on the revocation list | refuses in the TLS handshake |
| `wrong-usage` | a SIGN certificate | refuses in the TLS handshake |
| `foreign-ca` | same names, another root | refuses in the TLS handshake |
| `wrong-cn` | another CN | accepts the handshake, answers the fault `desir_560` |

## Control API

HTTPS, same authority, `Authorization: Bearer` with the content of `control.token_file`. An unknown or wrong member is
refused with 400 and an `error`; no bearer, 401.
"""

_EFFECTS = {
    "POST /faults": "arms a fault, see below",
    "DELETE /faults": "mends everything",
    "GET /exchanges": "every request and answer, in order; `?service=` limits it to one service",
    "GET /ledger": "what took effect, each with its id and count of receptions; `?service=` likewise",
    "GET /clock": '`{"now"}`: the sandbox\'s clock',
    "POST /clock": "moves it",
    "POST /replay": "the next answer is this body, byte for byte, marked injected",
    "GET /cards": "readers and named cards",
    "POST /cards": "inserts, swaps or removes a card",
    "GET /cards/reading": "what the official component would read in `?reader=`; rights too, with a CPx in another one",
    "POST /pcsc": "kills the sandbox's own pcscd, or starts it again; its cards stay in their readers",
    "GET /psc": "Pro Santé Connect: professionals, answers to come, waiting CIBA requests, sessions, clients, settings",
    "POST /psc/next": "answers the next login as a professional, or the one that waits on his device",
    "POST /psc/logout": "ends the sessions of a professional; software is told",
    "POST /psc/keys": "signs with a new key",
    "POST /psc/clients": "registers a client, or changes what is given of one",
    "POST /psc/settings": "changes settings of Pro Santé Connect until the reset",
    "GET /igc": "every certificate issued, revoked or not; forms, orders and mails of the ordering platform",
    "POST /igc/revoke": "revokes a certificate, until the reset: lists, OCSP and every simulator know at once",
    "GET /igc/material": "the kinds of good and bad material",
    "POST /igc/material": "makes one: its files in base64, the password of its bundle, the serial number of its leaf",
    "POST /igc/administrators": "changes the state of an administrator's card, until the reset",
    "GET /dmp": "the DMP: patients, entries with their status, lots, audit, settings",
    "GET /dmp/document": "the documents with the `?unique_id=`, in base64: several when duplicates were let in",
    "POST /dmp/patients": "decides on the DMP of a patient, until the reset",
    "POST /dmp/settings": "changes settings of the DMP until the reset",
    "POST /reset": (
        "forgets faults, replays, exchanges, ledger, clock, revocations, orders, lots; puts the first cards back"
    ),
}


def page() -> str:
    """Return ``sandbox.md``."""
    return "\n".join([_HEAD, *_routes(), *_bodies(), *_faults(), *_exchanges(), *_cards()])


def routes() -> list[str]:
    """Return ``METHOD /path`` of everything that the control API serves."""
    unused = cast("Any", None)
    control = Control(
        "",
        clock=unused,
        faults=unused,
        journal=unused,
        ledger=unused,
        replays=unused,
        rack=unused,
        pcscd=unused,
        psc=PscControl(unused, unused, unused),
        igc=IgcControl(unused, unused, unused),
        dmp=DmpControl(unused, unused, unused, unused),
    )
    # An ASGI framework adds HEAD to every GET: nobody calls it.
    return [
        f"{method} {cast('Any', route).path}"
        for route in control.app().routes
        for method in sorted(cast("Any", route).methods - {"HEAD"})
    ]


def _routes() -> Iterator[str]:
    yield table(["Request", "Effect"], [[code(one), _EFFECTS[one]] for one in routes()])


def _bodies() -> Iterator[str]:
    orders = (
        ("/faults", FaultOrder),
        ("/clock", ClockOrder),
        ("/replay", ReplayOrder),
        ("/cards", CardOrder),
        ("/pcsc", PcscOrder),
        ("/psc/next", AnswerOrder),
        ("/psc/logout", LogoutOrder),
        ("/psc/keys", KeysOrder),
        ("/psc/clients", ClientChange),
        ("/igc/revoke", RevokeOrder),
        ("/igc/material", MaterialOrder),
        ("/igc/administrators", CardChange),
        ("/dmp/patients", DmpPatient),
        ("/dmp/settings", DmpSettings),
    )
    for path, model in orders:
        yield f"### Body of POST {path}\n"
        yield " ".join((model.__doc__ or "").partition("\n\n")[0].split()) + "\n"
        yield fields_table(model.model_json_schema(), field_texts(model))


def _faults() -> Iterator[str]:
    yield "## Faults\n"
    names = list(dict.fromkeys(name for faults in SUPPORTED.values() for name in sorted(faults)))
    rows = [[code(name), *("yes" if name in faults else "" for faults in SUPPORTED.values())] for name in names]
    yield table(["Fault", *map(code, SUPPORTED)], rows)
    for service, variants in VARIANTS.items():
        listed = ", ".join(map(code, variants))
        yield f"Variants of `wrong_answer` on `{service}`, the first by default: {listed}.\n"


def _exchanges() -> Iterator[str]:
    yield "## Exchanges\n"
    texts = field_texts(Exchange)
    rows = [[code(field.name), texts.get(field.name, "")] for field in attrs.fields(Exchange)]
    yield table(["Member", "Meaning"], rows)


def _cards() -> Iterator[str]:
    yield "## Cards\n"
    rows = [
        [code(card["name"]), card["nature"], str(card["beneficiaries"]), card["description"]]
        for card in CardRack.cards()
    ]
    yield table(["Card", "Nature", "Beneficiaries", "What it shows"], rows)
