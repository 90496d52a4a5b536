"""Whether this machine has what virtual PC/SC readers need."""

from segur_conformance.runner.plan import Product
from segur_sandbox.pcsc.errors import PcscMissingError
from segur_sandbox.pcsc.packages import require_all


def lacking() -> PcscMissingError | None:
    """Return what this machine lacks for virtual PC/SC readers, and what installs it; nothing when all is there."""
    try:
        require_all()
    except PcscMissingError as missing:
        return missing
    return None


def has_pcsc(product: Product) -> bool:
    """Tell whether the services of a run have PC/SC readers: the product wants them, and the machine allows them."""
    return not product.in_memory and lacking() is None
