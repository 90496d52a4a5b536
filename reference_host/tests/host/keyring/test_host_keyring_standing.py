"""Where keys stand: whatever is done in whatever order, each stands in one place, and what serves is what was said."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from segur_host.keyring.standing import Standing, is_key_name


class Following(RuleBasedStateMachine):
    """Changes of one use as an administrator makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count(1)
        self.standing = Standing()
        self.made: set[str] = set()
        self.configured = False

    @rule()
    def configure(self) -> None:
        """The administrator names a file for the use."""
        self.configured = True

    @rule(found=st.booleans())
    def make(self, found: bool) -> None:
        key = f"{next(self.numbers):016x}"
        self.made.add(key)
        self.standing = self.standing.with_found(key) if found else self.standing.with_new(key)
        assert (self.standing.found[-1] if found else self.standing.awaiting[0]) == key

    @precondition(lambda self: self.standing.waiting)
    @rule(data=st.data())
    def install(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.standing.waiting))
        before = self.standing.serving
        self.standing = self.standing.installed(key, configured=self.configured)
        assert (self.standing.serving, self.standing.returned) == (key, False)
        if before is not None or self.configured:
            assert self.standing.before(configured=self.configured)[0] == before

    @precondition(lambda self: self.standing.before(configured=self.configured))
    @rule()
    def take_back(self) -> None:
        served, before = self.standing.serving, self.standing.before(configured=self.configured)
        self.standing = self.standing.taken_back(configured=self.configured)
        assert (self.standing.serving, self.standing.returned) == (before[0], True)
        assert served is None or served in self.standing.aside

    @precondition(lambda self: self.standing.found)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.standing.found))
        self.standing = self.standing.claimed(key)
        assert key in self.standing.awaiting

    @precondition(lambda self: self.standing.awaiting)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        before = self.standing
        key = data.draw(st.sampled_from(before.awaiting))
        self.standing = before.dropped(key)
        assert set(before.waiting) - set(self.standing.waiting) == {key}

    @rule()
    def retire(self) -> None:
        self.standing = self.standing.without_former()
        assert not self.standing.before(configured=True)

    @invariant()
    def every_key_stands_in_one_place(self) -> None:
        assert Standing.read(self.standing.written()) == self.standing
        assert self.standing.kept | set(self.standing.condemned) == self.made
        assert not self.standing.kept & set(self.standing.condemned)


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_garbage_is_no_standing(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^"):
        Standing.read(content)


WRONG = {
    "of_another_version": b'"version": 2',
    "key_twice": b'"aside": ["00000000000000aa"]',
    "name_of_a_path": b'"serving": "../../../etc"',
    "number": b'"serving": 7',
    "text_for_a_list": b'"former": "00000000000000ab"',
    "text_for_a_truth": b'"returned": "yes"',
    "list_in_a_list": b'"awaiting": [["00000000000000ab"]]',
    "object_in_a_list": b'"former": [{}]',
    "much_in_a_list": b'"found": ' + b"[" * 3000 + b"]" * 3000,
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_standing_that_could_not_be_is_refused(change: bytes) -> None:
    good = Standing(serving="00000000000000aa").written()
    assert Standing.read(good).serving == "00000000000000aa"
    name = change.partition(b":")[0]
    lines = [b" " + change if line.lstrip().startswith(name) else line.rstrip(b",") for line in good.splitlines()[1:-1]]
    with pytest.raises(ValueError, match=r"^"):
        Standing.read(b"{" + b",".join(lines) + b"}")


@pytest.mark.parametrize("name", ["", "..", "00000000000000AA", "00000000000000aa\n", "00000000000000aag", None, 7])
def test_other_names_are_not_those_of_keys(name: object) -> None:
    assert not is_key_name(name)
