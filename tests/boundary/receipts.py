"""A counter that prints a receipt for every identity it confirmed, until somebody kills it.

``python receipts.py SEGUR.toml``: one JSON line per receipt, ``{"ref", "revision", "status"}``.
"""

import json
import os
import sys
from itertools import cycle

from segur_host import Host
from segur_host.identities.desk import Identification
from segur_sdk.models.identity import NoProof, NoProofReason, ProofDocument
from segur_testing.people import published_people


def receipt(found: Identification) -> str:
    """Hand out what the host confirmed, past everything that Python buffers."""
    assert found.identity is not None
    told = {
        "ref": found.identity.identity_ref,
        "revision": found.identity.revision,
        "status": str(found.identity.status),
    }
    os.write(1, json.dumps(told).encode("ascii") + b"\n")
    return found.identity.identity_ref


def main() -> None:
    """Identify, qualify, and undo it, one person after another and over again."""
    with Host(sys.argv[1]) as host:
        for person in cycle(published_people()):
            ref = receipt(host.identify(person))
            receipt(host.qualify(ref, document=ProofDocument(type="CN")))
            receipt(host.qualify(ref, document=NoProof(none_because=NoProofReason.DIFFERS)))


if __name__ == "__main__":
    main()
