"""What the service says, who asks, and the official schemas; published test identities only."""

import os
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from plugins.insi.tests.scripted_context import NOW, PHARMACY, CardSigner, Context, Service, certificate_of
from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HttpReply
from segur_sdk.hooks.qualify_identity import IdentityRequest, TraitsSubject
from segur_sdk.models.actor import ActorKind, Session, SessionMeans, Structure
from segur_sdk.models.card import Beneficiary, CardPresence
from segur_sdk.models.identity import NirFacturation, SearchTraits, Sex

SOAP = "http://www.w3.org/2003/05/soap-envelope"
RESULTAT = "http://www.cnamts.fr/INSiResultat"
LABELS = {"00": "OK", "01": "Aucune identite trouvee", "02": "Plusieurs identites trouvees"}
IMPORTS = {
    "http://www.cnamts.fr/INSiRecSans": "xsd/ServiceIdentiteCertifiee/INSi_RECSANS_INS.xsd",
    "http://www.cnamts.fr/INSiRecVit": "xsd/ServiceIdentiteCertifiee/INSi_RECVITALE_INS.xsd",
    RESULTAT: "xsd/ServiceIdentiteCertifiee/INSi_RESULTAT_INS.xsd",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd": "xsd/WSSE/Security.xsd",
    "urn:siram:lps:ctxlps": "xsd/CTX/ROOT_ctxlps_CTXLPS_V01_00.xsd",
    "urn:siram:bam:ctxbam": "xsd/CTX/ROOT_ctxbam_CTXBAM_V01_02.xsd",
}
WS_ADDRESSING = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
  targetNamespace="http://www.w3.org/2005/08/addressing">
  <xs:element name="MessageID" type="xs:anyURI"/><xs:element name="Action" type="xs:anyURI"/></xs:schema>"""


@pytest.fixture(scope="session")
def assets() -> Path:
    """The official INSi files; they may not be redistributed."""
    folder = os.environ.get("SEGUR_ASSETS")
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("SEGUR_ASSETS is not set: the official INSi files are needed here")
        pytest.skip("SEGUR_ASSETS is not set: the official INSi files are not at hand")
    return Path(folder) / "insi"


@pytest.fixture(scope="session")
def official_schema(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """Every schema that the WSDL imports, WS-Addressing being replaced by a local stand-in."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "addressing.xsd").write_text(WS_ADDRESSING, "utf-8")
    places = {namespace: (assets / file).as_uri() for namespace, file in IMPORTS.items()}
    places["http://www.w3.org/2005/08/addressing"] = (folder / "addressing.xsd").as_uri()
    imports = "".join(f'<xs:import namespace="{name}" schemaLocation="{place}"/>' for name, place in places.items())
    return etree.XMLSchema(
        etree.fromstring(f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>')
    )


@pytest.fixture
def plugin() -> InsiPlugin:
    return InsiPlugin()


@pytest.fixture
def make_ctx() -> Callable[..., Context]:
    """Make a context whose service follows ``script``."""

    def make(*script: Any, **changes: Any) -> Context:
        return Context(http_service=Service(list(script)), **changes)

    return make


@pytest.fixture(scope="session")
def envelope() -> Callable[..., bytes]:
    """Wrap content as live answers are: one prefix for the envelope, another one for the body."""

    def wrap(content: str, prefix: str = "env") -> bytes:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP}">'
            f'<{prefix}:Body xmlns:{prefix}="{SOAP}">{content}</{prefix}:Body></soap:Envelope>'
        ).encode()

    return wrap


def _ins(matricule: str, oid: str = "1.2.250.1.213.1.4.8", after: str = "") -> str:
    key = f"<Cle>{matricule[13:]}</Cle>" if matricule[13:] else ""
    return f"<IdIndividu><NumIdentifiant>{matricule[:13]}</NumIdentifiant>{key}</IdIndividu><OID>{oid}</OID>{after}"


@pytest.fixture(scope="session")
def resultat(envelope: Callable[..., bytes]) -> Callable[..., HttpReply]:
    """Answer 200 with a return code, and ADRUN ZOE unless told otherwise when it is 00."""

    def build(
        code: str = "00",
        *,
        active: str = "275126322074974",
        oid: str = "1.2.250.1.213.1.4.8",
        history: str = "",
        tiq: Mapping[str, str | None] | None = None,
    ) -> HttpReply:
        traits: dict[str, str | None] = {
            "NomNaissance": "ADRUN",
            "ListePrenom": "ZOE",
            "Sexe": "F",
            "DateNaissance": "1975-12-31",
            "LieuNaissance": "63220",
        }
        traits.update(tiq or {})
        told = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in traits.items() if text is not None)
        found = f"<INDIVIDU><INSACTIF>{_ins(active, oid)}</INSACTIF>{history}<TIQ>{told}</TIQ></INDIVIDU>"
        content = (
            f'<RESULTAT xmlns="{RESULTAT}"><CR><CodeCR>{code}</CodeCR><LibelleCR>{LABELS[code]}</LibelleCR></CR>'
            f"{found if code == '00' else ''}</RESULTAT>"
        )
        return HttpReply(status=200, headers={"content-type": "application/soap+xml"}, body=envelope(content))

    return build


@pytest.fixture(scope="session")
def histo() -> Callable[..., str]:
    """Write one INSHISTO."""
    return lambda *told, **more: f"<INSHISTO>{_ins(*told, **more)}</INSHISTO>"


@pytest.fixture(scope="session")
def fault(envelope: Callable[..., bytes]) -> Callable[..., HttpReply]:
    """Answer 500 with a fault of the gateway, as captured."""

    def build(code: str, subcode: str = "siram_100", severity: str = "erreur", text: str = "Erreur.") -> HttpReply:
        content = (
            f'<soap:Fault xmlns:soap="{SOAP}"><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>'
            f"<soap:Value>soap:{subcode}</soap:Value></soap:Subcode></soap:Code><soap:Reason>"
            f'<soap:Text xml:lang="fr">{escape(text)}</soap:Text></soap:Reason><soap:Detail><siram:Erreur '
            f'xmlns:siram="urn:siram" code="{code}" messageID="uuid:b3549edd-4ae9-472a-b26f-fd2fb4ef397f" '
            f'severite="{severity}">{escape(text)}</siram:Erreur></soap:Detail></soap:Fault>'
        )
        return HttpReply(status=500, headers={}, body=envelope(content))

    return build


@pytest.fixture(scope="session")
def insi_102(envelope: Callable[..., bytes]) -> HttpReply:
    """The back end's fault as captured (text cut), its odd severity and language included."""
    content = (
        f'<S:Fault xmlns:S="{SOAP}" xmlns:ns4="http://schemas.xmlsoap.org/soap/envelope/"><S:Code>'
        "<S:Value>S:Receiver</S:Value><S:Subcode><S:Value>S:siram_40</S:Value></S:Subcode></S:Code><S:Reason>"
        '<S:Text xml:lang="en">Le service est temporairement inaccessible.</S:Text></S:Reason><S:Detail>'
        '<siram:Erreur severite="fatal" code="insi_102" xmlns:siram="urn:siram">L appel au service de recherche avec '
        "les traits d identité renvoie une erreur technique.</siram:Erreur></S:Detail></S:Fault>"
    )
    return HttpReply(status=500, headers={}, body=envelope(content))


@pytest.fixture(scope="session")
def traits() -> Callable[..., SearchTraits]:
    """ADRUN ZOE, unless told otherwise."""

    def build(nom: str = "ADRUN", *prenoms: str, **changes: Any) -> SearchTraits:
        known: dict[str, Any] = {"sexe": Sex.FEMALE, "date_naissance": date(1975, 12, 31)}
        return SearchTraits(nom_naissance=nom, prenoms_naissance=prenoms or ("ZOE",), **(known | changes))

    return build


@pytest.fixture(scope="session")
def request_for(traits: Callable[..., SearchTraits]) -> Callable[..., IdentityRequest]:
    """Ask about somebody known by traits."""

    def build(nom: str = "ADRUN", *prenoms: str, automatic: bool = False, **changes: Any) -> IdentityRequest:
        return IdentityRequest(subject=TraitsSubject(traits=traits(nom, *prenoms, **changes)), automatic=automatic)

    return build


@pytest.fixture
def presence() -> CardPresence:
    return CardPresence(
        slot="SANDBOX 00", atr="3B751300004009EA9000", insertion="1", inserted_at=NOW - timedelta(minutes=1)
    )


@pytest.fixture(scope="session")
def beneficiary() -> Callable[..., Beneficiary]:
    """ADRUN ZOE on her own card, unless told otherwise."""

    def build(**changes: Any) -> Beneficiary:
        known: dict[str, Any] = {
            "position": 1,
            "nom": "ADRUN",
            "prenom": "ZOE",
            "date_naissance": date(1975, 12, 31),
            "date_en_carte": "19751231",
            "sexe": Sex.FEMALE,
            "nir": NirFacturation(value="275126322074974"),
        }
        return Beneficiary(**(known | changes))

    return build


CAROLE = "899700075122"
PHYSICIAN = 10
PHARMACIST = 21
PHARMACY_SITUATION = "10B0152872/SA33/01"


@pytest.fixture(scope="session")
def card_key() -> rsa.RSAPrivateKey:
    """Made once for the run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def card_signer(card_key: rsa.RSAPrivateKey) -> Callable[..., CardSigner]:
    """Make a card whose signature certificate names somebody as real ones do; signed by itself."""

    def make(
        national_id: str = CAROLE,
        *,
        surname: str = "PHARMACH0007512",
        given_name: str = "CAROLE",
        title: str = "Pharmacien",
        profession: int = PHARMACIST,
        training: bool = False,
    ) -> CardSigner:
        names = ((NameOID.COMMON_NAME, national_id), (NameOID.SURNAME, surname), (NameOID.GIVEN_NAME, given_name))
        person = [x509.NameAttribute(oid, text) for oid, text in names]
        outer = ((NameOID.COUNTRY_NAME, "FR"), (NameOID.TITLE, title))
        subject = x509.Name(
            [
                *(x509.RelativeDistinguishedName([x509.NameAttribute(oid, text)]) for oid, text in outer),
                x509.RelativeDistinguishedName(person),
            ]
        )
        usages = [False] * 9
        usages[1] = True
        extension = x509.ObjectIdentifier(f"1.2.250.1.71.1.2.{8 if training else 7}")
        certificate = (
            x509.CertificateBuilder(subject, subject, card_key.public_key(), 11)
            .not_valid_before(NOW - timedelta(days=300))
            .not_valid_after(NOW + timedelta(days=300))
            .add_extension(x509.KeyUsage(*usages), critical=True)
            .add_extension(x509.UnrecognizedExtension(extension, bytes([0x02, 0x01, profession])), critical=False)
            .sign(card_key, SHA256())
        )
        facts = certificate_of(national_id).model_copy(update={"client_authentication": False, "subject_ou": None})
        return CardSigner(card_key, facts, (certificate.public_bytes(Encoding.DER),))

    return make


@pytest.fixture
def professional(make_ctx: Callable[..., Context], card_signer: Callable[..., CardSigner]) -> Callable[..., Context]:
    """Make a context in which Carole, a pharmacist, signed in by her card, or by ``means``."""

    def make(
        *script: Any,
        means: SessionMeans = SessionMeans.CPS,
        rpps: str | None = CAROLE[1:],
        exercice: str | None = PHARMACY_SITUATION,
        structure: Structure = PHARMACY,
        signer: CardSigner | None = None,
        **settings: Any,
    ) -> Context:
        settings = {"authentication": means.value, **settings}
        ctx = make_ctx(*script, plugin_settings=InsiSettings.model_validate(settings))
        who = {"kind": ActorKind.PROFESSIONAL, "rpps": rpps, "exercice": exercice, "structure": structure}
        ctx.actor = ctx.actor.model_copy(update=who)
        ctx.session = Session(session_id="s-1", means=means, token_serial="2800901100")
        ctx.keys.signers["insi_assertion"] = signer or card_signer()
        return ctx

    return make
