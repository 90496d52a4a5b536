"""Whatever goes wrong at the sandbox's DMP: a stable reason, nothing lost, nothing taken twice."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from plugins.dmp.tests.at_the_sandbox import in_words, pharmacist, settled, zoe
from plugins.dmp.tests.scripted_dmp import draft

if TYPE_CHECKING:
    from segur_host import Host
    from segur_sandbox.running import RunningSandbox

OUT_OF_SHAPE = ("wrong_relates_to", "no_relates_to", "wrong_boundary", "truncated_mime", "empty_body", "oversize")
AFTER_THE_EFFECT: dict[str, tuple[dict[str, str], str]] = {
    **{one: ({"fault": "wrong_answer", "variant": one}, "dmp.answer_unreadable") for one in OUT_OF_SHAPE},
    "oversize": ({"fault": "wrong_answer", "variant": "oversize"}, "service.answer_too_large"),
    "answer lost": ({"fault": "answer_lost"}, "service.answer_lost"),
}
REFUSED: dict[str, tuple[str, str, str]] = {
    "busy": ("XDSRepositoryBusy", "waiting", "dmp.busy"),
    "metadata": ("XDSRegistryMetadataError", "rejected", "dmp.metadata_refused"),
    "patient": ("XDSPatientIdDoesNotMatch", "rejected", "dmp.patient_differs"),
    "closed": ("DMPClosed", "rejected", "dmp.closed"),
    "certificate": ("DMPInvalidCertificate", "waiting", "dmp.certificate_refused"),
    "rights": ("DMPAccessDeniedByRightsService", "rejected", "dmp.access_denied"),
}


@pytest.fixture
def counter(open_host: "Callable[..., Host]") -> tuple["Host", dict[str, Any]]:
    host = open_host(existence_test="never")
    author = pharmacist()
    return host, {"identity": zoe(host), "author": author, "validator": author}


def test_answer_that_cannot_be_read_is_found_out_about_and_nothing_is_fed_twice(
    counter: tuple["Host", dict[str, Any]], segur_sandbox: "RunningSandbox"
) -> None:
    host, who = counter
    segur_sandbox.dmp_settings(duplicates="accept")
    for name, (fault, code) in AFTER_THE_EFFECT.items():
        segur_sandbox.fault("dmp", operation="TD2.1", count=1, **fault)
        doubted = settled(host, draft(**who, title=f"Entretien {name}"))
        assert in_words(doubted) == ("in_doubt", [code]), name
        host.retry(doubted.id)
        host.outbox.run()
        assert in_words(host.outbox.show(doubted.id)) == ("sent", []), name
        assert doubted.prepared is not None
        assert len(segur_sandbox.dmp_documents(doubted.prepared.facts["document"])) == 1, name


def test_each_refusal_says_what_to_do_and_leaves_nothing_behind(
    counter: tuple["Host", dict[str, Any]], segur_sandbox: "RunningSandbox"
) -> None:
    host, who = counter
    for name, (variant, state, code) in REFUSED.items():
        segur_sandbox.fault("dmp", "wrong_answer", operation="TD2.1", count=1, variant=variant)
        refused = settled(host, draft(**who, title=f"Entretien {name}"))
        assert in_words(refused) == (state, [code]), name
        assert all(one.text and one.action for one in refused.reasons), name
    assert segur_sandbox.dmp_now()["entries"] == []
