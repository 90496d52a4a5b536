"""A canary is found in every disguise, and nothing else is."""

import base64
import gzip
import io
import zipfile
import zlib

import pytest

from segur_conformance.canaries import Canaries

CANARIES = Canaries(["D'ARTAGNAN DE L'HÉRAULT", "275126322074974"])


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.bin", data)
    return buffer.getvalue()


def pdf_stream(data: bytes) -> bytes:
    return b"%PDF-1.4\n1 0 obj\n<<>>\nstream\n" + zlib.compress(data) + b"\nendstream\nendobj\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"x D'ARTAGNAN DE L'H\xc3\x89RAULT y", id="clear"),
        pytest.param("x d'artagnan de l'hérault y".upper().encode("latin-1"), id="upper-latin1"),
        pytest.param(b"D'Artagnan de l'Herault", id="without-accents"),
        pytest.param(b"q=D%27ARTAGNAN%20DE%20L%27H%C3%89RAULT&", id="url"),
        pytest.param(base64.b64encode("nom=D'ARTAGNAN DE L'HÉRAULT;".encode()), id="base64-shifted"),
        pytest.param("D'ARTAGNAN DE L'HÉRAULT".encode().hex().upper().encode(), id="hex"),
        pytest.param(zipped("D'ARTAGNAN DE L'HÉRAULT".encode()), id="zip"),
        pytest.param(gzip.compress(zipped("D'ARTAGNAN DE L'HÉRAULT".encode())), id="zip-in-gzip"),
        pytest.param(pdf_stream("D'ARTAGNAN DE L'HÉRAULT".encode()), id="pdf-stream"),
    ],
)
def test_a_canary_is_found_in_every_disguise(data: bytes) -> None:
    assert CANARIES.found_in(data) == {"D'ARTAGNAN DE L'HÉRAULT"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not a zip", b"\x1f\x8bgarbage", b"275126322074973", b"ARTAGNAN"])
def test_other_data_are_left_alone(data: bytes) -> None:
    assert CANARIES.found_in(data) == frozenset()


@pytest.mark.parametrize("prefix", ["", "a", "ab"])
def test_a_matricule_is_found_in_base64_at_any_place(prefix: str) -> None:
    assert CANARIES.found_in(base64.b64encode(f"{prefix}275126322074974zz".encode())) == {"275126322074974"}
