"""The OpenSSL that the interpreter's own ``ssl`` module runs on, called directly.

Python's ``ssl`` takes a client's private key from a file only. Below it OpenSSL takes any object that can sign. What
stands here reaches that OpenSSL, and no other that the process may have loaded, and the ``SSL_CTX`` of a context.
Everything that can be checked is checked before a pointer is followed; where that is not enough, see
:func:`segur_host.broker.token_tls.self_test`.

``cffi`` and not ``ctypes``: when a callback of ``ctypes`` is left by an exception, and one may come at any moment
(Ctrl-C), C receives whatever was in the register as its result. Here that would be the length of a signature to be
sent. A callback of ``cffi`` then returns a value that was set beforehand. ``cryptography`` brings it along anyway.
"""

import ssl
import sys
from functools import cache
from typing import Any, Final

import attrs
import cffi

from segur_sdk.errors import ConfigError

OLDEST: Final = (3, 0)
"""Versions before had other types of result; libraries that imitate OpenSSL call themselves older ones."""
TEXT_OF_VERSION: Final = 0
CTRL_CHAIN: Final = 88
CTRL_CHAIN_CERT: Final = 89
CTRL_SET_CLIENT_SIGALGS_LIST: Final = 102
CTRL_GET_MIN_PROTO_VERSION: Final = 130
PKCS1_PADDING: Final = 1
NO_PADDING: Final = 3
SIGN_FAILED: Final = -1
"""Source of these: ``openssl/crypto.h``, ``openssl/ssl.h`` and ``openssl/rsa.h`` of OpenSSL 3."""

_DECLARATIONS: Final = """
typedef struct ssl_ctx_st SSL_CTX;
typedef struct x509_st X509;
typedef struct rsa_st RSA;
typedef struct rsa_meth_st RSA_METHOD;
typedef struct evp_pkey_st EVP_PKEY;

unsigned long OpenSSL_version_num(void);
const char *OpenSSL_version(int type);
unsigned long ERR_peek_last_error(void);
const char *ERR_reason_error_string(unsigned long error);
void ERR_clear_error(void);

uint64_t SSL_CTX_get_options(const SSL_CTX *context);
int SSL_CTX_get_verify_mode(const SSL_CTX *context);
long SSL_CTX_ctrl(SSL_CTX *context, int command, long number, void *argument);
int SSL_CTX_use_certificate(SSL_CTX *context, X509 *certificate);
int SSL_CTX_use_PrivateKey(SSL_CTX *context, EVP_PKEY *key);
int SSL_CTX_check_private_key(const SSL_CTX *context);

X509 *d2i_X509(X509 **kept, const unsigned char **der, long length);
void X509_free(X509 *certificate);
RSA *d2i_RSAPublicKey(RSA **kept, const unsigned char **der, long length);
void RSA_free(RSA *key);
int RSA_set_method(RSA *key, const RSA_METHOD *method);
const RSA_METHOD *RSA_PKCS1_OpenSSL(void);
RSA_METHOD *RSA_meth_dup(const RSA_METHOD *method);
int RSA_meth_set_priv_enc(
    RSA_METHOD *method, int (*priv_enc)(int length, const unsigned char *from, unsigned char *to, RSA *key, int padding)
);
EVP_PKEY *EVP_PKEY_new(void);
void EVP_PKEY_free(EVP_PKEY *key);
int EVP_PKEY_set1_RSA(EVP_PKEY *key, RSA *rsa);
"""
_FFI: Final = cffi.FFI()
_FFI.cdef(_DECLARATIONS)
_VERIFY_MODES: Final = {ssl.CERT_NONE: 0, ssl.CERT_OPTIONAL: 1, ssl.CERT_REQUIRED: 3}
"""As in ``openssl/ssl.h``."""


def unavailable(reason: str) -> ConfigError:
    """Return the error of an interpreter that cannot use the key of a token for TLS."""
    return ConfigError("config.token_tls_unavailable", reason=reason)


@attrs.frozen
class LibSsl:
    """Functions of that OpenSSL, as ``lib``; types and memory, as ``ffi``."""

    ffi: Any
    lib: Any

    def reason(self) -> str:
        """Return why the last call failed, and forget it: left in the queue, it would be taken for a later failure."""
        text = self.lib.ERR_reason_error_string(self.lib.ERR_peek_last_error())
        self.lib.ERR_clear_error()
        return self.ffi.string(text).decode("ascii") if text else "unknown"

    def context(self, context: ssl.SSLContext) -> Any:
        """Return the ``SSL_CTX`` of a context.

        CPython keeps it right after what every object begins with; no function gives it away. It is believed only
        if it answers like the context itself.

        Raises:
            ConfigError: ``config.token_tls_unavailable`` with reason ``layout``.
        """
        if type(context).__basicsize__ < object.__basicsize__ + self.ffi.sizeof("void *"):
            raise unavailable("layout")
        pointer = self.ffi.cast("SSL_CTX **", id(context) + object.__basicsize__)[0]
        if pointer == self.ffi.NULL or int(self.ffi.cast("uintptr_t", pointer)) % self.ffi.sizeof("void *"):
            raise unavailable("layout")
        lowest = int(self.lib.SSL_CTX_ctrl(pointer, CTRL_GET_MIN_PROTO_VERSION, 0, self.ffi.NULL))
        seen = (int(self.lib.SSL_CTX_get_options(pointer)), int(self.lib.SSL_CTX_get_verify_mode(pointer)), lowest)
        # Python before 3.12 takes the options for a signed number, and has a number of its own for "the lowest".
        minimum = context.minimum_version
        told = (
            int(context.options) & 0xFFFF_FFFF_FFFF_FFFF,
            _VERIFY_MODES[context.verify_mode],
            0 if minimum is ssl.TLSVersion.MINIMUM_SUPPORTED else int(minimum),
        )
        if seen != told:
            raise unavailable("layout")
        return pointer


@cache
def libssl() -> LibSsl:
    """Find the OpenSSL of the ``ssl`` module.

    Functions are looked up from the extension module ``_ssl`` on, as the dynamic linker did when it loaded it: what is
    found are those that it uses itself. A static one, whose names are not told, is not found.

    Raises:
        ConfigError: ``config.token_tls_unavailable``; its reason is ``interpreter`` (not CPython), ``openssl_version``
            (older, or another library), ``library`` (not loaded from a file), ``symbols`` (not all functions are
            there), ``other_library`` (found one that is not that of ``ssl``).
    """
    if sys.implementation.name != "cpython":
        raise unavailable("interpreter")
    if not ssl.OPENSSL_VERSION.startswith("OpenSSL ") or ssl.OPENSSL_VERSION_INFO < OLDEST:
        raise unavailable("openssl_version")
    path = getattr(sys.modules["_ssl"], "__file__", None)
    if path is None:
        raise unavailable("library")
    try:
        lib = _FFI.dlopen(path)
    except OSError:
        raise unavailable("library") from None
    if not all(hasattr(lib, name) for name in dir(lib)):
        raise unavailable("symbols")
    version = (int(lib.OpenSSL_version_num()), _FFI.string(lib.OpenSSL_version(TEXT_OF_VERSION)).decode("ascii"))
    if version != (ssl.OPENSSL_VERSION_NUMBER, ssl.OPENSSL_VERSION):
        raise unavailable("other_library")
    return LibSsl(_FFI, lib)
