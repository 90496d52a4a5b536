"""A card that is changed while nobody hears of it: what is read is what sits there now."""

import pytest

from segur_host.drivers.readers import ReadersInChild
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import CardError
from segur_testing.hosts import HostFactory


@pytest.mark.req("CARD-05")
def test_a_slot_is_read_as_it_is_though_nobody_told_of_its_change(
    segur_sandbox: RunningSandbox, segur_host_with: HostFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = segur_sandbox.readers[0]
    segur_sandbox.insert(reader, "family")
    host = segur_host_with("vitale", sandbox=segur_sandbox)
    monkeypatch.setattr(ReadersInChild, "_tell", lambda _self: None)
    first = host.read_card(reader)

    segur_sandbox.insert(reader, "single")
    second = host.read_card(reader)
    segur_sandbox.insert(reader, None)
    with pytest.raises(CardError) as refused:
        host.read_card(reader)

    assert (len(first.beneficiaries) > 1, len(second.beneficiaries)) == (True, 1)
    assert first.presence != second.presence
    assert refused.value.code == "card.absent"
