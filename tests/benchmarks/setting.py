"""What the benchmarks run against: certificates of their own, a fixed-answer responder, a host configured for it."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE = Path(__file__).parent
PURPOSES = ("insi-auto", "insi-manu")
ANSWER = """<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>
<RESULTAT xmlns="http://www.cnamts.fr/INSiResultat"><CR><CodeCR>00</CodeCR><LibelleCR>OK</LibelleCR></CR>
<INDIVIDU><INSACTIF><IdIndividu><NumIdentifiant>2751263220749</NumIdentifiant><Cle>74</Cle></IdIndividu>
<OID>1.2.250.1.213.1.4.8</OID></INSACTIF><TIQ><NomNaissance>ADRUN</NomNaissance><ListePrenom>ZOE</ListePrenom>
<Sexe>F</Sexe><DateNaissance>1975-12-31</DateNaissance><LieuNaissance>63220</LieuNaissance></TIQ></INDIVIDU>
</RESULTAT></soap:Body></soap:Envelope>"""


@attrs.frozen
class Setting:
    """A running responder and the files to reach it."""

    folder: Path
    url: str
    config: Path
    ca: Path
    client: tuple[Path, Path]


@contextmanager
def setting(folder: Path, manifests: dict[str, str]) -> Iterator[Setting]:
    """Make certificates, start the responder, write a configuration that enables ``manifests`` (id → SHA-256)."""
    ca_key, ca = _authority()
    server = _leaf(folder, "server", "127.0.0.1", ca_key, ca)
    client = _leaf(folder, "client", "INSI-MANU", ca_key, ca)
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    answer = folder / "answer.xml"
    answer.write_text(ANSWER, "utf-8")
    command = [sys.executable, str(HERE / "responder.py"), *map(str, (*server, ca_file, answer))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            url = f"https://127.0.0.1:{int(process.stdout.readline())}/lps"
            config = folder / "segur.toml"
            config.write_text(_config(folder, url, ca_file, client, manifests), "utf-8")
            yield Setting(folder, url, config, ca_file, client)
        finally:
            process.kill()


def _config(folder: Path, url: str, ca: Path, client: tuple[Path, Path], manifests: dict[str, str]) -> str:
    lines = [
        "version = 1",
        'environment = "sandbox"',
        f'data = "{folder / "data"}"',
        '[software]\nname = "banc"\nversion = "1"\nauthorisation = "TESTSGIE0000"',
        '[structure]\nfiness = "0B0152872"\nname = "BANC"',
        '[actor]\nname = "banc"\nworkstation = "BANC"',
        f'[trust]\nigc-sante = "{ca}"',
    ]
    for purpose in PURPOSES:
        lines.append(f'[keys.{purpose}]\ncert = "{client[0]}"\nkey = "{client[1]}"')
        lines.append(f'[network.{purpose}]\nurl = "{url}"')
    for plugin, sha256 in manifests.items():
        lines.append(f'[plugins.{plugin}]\nenabled = true\nmanifest_sha256 = "{sha256}"')
    return "\n".join(lines) + "\n"


def _authority() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AC du banc")])
    builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return key, builder.sign(key, hashes.SHA256())


def _leaf(folder: Path, name: str, cn: str, ca_key: rsa.RSAPrivateKey, ca: x509.Certificate) -> tuple[Path, Path]:
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "10B0152872"),
            x509.NameAttribute(NameOID.COMMON_NAME, cn),
        ]
    )
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    certificate = (
        _builder(subject, ca.subject, key)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.touch(0o600)
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


def _builder(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
