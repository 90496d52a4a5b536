"""What the sandbox keeps of exchanges is whole, and is about published test identities alone."""

import html
import json
import re
from importlib.resources import files
from typing import Any, Final

import pytest

NAME: Final = re.compile(r"<(?:\w+:)?NomNaissance>([^<]+)<")
NUMBER: Final = re.compile(r"<(?:\w+:)?NumIdentifiant>([^<]+)<")
NOT_REGISTERED: Final = frozenset({"HOUILLES"})
"""Published for INSi's answer *none*."""


@pytest.mark.req("SC.SSI/GEN.05")
def test_only_published_identities_are_in_the_exchanges(morning: Any) -> None:
    register = json.loads(files("segur_sandbox").joinpath("published_people.json").read_bytes())["people"]
    numbers = {
        one["numero"]
        for person in register
        for one in (person.get("matricule"), *person.get("historique", ()))
        if one is not None
    }
    parts = [part for one in morning.exchanges for part in (one["request"], one["answer"])]
    text = "".join(part["body"] for part in parts)

    named = {html.unescape(name) for name in NAME.findall(text)}
    assert {"ADRTROIS", "D'ARTAGNAN DE L'HERAULT", "HOUILLES"} <= named
    assert named <= {person["nom_naissance"] for person in register} | NOT_REGISTERED
    found = set(NUMBER.findall(text))
    assert "160012B020777" in found
    assert found <= numbers
