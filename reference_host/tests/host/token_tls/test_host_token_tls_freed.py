"""What a key takes is given back, and not before its time."""

import gc
import ssl
import weakref
from ctypes import CDLL, Structure, c_size_t
from typing import ClassVar

from reference_host.tests.host.token_tls.counterparts import Pki, SoftwareToken, client_context
from reference_host.tests.keys.issuing import handshake
from segur_host.broker import token_key
from segur_host.broker.token_key import TokenKey
from segur_host.broker.token_tls import load_token_key
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError

PKCS1, RAW = SignatureScheme.PKCS1_SHA256, SignatureScheme.RAW
BOTH = frozenset({PKCS1, RAW})


def test_a_key_serves_as_long_as_its_context_though_nobody_else_keeps_it(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    key = weakref.ref(load_token_key(client, pki.chain, BOTH, token.sign))
    gc.collect()
    assert handshake(client, server).version() == "TLSv1.3"
    assert key() is not None


def test_contexts_and_keys_that_nobody_uses_any_more_are_freed_even_in_a_ring(pki: Pki, token: SoftwareToken) -> None:
    def use(number: int) -> list[weakref.ref[TokenKey]]:
        return [weakref.ref(_key_in_a_ring(pki, token)) for _ in range(number)]

    use(20)
    gc.collect()
    before, known = _native_bytes(), set(token_key._KEYS)
    gone = use(400)
    gc.collect()
    assert [one() for one in gone] == [None] * 400
    assert set(token_key._KEYS) <= known
    # A context takes some 10 kB, what is kept of a key or a certificate never less than half a kilobyte.
    assert _native_bytes() - before < 200_000


def _key_in_a_ring(pki: Pki, token: SoftwareToken) -> TokenKey:
    ring: list[object] = []

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        return token.sign(scheme, data) if ring else b""

    context = client_context(pki)
    ring.append(context)
    return load_token_key(context, pki.chain, BOTH, sign)


def test_thousands_of_handshakes_leave_nothing_behind(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    failing = [False]

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        if failing[0]:
            raise CardError("token.absent")
        return token.sign(scheme, data)

    load_token_key(client, pki.chain, frozenset({PKCS1}), sign)

    def shake(times: int) -> None:
        for number in range(times):
            failing[0] = number % 10 == 9
            try:
                handshake(client, server)
            except ssl.SSLError:
                assert failing[0]
        token.asked.clear()

    shake(100)
    gc.collect()
    objects, native = len(gc.get_objects()), _native_bytes()
    shake(2000)
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    # One signature kept from each would be 512 kB.
    assert _native_bytes() - native < 200_000


class _Mallinfo(Structure):
    """``struct mallinfo2`` of glibc; only what is in use counts here."""

    _fields_: ClassVar = [
        *((f"unused_{number}", c_size_t) for number in range(7)),
        ("uordblks", c_size_t),
        ("fordblks", c_size_t),
        ("keepcost", c_size_t),
    ]


def _native_bytes() -> int:
    """Bytes in use in the heap of C, where OpenSSL keeps what it allocates."""
    function = CDLL(None).mallinfo2
    function.restype = _Mallinfo
    return int(function().uordblks)
