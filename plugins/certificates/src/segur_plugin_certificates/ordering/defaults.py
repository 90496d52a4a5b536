"""What an order begins with: the product that a use stands for, a preset, or what was asked."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue, ValidationError

from segur_plugin_certificates.facts import Facts
from segur_plugin_certificates.kind import Offer
from segur_plugin_certificates.ordering.people import FinessNature, OrderingStructure
from segur_plugin_certificates.ordering.presets import PRESETS, Preset
from segur_plugin_certificates.ordering.products import BOX_USAGES, Box, Product, Service
from segur_plugin_certificates.purposes import INSI_AUTO, INSI_MANU
from segur_plugin_certificates.usages import Usage
from segur_sdk.errors import InputError, invalid_input
from segur_sdk.identifiers.structure_id import StructureIdType

_KNOWN: Final = {
    "insi-auto": (Usage.AUTH_CLI, Service.INSI_AUTO),
    "insi-manu": (Usage.AUTH_CLI, Service.INSI_MANU),
    "dmp-auth": (Usage.AUTH_CLI, Service.DMP),
    "dmp-sign": (Usage.SIGN, Service.DMP),
}
_BY_NAME: Final = {INSI_AUTO: Service.INSI_AUTO, INSI_MANU: Service.INSI_MANU}


def product_of(use: str, asked: Mapping[str, JsonValue]) -> Product:
    """Return what is ordered for a use of a key.

    Args:
        use: of the key.
        asked: ``{"box","usage","service"}``; what is left out is what the name of the use stands for.

    Raises:
        InputError: ``certificates.order_product``: nothing says what is ordered, or it is no product (``fields``).
    """
    if not asked and use not in _KNOWN:
        raise InputError("certificates.order_product", use=use)
    stated = dict[str, object](asked)
    if stated.get("usage") == "S/MIME":
        stated["usage"] = Usage.SMIME
    if use in _KNOWN:
        usage, service = _KNOWN[use]
        stated = {"box": Box.ORG, "usage": usage, "service": service, **stated}
    try:
        return Product.model_validate({**stated, "use": use})
    except ValidationError as failure:
        refused = invalid_input("certificates.order_product", failure, Product)
    raise refused


def preset_of(name: JsonValue, use: str) -> tuple[Preset, Product]:
    """Return a preset, and its product for one use.

    Raises:
        InputError: ``certificates.order_preset``: there is none of that name, or it has nothing for that use.
    """
    preset = PRESETS.get(name) if isinstance(name, str) else None
    product = next((one for one in preset.products if one.use == use), None) if preset is not None else None
    if preset is None or product is None:
        raise InputError("certificates.order_preset", use=use)
    return preset, product


def product_like(use: str, facts: Facts) -> Product:
    """Return the product that a certificate probably was, to order the next one."""
    if use in _KNOWN:
        return product_of(use, {})
    usage = next(iter(facts.kind.usages), Usage.AUTH_CLI)
    box = Box.PRO if facts.kind.offer is Offer.PRO else next(one for one in Box if usage in BOX_USAGES[one])
    service = _BY_NAME.get(facts.subject.common_name or "", Service.OTHER)
    return Product(box=box, usage=usage, service=service, use=use)


def structure_of(facts: Facts) -> OrderingStructure | None:
    """Return the structure as a certificate names it; ``None`` when it does not name it whole."""
    subject = facts.subject
    if subject.structure is None or subject.organisation is None or subject.department is None:
        return None
    is_finess = subject.structure.type is StructureIdType.FINESS
    return OrderingStructure(
        name=subject.organisation,
        department=f"{subject.department.name} ({subject.department.number})",
        type=subject.structure.type,
        number=subject.structure.value,
        # Certificates bear the number of the site.
        finess_nature=FinessNature.GEOGRAPHIQUE if is_finess else None,
    )
