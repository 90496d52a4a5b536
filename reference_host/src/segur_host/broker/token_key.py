"""A private key that stays on its token, given to a TLS context.

OpenSSL sees an RSA key that has its public half only, with a method of its own for the private operation: that one
asks Python, which asks the token. The handshake goes on with what it answers.
"""

import ctypes
import ssl
import threading
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from segur_host.broker.libssl import (
    CTRL_CHAIN,
    CTRL_CHAIN_CERT,
    CTRL_SET_CLIENT_SIGALGS_LIST,
    NO_PADDING,
    PKCS1_PADDING,
    SIGN_FAILED,
    LibSsl,
    libssl,
)
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError, ConfigError, SegurError

Sign = Callable[[SignatureScheme, bytes], bytes]
SHA256_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 digest in a signature (RFC 8017, 9.2, note 1)."""
PROTOCOL_VERSION_ALERT: Final = "TLSV1_ALERT_PROTOCOL_VERSION"
_ATTRIBUTE: Final = "segur_token_key"
_PRIV_ENC: Final = "int(int, const unsigned char *, unsigned char *, RSA *, int)"


class TokenKey:
    """The key of one context: made by ``attach``. Every method may be called from any thread.

    Args:
        public: the public half.
        schemes: what the token does with the private half.
        sign: asks the token.
    """

    def __init__(self, public: rsa.RSAPublicKey, schemes: frozenset[SignatureScheme], sign: Sign) -> None:
        numbers = public.public_numbers()
        self._modulus: Final = numbers.n
        self._exponent: Final = numbers.e
        self._size: Final = (public.key_size + 7) // 8
        self._schemes: Final = schemes
        self._sign: Final = sign
        self._failed: Final = threading.local()

    @property
    def tls13(self) -> bool:
        """Whether TLS 1.3 is spoken with it: there every RSA signature is a PSS one (RFC 8446, 4.2.3).

        OpenSSL pads before it asks, so that a token which pads itself cannot be used for that.
        """
        return SignatureScheme.RAW in self._schemes

    def failure(self) -> SegurError | None:
        """Return why the last signature asked for in this thread failed, once; nothing if it did not.

        Raises:
            BaseException: the signature was interrupted (Ctrl-C); that could not be told through C.
        """
        interruption, _interrupted.by = getattr(_interrupted, "by", None), None
        if interruption is not None:
            raise interruption
        failure: SegurError | None = getattr(self._failed, "last", None)
        self._failed.last = None
        return failure

    def explain(self, failure: OSError) -> SegurError | None:
        """Return what in this key made a handshake in this thread fail; nothing when it was something else.

        Args:
            failure: of the handshake.

        Raises:
            BaseException: as ``failure``.
        """
        own = self.failure()
        if own is None and not self.tls13 and getattr(failure, "reason", None) == PROTOCOL_VERSION_ALERT:
            return CardError("token.scheme_unsupported", scheme=SignatureScheme.RAW, protocol="TLS 1.3")
        return own

    def answer(self, data: bytes, padding: int) -> bytes | None:
        """Return the signature that OpenSSL asks for, nothing when there is none: ``failure`` then tells why."""
        self._failed.last = None
        try:
            return self._signature(data, padding)
        except SegurError as failure:
            self._failed.last = failure
        except Exception as failure:  # noqa: BLE001 - whatever it is, C cannot be told of it
            self._failed.last = CardError("token.failed", reason=type(failure).__name__)
        return None

    def _signature(self, data: bytes, padding: int) -> bytes:
        pads = padding == PKCS1_PADDING
        block = b"\x00\x01" + b"\xff" * (self._size - len(data) - 3) + b"\x00" + data if pads else data
        if pads and _is_sha256(data) and SignatureScheme.PKCS1_SHA256 in self._schemes:
            signature = self._sign(SignatureScheme.PKCS1_SHA256, data[len(SHA256_DIGEST_INFO) :])
        elif (pads or padding == NO_PADDING) and SignatureScheme.RAW in self._schemes:
            signature = self._sign(SignatureScheme.RAW, block)
        else:
            raise CardError("token.scheme_unsupported", scheme=SignatureScheme.RAW)
        # Another key's signature would be refused by the service, which cannot tell why.
        said = pow(int.from_bytes(signature), self._exponent, self._modulus)
        if len(signature) != self._size or said != int.from_bytes(block):
            raise CardError("token.failed", reason="wrong_signature")
        return signature


def attach(
    context: ssl.SSLContext, chain: tuple[x509.Certificate, ...], schemes: frozenset[SignatureScheme], sign: Sign
) -> TokenKey:
    """Make a context authenticate its client, or its server, with the key of a token; see ``load_token_key``."""
    library = libssl()
    pointer = library.context(context)
    public = chain[0].public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise ConfigError("config.token_key_kind", kind=type(public).__name__)
    key = TokenKey(public, schemes, sign)
    try:
        if not key.tls13:
            _limit(library, context, pointer, schemes)
        _load_chain(library, pointer, chain)
        _load_key(library, pointer, public, key)
    except _RefusedError:
        raise ConfigError("config.token_certificate", reason=library.reason()) from None
    # As long as the context may ask for a signature, and no longer: C knows the key by its address only.
    vars(context)[_ATTRIBUTE] = key
    return key


def token_key_of(context: ssl.SSLContext) -> TokenKey | None:
    """Return the key of a token by which a context authenticates, if it does."""
    key: TokenKey | None = vars(context).get(_ATTRIBUTE)
    return key


_interrupted: Final = threading.local()
"""What left the private operation all the same, by thread."""


class _RefusedError(Exception):
    """OpenSSL said no, and knows why."""


def _limit(library: LibSsl, context: ssl.SSLContext, pointer: Any, schemes: frozenset[SignatureScheme]) -> None:
    """Let nothing be agreed upon with the server that the token cannot sign for."""
    if SignatureScheme.PKCS1_SHA256 not in schemes or context.minimum_version is ssl.TLSVersion.TLSv1_3:
        raise CardError("token.scheme_unsupported", scheme=SignatureScheme.RAW)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    names = library.ffi.new("char[]", b"RSA+SHA256")
    _accepted(library.lib.SSL_CTX_ctrl(pointer, CTRL_SET_CLIENT_SIGALGS_LIST, 0, names))


def _load_chain(library: LibSsl, pointer: Any, chain: tuple[x509.Certificate, ...]) -> None:
    ffi, lib = library.ffi, library.lib
    for number, certificate in enumerate(chain):
        der = certificate.public_bytes(Encoding.DER)
        content = ffi.new("unsigned char[]", der)
        parsed = _accepted(lib.d2i_X509(ffi.NULL, ffi.new("const unsigned char **", content), len(der)))
        try:
            if number == 0:
                _accepted(lib.SSL_CTX_use_certificate(pointer, parsed))
                _accepted(lib.SSL_CTX_ctrl(pointer, CTRL_CHAIN, 0, ffi.NULL))
            else:
                # The 1 has the context keep a reference of its own.
                _accepted(lib.SSL_CTX_ctrl(pointer, CTRL_CHAIN_CERT, 1, parsed))
        finally:
            lib.X509_free(parsed)


def _load_key(library: LibSsl, pointer: Any, public: rsa.RSAPublicKey, key: TokenKey) -> None:
    ffi, lib = library.ffi, library.lib
    der = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    content = ffi.new("unsigned char[]", der)
    half = _accepted(lib.d2i_RSAPublicKey(ffi.NULL, ffi.new("const unsigned char **", content), len(der)))
    whole = _accepted(lib.EVP_PKEY_new())
    weakref.finalize(key, lib.EVP_PKEY_free, whole)
    try:
        # Before it becomes part of a key: only then is it seen that the method is not OpenSSL's own.
        _accepted(lib.RSA_set_method(half, _method()))
        _accepted(lib.EVP_PKEY_set1_RSA(whole, half))
    finally:
        lib.RSA_free(half)
    _KEYS[_address(library, half)] = key
    _accepted(lib.SSL_CTX_use_PrivateKey(pointer, whole))
    _accepted(lib.SSL_CTX_check_private_key(pointer))


def _accepted(result: Any) -> Any:
    """Return a result that is neither zero nor null."""
    if not result:
        raise _RefusedError
    return result


_KEYS: "Final[weakref.WeakValueDictionary[int, TokenKey]]" = weakref.WeakValueDictionary()
"""By the address of their RSA object, which is freed after them."""


@cache
def _method() -> Any:
    """Return the one ``RSA_METHOD`` of all keys of tokens. It is never freed: a context uses it while it is freed."""
    library = libssl()
    method = library.lib.RSA_meth_dup(library.lib.RSA_PKCS1_OpenSSL())
    callback = library.ffi.callback(_PRIV_ENC, _private_operation, error=SIGN_FAILED, onerror=_keep)
    # Not even at the end of the interpreter, when a thread may still be in the middle of a handshake.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))
    library.lib.RSA_meth_set_priv_enc(method, callback)
    return method


def _private_operation(length: int, data: Any, place: Any, rsa_key: Any, padding: int) -> int:
    """Sign ``length`` bytes at ``data``, write the signature to ``place``; returns its length, or less than zero."""
    _interrupted.by = None
    library = libssl()
    key = _KEYS.get(_address(library, rsa_key))
    signature = key.answer(bytes(library.ffi.buffer(data, length)), padding) if key is not None else None
    if signature is None:
        return SIGN_FAILED
    library.ffi.memmove(place, signature, len(signature))
    return len(signature)


def _keep(_kind: type[BaseException], interruption: BaseException, _traceback: object) -> None:
    _interrupted.by = interruption


def _address(library: LibSsl, pointer: Any) -> int:
    return int(library.ffi.cast("uintptr_t", pointer))


def _is_sha256(digest_info: bytes) -> bool:
    return digest_info.startswith(SHA256_DIGEST_INFO) and len(digest_info) == len(SHA256_DIGEST_INFO) + 32
