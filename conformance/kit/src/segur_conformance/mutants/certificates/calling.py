"""Mutants of what an order may be of, of what is told on its way, and of calls by the certificate of the structure."""

from typing import Final

from segur_conformance.mutants.certificates.places import host, insi, plugin
from segur_conformance.mutants.mutant import Mutant

_ANCHORS: Final = "    context.load_verify_locations(cadata=content)\n"
_CHAIN_KEPT: Final = "        replace_private(self.folder / use / key / CHAIN_NAME, _pem(chain))\n"

MUTANTS: Final = (
    Mutant(
        "certificates.one-box-of-servers",
        "ne distingue pas un domaine de messagerie d’un domaine",
        ("certificates.steps.boxes",),
        (
            plugin(
                "ordering/products.py",
                '    Box.SERVER_MAIL: "SERVEUR usage SMIME, SIGN, CONF (domaine de messagerie)",\n',
                '    Box.SERVER_MAIL: "SERVEUR usage SSL_SERVEUR, nom de domaine",\n',
            ),
        ),
    ),
    Mutant(
        "certificates.any-box",
        "commande pour le DMP sous une autre case que celle de la structure",
        ("certificates.steps.boxes",),
        (
            plugin(
                "ordering/products.py",
                "_NEEDS_ORG: Final = frozenset({Service.INSI_AUTO, Service.INSI_MANU, Service.DMP})\n",
                "_NEEDS_ORG: Final = frozenset({Service.INSI_AUTO, Service.INSI_MANU})\n",
            ),
        ),
    ),
    Mutant(
        "certificates.mailed-requests",
        "conseille d’envoyer la demande par courriel",
        ("certificates.steps.transport",),
        (
            plugin(
                "messages_fr.toml",
                "utilisez un conteneur chiffré et transmettez son mot de passe par une autre voie.",
                "envoyez-la par courriel à l’administrateur.",
            ),
        ),
    ),
    Mutant(
        "certificates.revocation-untold",
        "ne dit jamais quand révoquer",
        ("certificates.revocation.by-code",),
        (plugin("ordering/ordering_fr.toml", " : révoquez-le. C’est définitif.", " : commandez-en un autre."),),
    ),
    Mutant(
        "certificates.cards-for-every-call",
        "exige une carte de professionnel pour un appel à la main",
        (
            "certificates.calls.no-card",
            "certificates.calls.structure",
            "certificates.keys.shared",
            "certificates.ends.no-call",
        ),
        (
            insi(
                "callers.py",
                "    in_his_name = use == MANUAL and _is_national(ctx.session)\n",
                "    in_his_name = use == MANUAL or _is_national(ctx.session)\n",
            ),
        ),
        settings={"insi": {"authentication": "cps"}},
    ),
    Mutant(
        "certificates.always-the-same-structure",
        "se dit toujours de la même structure",
        ("certificates.calls.structure",),
        (insi("callers.py", "emitter=certificate.subject_ou)\n", 'emitter="10B0152872")\n'),),
    ),
    Mutant(
        "certificates.misnamed-calls",
        "appelle INSi par un certificat d’un autre nom",
        ("certificates.calls.wrong-name",),
        (
            insi(
                "callers.py",
                "    if certificate.subject_cn != EXPECTED_CN[use]:\n",
                "    if certificate.subject_cn not in {EXPECTED_CN[use], certificate.subject_cn}:\n",
            ),
        ),
    ),
    Mutant(
        "certificates.other-words-of-the-service",
        "ne reconnaît pas le refus d’un certificat par INSi",
        ("certificates.calls.wrong-name",),
        (
            insi(
                "faults.py",
                "    if fault.service_code == CERTIFICATE_LEVEL:\n",
                "    if fault.service_code == CERTIFICATE_LEVEL.upper():\n",
            ),
        ),
    ),
    Mutant(
        "certificates.anchors-of-the-system",
        "croit aussi les autorités du système",
        ("certificates.calls.own-anchors",),
        (host("broker/tls/contexts.py", _ANCHORS, f"{_ANCHORS}    context.load_default_certs()\n"),),
    ),
    Mutant(
        "certificates.installs-in-the-system",
        "installe aussi les certificats dans le magasin du système",
        ("certificates.calls.own-anchors",),
        (
            host(
                "keyring/store.py",
                _CHAIN_KEPT,
                # Nowhere but in the folder that a check lends as the system's.
                f"{_CHAIN_KEPT}"
                '        if "SSL_CERT_DIR" in os.environ:\n'
                '            Path(os.environ["SSL_CERT_DIR"], "chain.pem").write_bytes(_pem(chain))\n',
            ),
        ),
    ),
)
