"""A CPS4 spoken to with raw APDUs: channel, selections, the two keys. Signatures are verified with openssl."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Cpx = Callable[[str], Callable[[str], str]]
Send = Callable[[str], str]
Openssl = Callable[..., str]

SELECT_CHIPDOC = "01 A4 04 0C 08 8025000001FF0100"
VERIFY = "01 20 00 01 04 31323334"
SIGN_WITH_SIG, SIGN_WITH_AUT = "01 22 81 B6 04 91022890", "01 22 81 B6 04 91022CA0"
DECIPHER_WITH_AUT = "01 22 41 B8 03 830120"
MESSAGE = b"ceci est un message"
DIGEST = hashlib.sha256(MESSAGE).hexdigest()
DIGEST_INFO = f"3031300d060960864801650304020105000420{DIGEST}"
PADDED = f"0001{'ff' * 202}00{DIGEST_INFO}"


@pytest.fixture
def send(cpx: Cpx) -> Send:
    """A CPS4 whose applet is selected and whose PIN is verified."""
    card = cpx("cps:pharmacist")
    assert [card(SELECT_CHIPDOC), card(VERIFY)] == ["9000", "9000"]
    return card


@pytest.fixture
def verified(openssl: Openssl, tmp_path: Path) -> Callable[..., str]:
    """Let openssl verify a signature over MESSAGE with the certificate in a file of the card."""

    def verify(send: Send, file: str, signature: str, *options: str) -> str:
        size = int(re.findall("8002(....)", send(f"01 A4 08 00 04 0001{file} 00"))[0], 16)
        der = b"".join(
            bytes.fromhex(send(f"01 B0 {at:04X} {min(0x80, size - at):02X}")[:-4]) for at in range(0, size, 0x80)
        )
        key = openssl("x509", "-inform", "der", "-noout", "-pubkey", given=der)
        (tmp_path / "key.pem").write_text(key)
        (tmp_path / "signature").write_bytes(bytes.fromhex(signature))
        arguments = ("-verify", tmp_path / "key.pem", *options, "-signature", tmp_path / "signature")
        return openssl("dgst", "-sha256", *arguments, given=MESSAGE).strip()

    return verify


@pytest.mark.parametrize(
    "command", [f"01 2A 9E 9A 20 {DIGEST} 00", f"01 2A 9E 9A 000020 {DIGEST} 0000"], ids=["short", "extended"]
)
def test_the_signature_key_signs_a_digest(send: Send, verified: Callable[..., str], command: str) -> None:
    assert send(SIGN_WITH_SIG) == "9000"
    answer = send(command)
    assert (len(answer), answer[-4:]) == (516, "9000")
    assert verified(send, "C010", answer[:-4]) == "Verified OK"
    assert "Verification failure" in verified(send, "C020", answer[:-4])


def test_the_authentication_key_signs_with_pss(send: Send, verified: Callable[..., str]) -> None:
    assert send(SIGN_WITH_AUT) == "9000"
    answer = send(f"01 2A 9E 9A 20 {DIGEST} 00")
    pss = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256")
    assert verified(send, "C020", answer[:-4], *pss) == "Verified OK"
    assert "Verification failure" in verified(send, "C020", answer[:-4])


CHAINS = {
    "two-short": (f"11 2A 80 86 FF {PADDED[:510]}", f"01 2A 80 86 01 {PADDED[510:]} 00"),
    "three-short": (
        f"11 2A 80 86 80 {PADDED[:256]}",
        f"11 2A 80 86 7F {PADDED[256:510]}",
        f"01 2A 80 86 01 {PADDED[510:]} 00",
    ),
    "one-extended": (f"01 2A 80 86 000100 {PADDED} 0000",),
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS.keys())
def test_the_authentication_key_deciphers_a_padded_block_which_makes_a_signature(
    send: Send, verified: Callable[..., str], chain: tuple[str, ...]
) -> None:
    assert send(DECIPHER_WITH_AUT) == "9000"
    *before, answer = [send(piece) for piece in chain]
    assert before == ["9000"] * (len(chain) - 1)
    assert verified(send, "C020", answer[:-4]) == "Verified OK"


ENVIRONMENTS = [
    ("01 22 81 B6 04 91022C90", "6A80", "pss-with-the-signature-key"),
    ("01 22 81 B6 04 910228A0", "6A80", "pkcs1-with-the-authentication-key"),
    ("01 22 41 B8 03 830110", "6A88", "decipher-with-the-signature-key"),
    ("01 22 81 B6 04 910228B0", "6A88", "unknown-key"),
    ("01 22 81 B6 04 91022810", "6A88", "key-without-its-bit"),
    ("01 22 81 B6 04 91021290", "6A80", "unknown-algorithm"),
    ("01 22 81 B6 03 910128", "6A80", "key-missing"),
    ("01 22 81 B6 06 800142840110", "6A80", "like-a-cps3"),
    ("01 22 41 B8 03 840120", "6A80", "decipher-like-a-cps3"),
    ("01 22 41 A4 06 800102840120", "6A86", "authentication-template"),
    ("01 22 41 B6 04 91022890", "6A86", "wrong-p1"),
    ("01 22 81 B6", "6700", "nothing"),
    ("01 22 81 B6 04 91022890 00", "6700", "answer-wanted"),
    ("01 88 00 00 33" + DIGEST_INFO + "00", "6D00", "internal-authenticate"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in ENVIRONMENTS], ids=[row[2] for row in ENVIRONMENTS])
def test_a_refused_environment_leaves_no_key_to_sign_with(send: Send, command: str, status: str) -> None:
    assert send(command) == status
    assert send(f"01 2A 9E 9A 20 {DIGEST} 00") == "6985"
    assert send(SIGN_WITH_SIG) == "9000"
    assert send(f"01 2A 9E 9A 20 {DIGEST} 00").endswith("9000")


def test_a_refused_environment_ends_the_one_before(send: Send) -> None:
    assert [send(SIGN_WITH_SIG), send("01 22 81 B6 04 91022C90")] == ["9000", "6A80"]
    assert send(f"01 2A 9E 9A 20 {DIGEST} 00") == "6985"


SIGNATURES = [
    ("01 2A 9E 9A 1F " + "00" * 31 + "00", "6700", "31-bytes"),
    ("01 2A 9E 9A 33 " + DIGEST_INFO + "00", "6700", "digest-info"),
    ("01 2A 9E 9A 00", "6700", "no-digest"),
    ("01 2A 9E 9A 20 " + DIGEST, "6700", "no-answer-wanted"),
    ("01 2A 9E 9A 20 " + DIGEST + "20", "6C00", "short-answer-wanted"),
    ("01 2A 9E 9B 20 " + DIGEST + "00", "6A86", "wrong-p2"),
    ("01 2A 90 A0 20 " + DIGEST, "6A86", "hash-on-card"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in SIGNATURES], ids=[row[2] for row in SIGNATURES])
def test_a_misshapen_signature_request_is_refused_and_a_right_one_follows(
    send: Send, command: str, status: str
) -> None:
    assert send(SIGN_WITH_SIG) == "9000"
    assert send(command) == status
    assert send(f"01 2A 9E 9A 20 {DIGEST} 00").endswith("9000")


DECIPHERS = [
    (f"01 2A 80 86 0000FF {PADDED[:510]} 0000", "6700", "255-bytes"),
    (f"01 2A 80 86 000101 81{PADDED} 0000", "6700", "padding-byte-of-a-cps3"),
    (f"01 2A 80 86 000100 {'ff' * 256} 0000", "6A80", "not-below-the-modulus"),
    (f"01 2A 80 86 000100 {PADDED}", "6700", "no-answer-wanted"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in DECIPHERS], ids=[row[2] for row in DECIPHERS])
def test_a_misshapen_block_is_not_deciphered(send: Send, command: str, status: str) -> None:
    assert send(DECIPHER_WITH_AUT) == "9000"
    assert send(command) == status
    assert send(CHAINS["one-extended"][0]).endswith("9000")


BROKEN_CHAINS = [
    ("01 A4 08 00 02 D003 00", "6883", "another-command"),
    (f"01 2A 9E 9A 20 {DIGEST} 00", "6883", "another-operation"),
    ("11 A4 08 00 02 D003", "6883", "another-chain"),
    ("11 2A 80 86", "6700", "an-empty-piece"),
    (f"11 2A 80 86 000200 {'00' * 512}", "6700", "too-much"),
]


@pytest.mark.parametrize(
    ("command", "status"), [row[:2] for row in BROKEN_CHAINS], ids=[row[2] for row in BROKEN_CHAINS]
)
def test_a_broken_chain_is_refused_and_forgotten(send: Send, command: str, status: str) -> None:
    assert send(DECIPHER_WITH_AUT) == "9000"
    first, last = CHAINS["two-short"]
    assert send(first) == "9000"
    assert send(command) == status
    assert send(last) == "6700"
    assert [send(first), send(last)[-4:]] == ["9000", "9000"]


def test_only_deciphering_can_be_chained(send: Send) -> None:
    assert send("11 A4 08 00 02 D003") == "6884"
    assert send("01 A4 08 00 02 D003 00").endswith("9000")


@pytest.mark.parametrize(
    ("environment", "operation"),
    [
        (SIGN_WITH_SIG, f"01 2A 9E 9A 20 {DIGEST} 00"),
        (SIGN_WITH_AUT, f"01 2A 9E 9A 20 {DIGEST} 00"),
        (DECIPHER_WITH_AUT, CHAINS["one-extended"][0]),
    ],
    ids=["sign", "sign-pss", "decipher"],
)
def test_a_key_needs_its_environment_and_the_pin(cpx: Cpx, environment: str, operation: str) -> None:
    send = cpx("cps:pharmacist")
    send(SELECT_CHIPDOC)
    assert send(operation) == "6985"
    assert [send(environment), send(operation)] == ["9000", "6982"]
    assert send(VERIFY) == "9000"
    assert send(operation).endswith("9000")


@pytest.mark.parametrize(
    ("environment", "operation"),
    [(SIGN_WITH_SIG, CHAINS["one-extended"][0]), (DECIPHER_WITH_AUT, f"01 2A 9E 9A 20 {DIGEST} 00")],
    ids=["signature-key-for-authentication", "authentication-key-for-signature"],
)
def test_an_environment_serves_its_own_operation_only(send: Send, environment: str, operation: str) -> None:
    assert send(environment) == "9000"
    assert send(operation) == "6985"


CLASSES = [
    ("00 A4 08 00 02 D003 00", "6E00", "basic-channel"),
    ("00 20 00 01", "6E00", "pin-on-the-basic-channel"),
    ("10 2A 80 86 01 00", "6E00", "chain-on-the-basic-channel"),
    ("02 A4 08 00 02 D003 00", "6881", "channel-2"),
    ("03 A4 08 00 02 D003 00", "6881", "channel-3"),
    ("04 A4 08 00 02 D003 00", "6E00", "secure-messaging"),
    ("80 CA 9F 7F 00", "6E00", "proprietary"),
    ("A0 A4 00 00 02 3F00", "6E00", "cps2ter"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in CLASSES], ids=[row[2] for row in CLASSES])
def test_another_class_is_refused_and_channel_1_goes_on(send: Send, command: str, status: str) -> None:
    assert send(command) == status
    assert send("01 A4 08 00 02 D003 00").endswith("9000")


def test_channel_1_is_open_once_the_applet_is_selected(cpx: Cpx) -> None:
    send = cpx("cps:pharmacist")
    assert send("01 A4 08 00 02 D003 00") == "6881"
    assert send("01 20 00 01") == "6881"
    assert send("01 A4 04 0C 0D E828BD080F8025000001FF0010") == "6A82"
    assert send(SELECT_CHIPDOC) == "9000"
    assert send("01 A4 04 0C 0D E828BD080F8025000001FF0010") == "9000"
    assert send("01 20 00 01") == "63C3"


def test_the_issuer_domain_takes_channel_1_and_the_cps2ter_applet_does_not(send: Send) -> None:
    assert send("00 A4 04 0C 08 8025000001FF0002") == "9000"
    assert send("01 20 00 01") == "63C3"
    assert send("01 A4 04 0C 07 A0000001510000") == "9000"
    assert send("01 20 00 01") == "6881"
    assert send(SELECT_CHIPDOC) == "9000"
    assert send("01 20 00 01") == "63C3"


SELECTIONS = [
    ("01 A4 08 00 02 D003 00", "6F0B8002000C8201018302D0039000", "path-from-the-root"),
    ("01 A4 08 04 02 D003 00", "6F0B8002000C8201018302D0039000", "with-p2-04"),
    ("01 A4 09 04 04 3F00D003 00", "6F0B8002000C8201018302D0039000", "whole-path"),
    ("01 A4 00 04 02 D003 00", "6F0B8002000C8201018302D0039000", "identifier-alone"),
    ("01 A4 02 04 02 D003 00", "6F0B8002000C8201018302D0039000", "file-of-the-folder"),
    ("01 A4 08 0C 02 D003", "9000", "no-answer-wanted"),
    ("01 A4 08 00 02 D003", "9000", "answer-not-fetched"),
    ("01 A4 08 00 02 0001 00", "6F1C82013883020001840DE828BD080F8025000001FF0010A1048C0201009000", "folder"),
    ("01 A4 04 00 08 8025000001FF0100 00", "6F1782013883023F0084088025000001FF0100A1048C0201009000", "applet"),
    ("01 A4 00 00 02 3F00 00", "6F1782013883023F0084088025000001FF0100A1048C0201009000", "root"),
    ("01 A4 08 00 02 D003 04", "6C0D", "short-answer"),
    ("01 A4 08 00 02 BEEF 00", "6A82", "unknown-file"),
    ("01 A4 08 00 04 0001BEEF 00", "6A82", "unknown-file-in-a-folder"),
    ("01 A4 08 00 04 D0030001 00", "6A82", "file-taken-for-a-folder"),
    ("01 A4 02 00 02 0001 00", "6A82", "folder-taken-for-a-file"),
    ("01 A4 04 00 08 8025000001FF0101 00", "6A82", "unknown-applet"),
    ("01 A4 08 00 03 D00300 00", "6700", "odd-path"),
    ("01 A4 08 00", "6700", "no-path"),
    ("01 A4 00 00 04 0001D120 00", "6700", "path-taken-for-an-identifier"),
    ("01 A4 03 00 02 D003 00", "6A86", "parent"),
    ("01 A4 08 08 02 D003 00", "6A86", "unknown-answer"),
    ("01 A4 08 00 0A D003 00", "6700", "length-beyond-the-end"),
]


@pytest.mark.parametrize(("command", "answer"), [row[:2] for row in SELECTIONS], ids=[row[2] for row in SELECTIONS])
def test_files_are_selected_as_iso_7816_4_says(cpx: Cpx, command: str, answer: str) -> None:
    send = cpx("cps:pharmacist")
    send(SELECT_CHIPDOC)
    assert send(command) == answer
    assert send("01 A4 08 00 04 00015031 00").endswith("9000")


def test_an_identifier_alone_is_looked_for_around_the_current_folder(send: Send) -> None:
    assert send("01 A4 00 0C 02 5031") == "6A82"
    assert send("01 A4 08 0C 02 0001") == "9000"
    for file in ("5031", "D003", "0001", "3F00"):
        assert send("01 A4 08 0C 02 0001") == "9000"
        assert send(f"01 A4 00 0C 02 {file}") == "9000", file
    assert send("01 A4 08 0C 04 00015031") == "9000"
    assert send("01 A4 09 0C 02 5032") == "9000"


READINGS = [
    ("01 B0 00 00 00", "5A0A802500000128009011009000", "everything"),
    ("01 B0 00 00 0000 00", "5A0A802500000128009011009000", "everything-extended"),
    ("01 B0 00 00 0C", "5A0A802500000128009011009000", "its-size"),
    ("01 B0 00 02 05", "80250000019000", "a-part"),
    ("01 B0 00 00 20", "5A0A802500000128009011006282", "more-than-there-is"),
    ("01 B0 00 0C 01", "6B00", "offset-at-the-end"),
    ("01 B0 7F FF 01", "6B00", "offset-far-away"),
    ("01 B0 82 00 00", "6A82", "short-identifier"),
    ("01 B0 00 00", "6700", "no-length"),
    ("01 B0 00 00 01 00", "6700", "data"),
]


@pytest.mark.parametrize(("command", "answer"), [row[:2] for row in READINGS], ids=[row[2] for row in READINGS])
def test_a_file_is_read_from_an_offset_to_its_end(send: Send, command: str, answer: str) -> None:
    assert send("01 A4 08 0C 02 D003") == "9000"
    assert send(command) == answer
    assert send("01 B0 00 00 02") == "5A0A9000"


def test_an_extended_length_reads_a_whole_certificate_at_once(send: Send) -> None:
    answer = send("01 A4 08 00 04 0001C010 00")
    size = int(re.findall("8002(....)", answer)[0], 16)
    whole = send("01 B0 00 00 0000 00")
    assert (len(whole) // 2 - 2, whole[:4], whole[-4:]) == (size, "3082", "9000")
    assert send("01 B0 00 00 00") == whole[:512] + "9000"


def test_nothing_is_read_before_a_selection_nor_after_that_of_a_folder(send: Send) -> None:
    assert send("01 B0 00 00 00") == "6986"
    send("01 A4 08 0C 02 D003")
    send("01 A4 08 0C 02 0001")
    assert send("01 B0 00 00 00") == "6986"


def test_a_failed_selection_keeps_the_file_before(send: Send) -> None:
    send("01 A4 08 0C 02 D003")
    assert send("01 A4 08 0C 02 BEEF") == "6A82"
    assert send("01 B0 00 00 02") == "5A0A9000"


UNKNOWN = ["01 D6 00 00 01 00", "01 CB 3F FF 0A 4D087006BF810102A080 00", "01 C0 00 00 00", "01 E2 00 00 01 00"]


@pytest.mark.parametrize("command", UNKNOWN)
def test_an_instruction_that_the_card_does_not_have_is_refused(send: Send, command: str) -> None:
    assert send(command) == "6D00"
    assert send("01 20 00 01") == "63C3"


@pytest.mark.parametrize("command", ["01 20 00", "01 B0 00 00 0000", "01 B0 00 00 0000 0000", "01 B0 00 00 0000 01 00"])
def test_a_command_of_no_known_shape_is_a_wrong_length(send: Send, command: str) -> None:
    assert send(command) == "6700"
    assert send("01 20 00 01") == "63C3"
