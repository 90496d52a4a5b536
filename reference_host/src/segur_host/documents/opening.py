"""Put together what takes validated documents on a host."""

from segur_host.carrier import Carrier
from segur_host.config.model import HostConfig
from segur_host.documents.desk import DocumentDesk
from segur_host.documents.past import PastRules
from segur_host.outbox.kinds import FEEDING
from segur_host.outbox.outbox import Outbox
from segur_host.storage.host_key import KeyPurpose
from segur_sdk.context import Clock


def open_documents(config: HostConfig, carrier: Carrier, outbox: Outbox, clock: Clock) -> DocumentDesk:
    """Return what takes the validated documents of a host.

    Args:
        config: of the host.
        carrier: carries its plugins.
        outbox: lets in what is fed.
        clock: says what time it is.
    """
    past = config.documents.past
    return DocumentDesk(
        carrier.dispatcher.call,
        outbox,
        config.documents.feeding,
        FEEDING,
        PastRules.of(past.types, past.depth_days, past.at_most),
        carrier.audit,
        clock,
        carrier.database.key.derive(KeyPurpose.DOCUMENTS),
    )
