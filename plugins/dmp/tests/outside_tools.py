"""What programs that nobody here wrote say of what this plugin makes: xmlsec1 of signatures, curl of messages."""

import hashlib
import subprocess
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from lxml import etree

from plugins.dmp.tests.canonical_xml import canonical

ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
PROPERTIES: Final = "http://uri.etsi.org/01903/v1.1.1#:SignedProperties"
DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_END: Final = "-----END CERTIFICATE-----\n"


def vihf_verified(data: bytes, folder: Path, anchors: Path | None = None) -> bool:
    """Tell whether xmlsec1 finds a VIHF right: digest and signature, and the chain too when it is given authorities."""
    return _verified(data, folder, anchors, ["--id-attr:ID", ASSERTION, "--enabled-reference-uris", "same-doc"])


def lot_verified(data: bytes, folder: Path, anchors: Path | None = None) -> bool:
    """Tell whether xmlsec1 finds the signature of a set right, without opening what its manifest names."""
    return _verified(data, folder, anchors, ["--ignore-manifests", "--id-attr:Id", PROPERTIES])


def manifest_of(signature: bytes) -> Mapping[str, bytes]:
    """Return the digests of a manifest by what they are of."""
    (manifest,) = etree.fromstring(signature).iter(f"{DS}Manifest")
    return {str(one.get("URI")): b64decode(one.findtext(f"{DS}DigestValue") or "") for one in manifest}


def digest_of(document: bytes) -> bytes:
    """Return what a manifest holds of a document, worked out by other code than the plugin's."""
    return hashlib.sha256(canonical(document)).digest()


def curl(url: str, message: bytes, content_type: str, tls: Sequence[str], folder: Path) -> bytes:
    """Post bytes as they are, and return the answer."""
    question = folder / "message.mime"
    question.write_bytes(message)
    command = ["curl", "--silent", "--fail-with-body", "--max-time", "30", *tls, "-H", f"Content-Type: {content_type}"]
    done = subprocess.run([*command, "--data-binary", f"@{question}", url], capture_output=True, check=False)
    return done.stdout


def _verified(data: bytes, folder: Path, anchors: Path | None, options: Sequence[str]) -> bool:
    file = folder / "signed.xml"
    file.write_bytes(data)
    trust = ["--insecure"]
    if anchors is not None:
        trust = []
        for rank, one in enumerate(anchors.read_text("ascii").split(_END)[:-1]):
            (folder / f"{rank}.pem").write_text(one + _END, "ascii")
            trust += ["--untrusted-pem" if rank else "--trusted-pem", str(folder / f"{rank}.pem")]
    command = ["xmlsec1", "--verify", *trust, *options, str(file)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
