"""A CPS3 spoken to with raw APDUs: T=0 answers, selections, the two keys. Signatures are verified with openssl."""

import hashlib
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

Cpx = Callable[[str], Callable[[str], str]]
Send = Callable[[str], str]
Openssl = Callable[..., str]

VERIFY = "00 20 00 01 04 31323334"
SIGN_WITH_SIG, AUTHENTICATE_WITH_AUT = "00 22 41 B6 06 800142 840110", "00 22 41 A4 06 800102 840120"
HASH, DECIPHER_WITH_AUT = "00 22 41 AA 03 800140", "00 22 41 B8 06 80011A 840120"
MESSAGE = b"ceci est un message"
DIGEST = hashlib.sha256(MESSAGE).hexdigest()
DIGEST_INFO = f"3031300d060960864801650304020105000420{DIGEST}"


@pytest.fixture
def send(cpx: Cpx) -> Send:
    """A CPS3 whose PIN is verified."""
    card = cpx("cps:pharmacist-cps3")
    assert card(VERIFY) == "9000"
    return card


def _whole(send: Send, answer: str) -> str:
    """Fetch what waits, as a T=0 reader does; the data alone."""
    data = ""
    while answer[-4:-2] == "61":
        data += answer[:-4]
        answer = send(f"00 C0 00 00 {answer[-2:]}")
    assert answer.endswith("9000")
    return data + answer[:-4]


@pytest.fixture
def verified(openssl: Openssl, tmp_path: Path) -> Callable[..., str]:
    """Let openssl verify a signature over a message with the certificate in a file of the card."""

    def verify(send: Send, file: str, signature: str, message: bytes = MESSAGE) -> str:
        size = int(re.findall("8002(....)", _whole(send, send(f"00 A4 09 04 06 3F000001{file}")))[0], 16)
        der = b"".join(
            bytes.fromhex(send(f"00 B0 {at:04X} {min(0x80, size - at):02X}")[:-4]) for at in range(0, size, 0x80)
        )
        key = openssl("x509", "-inform", "der", "-noout", "-pubkey", given=der)
        (tmp_path / "key.pem").write_text(key)
        (tmp_path / "signature").write_bytes(bytes.fromhex(signature))
        arguments = ("-verify", tmp_path / "key.pem", "-signature", tmp_path / "signature")
        return openssl("dgst", "-sha256", *arguments, given=message).strip()

    return verify


def test_the_signature_key_signs_a_digest(send: Send, verified: Callable[..., str]) -> None:
    assert send(SIGN_WITH_SIG) == "9000"
    answer = send(f"00 2A 9E 9A 20 {DIGEST}")
    assert answer == "6100"
    signature = _whole(send, answer)
    assert len(signature) == 512
    assert verified(send, "C010", signature) == "Verified OK"
    assert "Verification failure" in verified(send, "C020", signature)


def test_the_authentication_key_signs_what_internal_authenticate_gives_it(
    send: Send, verified: Callable[..., str]
) -> None:
    assert send(AUTHENTICATE_WITH_AUT) == "9000"
    signature = _whole(send, send(f"00 88 00 00 33 {DIGEST_INFO}"))
    assert verified(send, "C020", signature) == "Verified OK"
    assert "Verification failure" in verified(send, "C010", signature)


def test_a_short_message_is_hashed_by_the_card(send: Send, verified: Callable[..., str]) -> None:
    for command in (HASH, f"00 2A 90 A0 17 9000 8013 {MESSAGE.hex()}", SIGN_WITH_SIG):
        assert send(command) == "9000"
    assert verified(send, "C010", _whole(send, send("00 2A 9E 9A 00"))) == "Verified OK"
    assert send("00 2A 9E 9A 00") == "6985"


INTERMEDIATE = "eac1afff7e2fe3745215a1576aea3c451df0539e97f91d40f96170a75b4dc721"
"""The eight words of SHA-256 once OpenSSL's SHA256_Update has taken 128 letters a."""


@pytest.mark.parametrize("rest", [1, 55, 56, 63, 64])
def test_a_card_goes_on_where_the_terminal_stopped_hashing(send: Send, verified: Callable[..., str], rest: int) -> None:
    message = b"a" * (128 + rest)
    last = message[128:].hex()
    command = f"90 28 {INTERMEDIATE} {1024:016X} 80 {rest:02X} {last}".replace(" ", "")
    for each in (HASH, f"00 2A 90 A0 {len(command) // 2:02X} {command}", SIGN_WITH_SIG):
        assert send(each) == "9000"
    assert verified(send, "C010", _whole(send, send("00 2A 9E 9A 00")), message) == "Verified OK"


HASHES = [
    (f"00 2A 90 A0 2C 9028 {INTERMEDIATE} 0000000000000208 800161 00", "6700", "wrong-length"),
    (f"00 2A 90 A0 2D 9028 {INTERMEDIATE} 0000000000000208 800161", "6A80", "count-of-no-whole-blocks"),
    (f"00 2A 90 A0 25 9020 {INTERMEDIATE} 800161", "6A80", "no-count"),
    ("00 2A 90 A0 04 9000 8000", "6A80", "nothing-left-to-hash"),
    (f"00 2A 90 A0 45 9000 8041 {'61' * 65}", "6A80", "more-than-a-block"),
    ("00 2A 90 A0 06 9000 8003 6161", "6A80", "cut-block"),
    ("00 2A 90 A0 03 800161", "6A80", "no-state"),
    ("00 2A 90 A0 02 9000", "6A80", "no-block"),
    ("00 2A 90 A0 01 90", "6A80", "one-byte"),
    ("00 2A 90 A0", "6A80", "nothing"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in HASHES], ids=[row[2] for row in HASHES])
def test_a_misshapen_hash_is_refused_and_leaves_nothing_to_sign(send: Send, command: str, status: str) -> None:
    assert [send(HASH), send(SIGN_WITH_SIG)] == ["9000", "9000"]
    assert send(command) == status
    assert send("00 2A 9E 9A 00") == "6985"
    assert [send("00 2A 90 A0 05 9000 800161"), send("00 2A 9E 9A 00")] == ["9000", "6100"]


def test_a_hash_needs_its_environment(send: Send) -> None:
    assert send("00 2A 90 A0 05 9000 800161") == "6985"
    assert [send(HASH), send("00 2A 90 A0 05 9000 800161")] == ["9000", "9000"]


def test_the_authentication_key_deciphers(send: Send, openssl: Openssl, tmp_path: Path) -> None:
    size = int(re.findall("8002(....)", _whole(send, send("00 A4 09 04 06 3F000001C020")))[0], 16)
    parts = (send(f"00 B0 {at:04X} {min(0x80, size - at):02X}")[:-4] for at in range(0, size, 0x80))
    (tmp_path / "aut.der").write_bytes(bytes.fromhex("".join(parts)))
    (tmp_path / "plain").write_bytes(b"secret")
    arguments = ("-certin", "-inkey", tmp_path / "aut.der", "-keyform", "der", "-in", tmp_path / "plain")
    shown = openssl("pkeyutl", "-encrypt", *arguments, "-out", tmp_path / "cryptogram")
    cryptogram = (tmp_path / "cryptogram").read_bytes().hex()
    assert len(cryptogram) == 512, shown
    assert send(DECIPHER_WITH_AUT) == "9000"
    assert send(f"10 2A 80 86 FF 81 {cryptogram[:508]}") == "9000"
    assert _whole(send, send(f"00 2A 80 86 02 {cryptogram[508:]}")) == b"secret".hex().upper()


def _decipher(send: Send, block: str) -> str:
    assert send(f"10 2A 80 86 FF {block[:510]}") == "9000"
    return send(f"00 2A 80 86 {len(block[510:]) // 2:02X} {block[510:]}")


DECIPHERS = [
    (f"81 {'00' * 256}", "6A80", "no-padding-inside"),
    (f"81 {'ff' * 256}", "6A80", "not-below-the-modulus"),
    (f"80 {'00' * 256}", "6A80", "another-padding-byte"),
    (f"81 {'00' * 255}", "6700", "255-bytes"),
    (f"81 {'00' * 257}", "6700", "257-bytes"),
]


@pytest.mark.parametrize(("block", "status"), [row[:2] for row in DECIPHERS], ids=[row[2] for row in DECIPHERS])
def test_a_misshapen_cryptogram_is_not_deciphered(send: Send, block: str, status: str) -> None:
    assert send(DECIPHER_WITH_AUT) == "9000"
    assert _decipher(send, block.replace(" ", "")) == status


ENVIRONMENTS = [
    ("00 22 41 B6 06 800142 840120", "6A80", "authentication-key-for-signature"),
    ("00 22 41 A4 06 800102 840110", "6A80", "signature-key-for-authentication"),
    ("00 22 41 B8 06 80011A 840110", "6A80", "signature-key-for-deciphering"),
    ("00 22 41 B6 06 800142 840130", "6A88", "unknown-key"),
    ("00 22 41 B6 06 800112 840110", "6A80", "unknown-algorithm"),
    ("00 22 41 B6 03 800142", "6A88", "no-key"),
    ("00 22 41 B6 03 840110", "6A80", "no-algorithm"),
    ("00 22 41 AA 03 800110", "6A80", "another-hash"),
    ("00 22 81 B6 04 91022890", "6A86", "like-a-cps4"),
    ("00 22 41 B4 03 800142", "6A86", "unknown-template"),
    ("00 22 F2 01", "6700", "restore"),
    ("00 22 41 B6", "6700", "nothing"),
    ("00 22 41 B6 06 800142 840110 00", "6700", "answer-wanted"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in ENVIRONMENTS], ids=[row[2] for row in ENVIRONMENTS])
def test_a_refused_environment_leaves_no_key_to_use(send: Send, command: str, status: str) -> None:
    assert send(command) == status
    assert send(f"00 2A 9E 9A 20 {DIGEST}") == "6985"
    assert send(f"00 88 00 00 33 {DIGEST_INFO}") == "6985"
    assert [send(SIGN_WITH_SIG), send(f"00 2A 9E 9A 20 {DIGEST}")] == ["9000", "6100"]


def test_a_refused_environment_ends_the_one_before(send: Send) -> None:
    assert [send(SIGN_WITH_SIG), send(ENVIRONMENTS[0][0])] == ["9000", "6A80"]
    assert send(f"00 2A 9E 9A 20 {DIGEST}") == "6985"


@pytest.mark.parametrize(
    ("environment", "operation"),
    [(SIGN_WITH_SIG, f"00 2A 9E 9A 20 {DIGEST}"), (AUTHENTICATE_WITH_AUT, f"00 88 00 00 33 {DIGEST_INFO}")],
    ids=["sign", "authenticate"],
)
def test_a_key_needs_its_environment_and_the_pin(cpx: Cpx, environment: str, operation: str) -> None:
    send = cpx("cps:pharmacist-cps3")
    assert send(operation) == "6985"
    assert [send(environment), send(operation)] == ["9000", "6982"]
    assert [send(VERIFY), send(operation)] == ["9000", "6100"]


def test_deciphering_needs_its_environment_and_the_pin(cpx: Cpx) -> None:
    send, block = cpx("cps:pharmacist-cps3"), "81" + "00" * 256
    assert _decipher(send, block) == "6985"
    assert [send(DECIPHER_WITH_AUT), _decipher(send, block)] == ["9000", "6982"]
    assert [send(VERIFY), _decipher(send, block)] == ["9000", "6A80"]


@pytest.mark.parametrize(
    ("environment", "operation"),
    [(SIGN_WITH_SIG, f"00 88 00 00 33 {DIGEST_INFO}"), (AUTHENTICATE_WITH_AUT, f"00 2A 9E 9A 20 {DIGEST}")],
    ids=["signature-key-for-authentication", "authentication-key-for-signature"],
)
def test_an_environment_serves_its_own_operation_only(send: Send, environment: str, operation: str) -> None:
    assert send(environment) == "9000"
    assert send(operation) == "6985"


OPERATIONS = [
    (SIGN_WITH_SIG, "00 2A 9E 9A 1F " + "00" * 31, "6700", "31-bytes"),
    (SIGN_WITH_SIG, f"00 2A 9E 9A 33 {DIGEST_INFO}", "6700", "digest-info"),
    (SIGN_WITH_SIG, "00 2A 9E 9A 00", "6985", "nothing-hashed"),
    (SIGN_WITH_SIG, f"00 2A 9E 9B 20 {DIGEST}", "6A86", "wrong-p2"),
    (AUTHENTICATE_WITH_AUT, "00 88 00 00 67 " + "00" * 103, "6700", "above-40-percent"),
    (AUTHENTICATE_WITH_AUT, "00 88 00 00", "6700", "nothing"),
    (AUTHENTICATE_WITH_AUT, f"00 88 01 00 33 {DIGEST_INFO}", "6A86", "wrong-p1"),
]


@pytest.mark.parametrize(
    ("environment", "command", "status"), [row[:3] for row in OPERATIONS], ids=[row[3] for row in OPERATIONS]
)
def test_a_misshapen_operation_is_refused_and_a_right_one_follows(
    send: Send, environment: str, command: str, status: str
) -> None:
    right = f"00 2A 9E 9A 20 {DIGEST}" if environment == SIGN_WITH_SIG else "00 88 00 00 66 " + "5A" * 102
    assert send(environment) == "9000"
    assert send(command) == status
    assert send(right) == "6100"


def test_what_a_command_brings_back_waits_for_get_response(send: Send) -> None:
    assert send("00 A4 09 04 04 3F00D003") == "610D"
    assert send("00 C0 00 00 04") == "6F0B80026109"
    assert send("00 C0 00 00 0A") == "6C09"
    assert send("00 C0 00 00 09") == "000C8201018302D0039000"
    assert send("00 C0 00 00 09") == "6985"


GET_RESPONSES = [("00 C0 00 00", "6700"), ("00 C0 00 01 0D", "6A86"), ("00 C0 00 00 01 00", "6700")]


@pytest.mark.parametrize(("command", "status"), GET_RESPONSES, ids=["no-length", "wrong-p2", "data"])
def test_a_misshapen_get_response_leaves_the_answer_waiting(send: Send, command: str, status: str) -> None:
    assert send("00 A4 09 04 04 3F00D003") == "610D"
    assert send(command) == status
    assert send("00 C0 00 00 00").endswith("9000")


def test_another_command_drops_the_answer_that_waits(send: Send) -> None:
    assert send("00 A4 09 04 04 3F00D003") == "610D"
    assert send("00 B0 00 00 02") == "5A0A9000"
    assert send("00 C0 00 00 0D") == "6985"


def test_an_answer_of_256_bytes_comes_at_once_or_in_parts(send: Send) -> None:
    send(SIGN_WITH_SIG)
    assert send(f"00 2A 9E 9A 20 {DIGEST}") == "6100"
    whole = send("00 C0 00 00 00")
    assert (len(whole), whole[-4:]) == (516, "9000")
    assert send(f"00 2A 9E 9A 20 {DIGEST}") == "6100"
    first, last = send("00 C0 00 00 E7"), send("00 C0 00 00 19")
    assert (first[-4:], first[:-4] + last) == ("6119", whole)


SELECTIONS = [
    ("00 A4 09 04 04 3F00D003", "6F0B8002000C8201018302D0039000", "path-from-3F00"),
    ("00 A4 09 04 04 3F00D003 00", "6F0B8002000C8201018302D0039000", "le-is-the-readers-affair"),
    ("00 A4 08 04 02 D003", "6F0B8002000C8201018302D0039000", "path-from-the-root"),
    ("00 A4 00 00 02 D003", "6F0B8002000C8201018302D0039000", "identifier-alone"),
    (
        "00 A4 04 04 0D E828BD080F8025000001FF0010",
        "6F1C82013883020001840DE828BD080F8025000001FF0010A1048C0201009000",
        "aid",
    ),
    ("00 A4 09 04 02 3F00", "6F0D82013883023F00A1048C0201009000", "root"),
    ("00 A4 09 0C 04 3F00D003", "9000", "no-answer-wanted"),
    ("00 A4 09 04 04 3F00BEEF", "6A82", "unknown-file"),
    ("00 A4 09 04 06 3F0000010002", "6A82", "unknown-file-in-a-folder"),
    ("00 A4 04 04 08 8025000001FF0100", "6A82", "applet-of-a-cps4"),
    ("00 A4 04 04", "6A82", "no-name"),
    ("00 A4 09 04 03 3F00D0", "6700", "odd-path"),
    ("00 A4 09 02 04 3F00D003", "6A86", "unknown-answer"),
    ("00 A4 01 04 02 0001", "6A86", "unknown-selection"),
]


@pytest.mark.parametrize(("command", "answer"), [row[:2] for row in SELECTIONS], ids=[row[2] for row in SELECTIONS])
def test_files_are_selected_as_iso_7816_4_says(cpx: Cpx, command: str, answer: str) -> None:
    send = cpx("cps:pharmacist-cps3")
    given = send(command)
    assert (_whole(send, given) + "9000" if given.startswith("61") else given) == answer
    assert send("00 A4 09 0C 06 3F0000015031") == "9000"


READINGS = [
    ("00 B0 00 00 0C", "5A0A802500000128009012009000", "its-size"),
    ("00 B0 00 00 00", "6C0C", "more-than-there-is"),
    ("00 B0 00 08 0C", "6C04", "beyond-the-end"),
    ("00 B0 00 0C 01", "6B00", "offset-at-the-end"),
    ("00 B0 82 00 0C", "6A82", "short-identifier"),
    ("00 B0 00 00", "6700", "no-length"),
    ("00 B0 00 00 0000 00", "6700", "extended"),
]


@pytest.mark.parametrize(("command", "answer"), [row[:2] for row in READINGS], ids=[row[2] for row in READINGS])
def test_a_file_is_read_with_exact_lengths(send: Send, command: str, answer: str) -> None:
    assert send("00 A4 09 0C 04 3F00D003") == "9000"
    assert send(command) == answer
    assert send("00 B0 00 02 05") == "80250000019000"


CLASSES = ["01 A4 09 0C 04 3F00D003", "80 CA 9F 7F 00", "A0 A4 00 00 02 3F00", "04 20 00 01", "11 2A 80 86 01 00"]


@pytest.mark.parametrize("command", CLASSES)
def test_another_class_is_refused(send: Send, command: str) -> None:
    assert send(command) == "6E00"
    assert send("00 A4 09 0C 04 3F00D003") == "9000"


def test_a_broken_chain_is_refused_and_forgotten(send: Send) -> None:
    assert send(DECIPHER_WITH_AUT) == "9000"
    assert send(f"10 2A 80 86 FF {'81' + '00' * 254}") == "9000"
    assert send("00 20 00 01") == "6883"
    assert send("00 2A 80 86 02 0000") == "6700"
    assert send("10 20 00 01") == "6884"
    assert send("00 20 00 01") == "9000"


@pytest.mark.parametrize("command", ["00 D6 00 00 01 00", "00 CA 9F 7F 00", "00 84 00 00 08"])
def test_an_instruction_that_the_card_does_not_have_is_refused(send: Send, command: str) -> None:
    assert send(command) == "6D00"
    assert send("00 20 00 01") == "9000"


def test_a_key_signs_the_same_after_another_card_was_in_the_reader(cpx: Cpx) -> None:
    digest, signatures = secrets.token_hex(32), []
    for name in ("cps:pharmacist-cps3", "cps:physician", "cps:pharmacist-cps3"):
        send = cpx(name)
        if name != "cps:physician":
            assert [send(VERIFY), send(SIGN_WITH_SIG), send(f"00 2A 9E 9A 20 {digest}")][-1] == "6100"
            signatures.append(send("00 C0 00 00 00"))
    assert signatures[0] == signatures[1]
