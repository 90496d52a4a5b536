"""Orders that usually go together.

An occupational health service (SPSTI) feeds the DMP and calls INSi by certificates of the structure, without any card:
one form F413 covers all of them, because they are all of the offer ORG.
"""

from typing import Final

import attrs

from segur_plugin_certificates.ordering.products import Box, Product, Service
from segur_plugin_certificates.usages import Usage


@attrs.frozen
class Preset:
    """Certificates to order under one form."""

    name: str
    title: str
    products: tuple[Product, ...]
    advice: tuple[str, ...]


SPSTI: Final = Preset(
    name="spsti",
    title="Service de prévention et de santé au travail interentreprises (SPSTI)",
    products=(
        Product(box=Box.ORG, usage=Usage.AUTH_CLI, service=Service.INSI_AUTO, use="insi-auto"),
        Product(box=Box.ORG, usage=Usage.AUTH_CLI, service=Service.DMP, use="dmp-auth"),
        Product(box=Box.ORG, usage=Usage.SIGN, service=Service.DMP, use="dmp-sign"),
    ),
    advice=(
        "Un seul formulaire F413 suffit pour INSi et pour l’alimentation du DMP : même offre ORG, donc même case.",
        "Nom exact du certificat d’INSi : INSI-AUTO (lots) ; commandez aussi INSI-MANU si une personne déclenche.",
        "Le certificat du DMP porte un nom libre, par exemple celui du logiciel.",
        "Le certificat est commandé sous le FINESS géographique du service.",
        "Les professionnels du service gardent leur CPS : le certificat n’ouvre pas la consultation du DMP.",
    ),
)
PRESETS: Final = {SPSTI.name: SPSTI}
