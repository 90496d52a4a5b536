import pytest
@pytest.mark.parametrize("day", ["plain","one_reading_per_insertion","insi_down","card_swapped","supplied"])
@pytest.mark.parametrize("assertion", ["none","sandbox"])
def test_try(counter, day, assertion):
    r = counter(day, vitale_assertion=assertion)
    print(r.acts); print(r.uneven); print(r.result["outcomes"], r.result["statuses"], r.result["states"], r.result["connects"], r.result["insertions"]); print(r.reckonings)
    print([ (a["plugin"],a["event"]) for a in r.result["audited"] if a["event"].startswith("broker")])
