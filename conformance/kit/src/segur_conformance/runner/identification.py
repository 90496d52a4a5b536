"""What a report says of the product, the kit and the machine, so that two of them can be compared."""

import platform
import sys
from importlib.metadata import distributions, version

from segur_conformance.certified import conditions
from segur_conformance.reports.report import Environment, ReportedKit, ReportedProduct
from segur_conformance.runner.product import FoundProduct


def reported_product(product: FoundProduct) -> ReportedProduct:
    """Return what a report says of the product."""
    plugin = product.plugin
    own_version = plugin.version if plugin is not None else None if product.is_foreign else version("segur-host")
    return ReportedProduct(
        kind=str(product.product.kind),
        id=product.id,
        distribution=plugin.distribution if plugin is not None else None,
        version=own_version,
        manifest_sha256=plugin.sha256 if plugin is not None else None,
        editable=any(one.editable for one in product.plugins),
        sha256=product.sha256,
        companions=tuple(f"{one.id} {one.version}" for one in product.companions),
    )


def reported_kit(sha256: str) -> ReportedKit:
    """Return what a report says of the kit.

    Args:
        sha256: of its code when the run began.
    """
    return ReportedKit(version=version(conditions.KIT), sha256=sha256, editable=conditions.kit_is_editable())


def environment() -> Environment:
    """Return what is known of the machine."""
    found = {f"{one.name}=={one.version}" for one in distributions()}
    return Environment(
        os=platform.platform(),
        python=f"{platform.python_implementation()} {sys.version.split()[0]}",
        dependencies=tuple(sorted(found, key=str.lower)),
    )
