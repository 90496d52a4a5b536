"""A document is prepared once: built, frozen, and shown as it would go out."""

from collections.abc import Callable
from typing import Any

import pytest

from plugins.dmp.tests.feeding_steps import BEFORE, PLUGIN, files, prepared
from plugins.dmp.tests.scripted_dmp import (
    Context,
    FileSigner,
    draft,
    identity,
)
from segur_plugin_dmp import mtom
from segur_sdk.errors import InputError, SegurError
from segur_sdk.formats.cda.reading import read_cda
from segur_sdk.models.actor import Session
from segur_sdk.models.document import PdfBody
from segur_sdk.models.identity import InsStatus
from segur_sdk.senders import Sender

MakeContext = Callable[..., Context]


def test_plugin_is_a_sender() -> None:
    assert isinstance(PLUGIN, Sender)


def test_preparing_reaches_no_network_and_signs_nothing(make_ctx: MakeContext, structure_signer: FileSigner) -> None:
    ctx = make_ctx()
    made = prepared(ctx)
    assert ctx.sent == []
    assert structure_signer.signed == []
    assert [one.name for one in made.parts] == ["document.xml"]
    assert (made.kind, made.effect_id, made.deduplicated) == ("dmp-feed", made.facts["set"], True)
    assert made.needs.keys == ("dmp-auth", "dmp-sign")


@pytest.mark.req("SC.DMP/HISTO.03")
def test_document_bears_the_moments_of_the_act_where_it_was_written(make_ctx: MakeContext) -> None:
    header = read_cda(prepared(make_ctx()).parts[0].data)
    assert header.made_at.text == "20260302080506+0100"
    assert header.validator is not None
    assert header.validator.at is not None
    assert header.validator.at.text == "20260302080000+0100"
    assert header.main_act is not None
    assert header.main_act.start is not None
    assert header.main_act.start.text == "20260302080000+0100"


@pytest.mark.parametrize(
    ("root", "expected"), [(None, "2.25."), ("1.2.250.1.999.7", "1.2.250.1.999.7.")], ids=["UUID", "own root"]
)
def test_identifiers_are_new_each_time_and_below_their_root(
    make_ctx: MakeContext, root: str | None, expected: str
) -> None:
    ctx = make_ctx(id_root=root)
    given = [prepared(ctx).facts[name] for name in ("set", "document", "signature") for _ in range(3)]
    assert len(set(given)) == len(given)
    assert all(one.startswith(expected) and len(one) <= 64 for one in given)


def test_new_version_keeps_its_set_and_counts_on(make_ctx: MakeContext) -> None:
    made = prepared(make_ctx(), draft(replaces=BEFORE))
    header = read_cda(made.parts[0].data)
    assert header.set_id is not None
    assert header.replaces is not None
    assert (header.set_id.root, header.version, header.replaces.root) == ("2.25.10", 2, "2.25.11")
    assert (header.id.root, made.facts["replaces"]) == (made.facts["document"], "2.25.11")


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no content": ({"content": None}, {}, "dmp.content_missing"),
    "not validated": ({"validation": None}, {}, "dmp.not_validated"),
    "unknown type": ({"document_type": "0-0"}, {}, "input.document_type_unknown"),
    "AIR": ({}, {"mode": "indirect_renforcee"}, "dmp.air_feeding"),
    "provisoire": ({"identity": identity(status=InsStatus.PROVISOIRE, matricule=None)}, {}, "identity.not_qualified"),
    "récupérée": ({"identity": identity(status=InsStatus.RECUPEREE)}, {}, "identity.not_qualified"),
    "not a PDF": ({"body": PdfBody(pdf=b"PK\x03\x04")}, {}, "input.pdf_header"),
}


@pytest.mark.parametrize(("changes", "settings", "code"), REFUSED.values(), ids=REFUSED)
@pytest.mark.req("SC.INS/va1.53")
def test_what_cannot_be_built_is_not_prepared(
    make_ctx: MakeContext, changes: dict[str, Any], settings: dict[str, Any], code: str
) -> None:
    with pytest.raises(SegurError) as caught:
        prepared(make_ctx(**settings), draft(**changes))
    assert caught.value.code == code


def test_document_beyond_the_size_of_a_message_is_not_prepared(make_ctx: MakeContext) -> None:
    big = draft(
        body=draft().content.body.model_copy(  # type: ignore[union-attr]
            update={
                "sections": tuple(
                    draft().content.body.sections[0].model_copy(update={"paragraphs": (f"{n} " + "mot " * 2500,) * 8})  # type: ignore[union-attr]
                    for n in range(100)
                )
            }
        )
    )
    with pytest.raises(InputError) as caught:
        prepared(make_ctx(max_message=1_000_000), big)
    assert caught.value.code in {"dmp.document_too_large", "input.document_too_long"}


def test_direct_mode_freezes_the_signature_that_only_the_card_makes(
    make_ctx: MakeContext, card_signer: FileSigner, by_card: Session
) -> None:
    ctx = make_ctx(signer=card_signer, session=by_card)
    made = prepared(ctx)
    assert [one.name for one in made.parts] == ["document.xml", "signature.xml"]
    assert len(card_signer.signed) == 1
    assert files(ctx, made)["signature.xml"] == made.parts[1].data
    assert (made.needs.card, made.needs.purpose) == ("3000000001", "dmp-cps")


def test_rehearsal_shows_every_file_and_the_message_holds_them(make_ctx: MakeContext) -> None:
    ctx = make_ctx()
    made = prepared(ctx)
    shown = files(ctx, made)
    assert set(shown) == {"document.xml", "metadata.xml", "signature.xml", "vihf.xml", "message.mime"}
    header, _, body = shown["message.mime"].partition(b"\r\n")
    received = mtom.read(header.decode().partition(": ")[2], body)
    assert list(received.attachments.values()) == [shown["document.xml"], shown["signature.xml"]]
    assert shown["metadata.xml"] in received.root
    assert shown["vihf.xml"] in received.root
    assert ctx.sent == []
