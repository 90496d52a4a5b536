"""Files that are no certificate, or hold less, more or other than they should: PKCS#12, PEM, chains, lists."""

import os
import secrets
from collections.abc import Callable, Mapping

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_sandbox.pki.authorities import AUTHORITIES, ORGANISATIONS, ROOT
from segur_sandbox.pki.chain_file import chain_file
from segur_sandbox.pki.der import SEQUENCE, encoded
from segur_sandbox.pki.issuing import (
    Issued,
    LeafRequest,
    issue_authority,
    issue_crl,
    issue_leaf,
    new_key,
    organisation_name,
)
from segur_sandbox.pki.material import Kind, Material, bundle, files_of, key_pem, pem
from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION, PkiFiles

_DER = serialization.Encoding.DER
_DEPTH = 2000
_OVERSIZE = 4 << 20


def _leaf(pki: PkiFiles) -> Issued:
    subject = organisation_name("LGO DU BAC A SABLE", FINESS, ORGANISATION, DEPARTMENT)
    leaf = issue_leaf(LeafRequest(subject, "AUTH_CLI"), pki.organisations())
    pki.register.keep(leaf.certificate)
    return leaf


def _truncated(pki: PkiFiles) -> Material:
    leaf = _leaf(pki)
    whole = files_of(leaf, pki.organisations().certificate)
    halves = {name: content[: len(content) // 2] for name, content in whole.files.items()}
    der = leaf.certificate.public_bytes(_DER)
    crl = issue_crl(pki.organisations(), []).public_bytes(_DER)
    return attrs.evolve(whole, files={**halves, "cert.cer": der[:-1], "list.crl": crl[: len(crl) // 2]})


def _keyless(pki: PkiFiles) -> Material:
    leaf = _leaf(pki)
    password = secrets.token_urlsafe(18)
    encryption = serialization.BestAvailableEncryption(password.encode("ascii"))
    issuer = pki.organisations().certificate
    p12 = pkcs12.serialize_key_and_certificates(b"sans-cle", None, leaf.certificate, [issuer], encryption)
    return Material({"cert.pem": pem(leaf.certificate, issuer), "bundle.p12": p12}, password, _serial(leaf))


def _mismatched(pki: PkiFiles) -> Material:
    leaf, issuer, other = _leaf(pki), pki.organisations().certificate, new_key()
    password = secrets.token_urlsafe(18)
    encryption = serialization.BestAvailableEncryption(password.encode("ascii"))
    p12 = pkcs12.serialize_key_and_certificates(b"autre-cle", other, None, [leaf.certificate, issuer], encryption)
    files = {"cert.pem": pem(leaf.certificate, issuer), "key.pem": key_pem(other), "bundle.p12": p12}
    return Material(files, password, _serial(leaf))


def _wrong_password(pki: PkiFiles) -> Material:
    leaf = _leaf(pki)
    p12, _ = bundle(leaf, pki.organisations().certificate)
    return Material({"bundle.p12": p12}, secrets.token_urlsafe(18), _serial(leaf))


def _empty(_: PkiFiles) -> Material:
    return Material(dict.fromkeys(("bundle.p12", "cert.pem", "cert.cer", "list.crl", "answer.ocsp"), b""))


def _noise(_: PkiFiles) -> Material:
    block = b"-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
    return Material({"bundle.p12": os.urandom(512), "cert.pem": block, "cert.cer": os.urandom(512)})


def _oversized(pki: PkiFiles) -> Material:
    one = pem(_leaf(pki).certificate)
    return Material({"cert.pem": one * (_OVERSIZE // len(one)), "bundle.p12": encoded(SEQUENCE, bytes(_OVERSIZE))})


def _deep(_: PkiFiles) -> Material:
    value = b""
    for _level in range(_DEPTH):
        value = encoded(SEQUENCE, value)
    return Material(dict.fromkeys(("bundle.p12", "cert.cer", "list.crl", "answer.ocsp"), value))


def _indefinite(pki: PkiFiles) -> Material:
    """A bundle in BER of indefinite length, as some tools write them: it holds the same, and opens."""
    leaf = _leaf(pki)
    p12, password = bundle(leaf, pki.organisations().certificate)
    content = p12[2 + (p12[1] & 0x7F) :]
    return Material({"bundle.p12": b"\x30\x80" + content + b"\x00\x00"}, password, _serial(leaf))


def _ber_chain(pki: PkiFiles) -> Material:
    return Material({"chain.p7b": chain_file(pki.authority(short).certificate for short in AUTHORITIES)})


def _wrong_list(pki: PkiFiles) -> Material:
    forged = issue_crl(pki.organisations(), [], signer=new_key())
    return Material({"list.crl": forged.public_bytes(_DER)})


def _chain(order: Callable[[PkiFiles, Issued], tuple[x509.Certificate, ...]]) -> Callable[[PkiFiles], Material]:
    def make(pki: PkiFiles) -> Material:
        leaf = _leaf(pki)
        return Material({"cert.pem": pem(*order(pki, leaf)), "key.pem": key_pem(leaf.key)}, None, _serial(leaf))

    return make


def _root(pki: PkiFiles) -> x509.Certificate:
    return pki.authority(ROOT).certificate


def _wrong_order(pki: PkiFiles, leaf: Issued) -> tuple[x509.Certificate, ...]:
    return _root(pki), pki.organisations().certificate, leaf.certificate


def _extra(pki: PkiFiles, leaf: Issued) -> tuple[x509.Certificate, ...]:
    return leaf.certificate, pki.fort_personnes().certificate, pki.organisations().certificate, _root(pki)


def _alone(_: PkiFiles, leaf: Issued) -> tuple[x509.Certificate, ...]:
    return (leaf.certificate,)


def _loop(_: PkiFiles) -> Material:
    """Two authorities that certify each other, and a leaf under one of them."""
    names = (AUTHORITIES[ROOT].common_name, AUTHORITIES[ORGANISATIONS].common_name)
    upper, lower = (issue_authority(name, new_key()) for name in names)
    first = issue_authority(names[1], lower.key, upper)
    second = issue_authority(names[0], upper.key, lower)
    subject = organisation_name("LGO DU BAC A SABLE", FINESS, ORGANISATION, DEPARTMENT)
    leaf = issue_leaf(LeafRequest(subject, "AUTH_CLI"), first)
    return files_of(leaf, first.certificate, second.certificate, first.certificate)


def _serial(leaf: Issued) -> int:
    return leaf.certificate.serial_number


BROKEN_KINDS: Mapping[str, Kind] = {
    "truncated": Kind("fichiers coupés", _truncated),
    "keyless": Kind("PKCS#12 sans clé", _keyless),
    "mismatched": Kind("clé qui n'est pas celle du certificat", _mismatched),
    "wrong-password": Kind("PKCS#12 et un autre mot de passe", _wrong_password),
    "empty": Kind("fichiers vides", _empty),
    "noise": Kind("octets quelconques", _noise),
    "oversized": Kind("fichiers de quatre mébioctets", _oversized),
    "deep": Kind("valeurs imbriquées deux mille fois", _deep),
    "indefinite": Kind("PKCS#12 en BER, de longueur indéfinie", _indefinite),
    "ber-chain": Kind("chaîne en BER, certificats sans ordre", _ber_chain),
    "crl-wrong-signature": Kind("liste signée par une autre clé", _wrong_list),
    "chain-wrong-order": Kind("racine d'abord", _chain(_wrong_order)),
    "chain-extra": Kind("un maillon de trop", _chain(_extra)),
    "chain-missing": Kind("sans l'autorité intermédiaire", _chain(_alone)),
    "chain-loop": Kind("deux autorités qui se certifient l'une l'autre", _loop),
}
"""Kind → how it is made."""
