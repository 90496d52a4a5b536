"""``segur certificates order``, ``install`` and ``renew``: what a program or a person gives reaches the plugin."""

import base64
import json
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from segur_host import Host
from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.carrying_out import AtThisTerminal
from segur_host.verbs import VERBS
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services.structure_certificates import FormField, OrderProgress

Segur = Callable[..., tuple[int, str, str]]
ErrorOf = Callable[[str], dict[str, Any]]
Judge = dict[str, Any]
CSR = b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"


def progress(**changes: Any) -> OrderProgress:
    given: dict[str, Any] = {
        "use": "insi-auto",
        "step": 7,
        "title": "Envoi du formulaire",
        "to_do": ("Signez [le formulaire].",),
        "missing": (Notice(code="judge.case_number", text="Le numéro de dossier.", action="Attendez-le."),),
        "possible": ("acknowledged", "form_refused"),
        "form": (FormField(part="3.1", label="Raison sociale", value="PHARMACIE"),),
        "case_number": "2026-1",
        "expected_on": date(2026, 3, 5),
        "late": True,
    }
    return OrderProgress(**(given | changes))


def wanted(judge: Judge) -> Any:
    """Return the last request."""
    return judge["requests"][-1]


def test_an_order_is_begun_led_on_and_looked_at(judge: Judge, config: Path, segur: Segur, tmp_path: Path) -> None:
    judge["order"] = lambda *_: progress(csr=CSR, names=("INSI-AUTO",))
    begun = ("--box", "org", "--usage", "AUTH_CLI", "--service", "insi-auto")
    status, out, _ = segur(
        "certificates", "order", "insi-auto", *begun, "--csr", tmp_path / "a.csr", "--json", "--config", config
    )
    told = json.loads(out)
    assert status == 0
    assert (told["step"], told["csr"], told["names"], told["late"]) == (7, CSR.decode(), ["INSI-AUTO"], True)
    assert told["missing"] == [{"code": "judge.case_number", "text": "Le numéro de dossier.", "action": "Attendez-le."}]
    assert told["form"] == [{"part": "3.1", "label": "Raison sociale", "value": "PHARMACIE"}]
    assert (tmp_path / "a.csr").read_bytes() == CSR
    assert wanted(judge).product == {"box": "org", "usage": "AUTH_CLI", "service": "insi-auto"}
    done = json.dumps({"kind": "acknowledged", "case_number": "2026-1"}).encode()
    segur("certificates", "order", "insi-auto", "--action", "-", "--json", "--config", config, stdin=done)
    assert (wanted(judge).product, wanted(judge).action) == (None, json.loads(done))
    segur("certificates", "order", "insi-auto", "--json", "--config", config)
    assert (wanted(judge).product, wanted(judge).action) == (None, None)
    together = ("--preset", "spsti", "--under", "dmp-auth")
    segur("certificates", "order", "insi-auto", *together, "--json", "--config", config)
    assert wanted(judge).product == {"preset": "spsti", "under": "dmp-auth"}


def test_what_was_done_is_told_by_options(judge: Judge, config: Path, segur: Segur) -> None:
    judge["order"] = lambda *_: progress()
    given = ("--field", "administrator.name=A = B", "--field", "administrator.mail=a@b.invalid", "--field", "x=")
    status, *_ = segur(
        "certificates", "order", "insi-auto", "--done", "administrator_named", *given, "--config", config
    )
    assert status == 0
    assert wanted(judge).action == {
        "kind": "administrator_named",
        "administrator": {"name": "A = B", "mail": "a@b.invalid"},
        "x": "",
    }


def test_a_plugin_asks_for_what_is_missing_and_names_it_where_nobody_is_there(
    judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    def asks(_request: Any, ctx: Any) -> OrderProgress:
        try:
            return progress(title=ctx.ask(Question(code="judge.on", text="Date", pattern=".+")))
        except InputError as failure:
            if failure.code == "input.nobody_to_ask":
                ctx.show(Notice(code="judge.missing", text="Il manque : on."))
            raise

    judge["order"] = asks
    words = ("certificates", "order", "insi-auto", "--done", "form_sent", "--config", config)
    status, out, err = segur(*words)
    assert (status, out, "Il manque : on." in err) == (2, "", True)
    answers = tmp_path / "answers.json"
    answers.touch(mode=0o600)
    answers.write_text('{"judge.on": "2026-11-22"}')
    status, out, _ = segur(*words, "--answers", answers)
    assert (status, "2026-11-22" in out) == (0, True)


def test_people_read_what_to_do_and_what_to_write_in_the_form(judge: Judge, config: Path, segur: Segur) -> None:
    judge["order"] = lambda *_: progress(csr=CSR)
    told = " ".join(segur("certificates", "order", "insi-auto", "--config", config)[1].split())
    for text in (
        "Étape 7 sur 11 — Envoi du formulaire",
        "• Signez [le formulaire].",
        "• Le numéro de dossier. Attendez-le.",
        "Raison sociale",
        "Dossier : 2026-1",
        "Réponse attendue le 05/03/2026 : dépassé",
        "--csr",
        "• acknowledged",
    ):
        assert text in told
    judge["renew"] = lambda *_: progress(step=None, title="En service", missing=(), expected_on=None, form=())
    told = segur("certificates", "renew", "insi-auto", "--csr", config.with_name("a.csr"), "--config", config)[1]
    texts = ("Étape", "Il manque", "En service", "Aucune demande de certificat")
    assert [text in told for text in texts] == [False, False, True, True]
    assert not config.with_name("a.csr").exists()


REFUSED: dict[str, tuple[tuple[str, ...], bytes, str, int]] = {
    "action_not_json": (("order", "a", "--action", "-"), b"{", "input.json", 2),
    "action_no_object": (("order", "a", "--action", "-"), b"[]", "input.json", 2),
    "action_not_utf8": (("order", "a", "--action", "-"), b"\xff", "input.json", 2),
    "no_such_action": (("order", "a", "--action", "nowhere.json"), b"", "input.file", 2),
    "bad_use": (("order", "Not A Use"), b"", "input.verb", 2),
    "both_on_standard_input": (("order", "a", "--action", "-", "--answers", "-"), b"{}", "input.usage", 2),
    "answers_not_json": (("renew", "a", "--answers", "-"), b"nothing", "input.json", 2),
    "answers_no_texts": (("renew", "a", "--answers", "-"), b'{"x": 1}', "input.json", 2),
    "answers_endless": (("renew", "a", "--answers", "-"), b'"' + b"x" * 70_000 + b'"', "input.json", 2),
    "answers_nowhere": (("renew", "a", "--answers", "nowhere.json"), b"", "input.file", 2),
    "no_certificate": (("install", "a", "--file", "nowhere.pem"), b"", "input.file", 2),
    "no_use": (("order",), b"", "input.usage", 2),
}


@pytest.mark.parametrize(("words", "stdin", "code", "ends"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_understood_is_refused_before_the_plugin_is_asked(
    words: tuple[str, ...],
    stdin: bytes,
    code: str,
    ends: int,
    judge: Judge,
    config: Path,
    segur: Segur,
    error_of: ErrorOf,
) -> None:
    status, out, _ = segur("certificates", *words, "--json", "--config", config, stdin=stdin)
    assert (status, error_of(out)["code"]) == (ends, code)
    assert judge["requests"] == []


@pytest.mark.parametrize(("size", "wrong"), [(0, "empty"), (1_048_577, "too_large")], ids=["empty", "too_large"])
def test_a_file_that_can_be_no_certificate_is_refused(
    size: int, wrong: str, judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    (tmp_path / "file").write_bytes(b"0" * size)
    status, out, _ = segur("certificates", "install", "a", "--file", tmp_path / "file", "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (2, f"input.file_{wrong}")
    assert judge["requests"] == []


def test_a_certificate_goes_to_the_plugin_as_it_came(judge: Judge, config: Path, segur: Segur, tmp_path: Path) -> None:
    judge["install"] = lambda *_: progress(step=11, title="Bonnes pratiques")
    content = bytes(range(256)) * 40
    (tmp_path / "came.der").write_bytes(content)
    came = ("--file", tmp_path / "came.der")
    status, out, _ = segur("certificates", "install", "insi-auto", *came, "--json", "--config", config)
    assert (status, json.loads(out)["step"]) == (0, 11)
    assert (wanted(judge).use, wanted(judge).certificates) == ("insi-auto", content)


def asks(request: Any, ctx: Any) -> OrderProgress:
    code = ctx.ask(Question(code="judge.code", text="Code", pattern=".{4,}", secret=True))
    return progress(title=f"{len(code)} caractères")


def test_answers_are_given_beforehand_by_who_has_no_terminal(
    judge: Judge, config: Path, segur: Segur, tmp_path: Path, error_of: ErrorOf
) -> None:
    judge["order"] = asks
    words = ("certificates", "order", "insi-auto", "--json", "--config", config)
    status, out, _ = segur(*words)
    assert (status, error_of(out)["code"]) == (2, "input.nobody_to_ask")
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"judge.code": "hunter2"}))
    answers.chmod(0o600)
    status, out, err = segur(*words, "--answers", answers)
    assert (status, json.loads(out)["title"]) == (0, "7 caractères")
    assert "hunter2" not in out + err
    status, out, _ = segur(*words, "--answers", "-", stdin=b'{"judge.code": "0123"}')
    assert (status, json.loads(out)["title"]) == (0, "4 caractères")
    answers.chmod(0o600 | stat.S_IRGRP)
    status, out, _ = segur(*words, "--answers", answers)
    assert (status, error_of(out)["code"]) == (3, "config.secret_permissions")


def test_what_the_plugin_refuses_is_told_in_its_words(
    judge: Judge, config: Path, segur: Segur, error_of: ErrorOf
) -> None:
    def refuse(*_: object) -> None:
        raise InputError("judge.order_sent", lacking="contract")

    judge["order"] = refuse
    status, out, _ = segur("certificates", "order", "a", "--json", "--config", config)
    assert (status, error_of(out)["code"]) == (2, "judge.order_sent")


def test_base64_of_the_wire_is_refused_when_it_is_none(judge: Judge, config: Path) -> None:
    judge["install"] = lambda *_: progress()
    with Host(config) as host:
        with pytest.raises(InputError) as raised:
            VERBS["certificates.install"](host, {"use": "a", "content": "é"}, AtThisTerminal(NobodyToAsk()))
        assert raised.value.code == "input.verb"
        given = {"use": "a", "content": base64.b64encode(b"x").decode()}
        assert VERBS["certificates.install"](host, given, AtThisTerminal(NobodyToAsk()))["step"] == 7
