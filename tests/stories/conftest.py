"""What the acceptance stories share: published test identities, a host that answers questions, the wire seen."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from segur_host import CheckedAsker, Host
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_sandbox.running import RunningSandbox
from segur_sdk.models.identity import Sex, Traits

PEOPLE = {
    "zoe": ("ADRUN", "ZOE", Sex.FEMALE, "1975-12-31", "63220"),
    "dominique": ("ADRTROIS", "DOMINIQUE", Sex.FEMALE, "1997-02-26", "2A020"),
    "toussaint": ("ADRTROIS", "TOUSSAINT", Sex.MALE, "1960-01-01", "2B020"),
    "michelangelo": ("NESSI", "MICHELANGELO ANTHONY", Sex.MALE, "2010-08-07", "63220"),
    "tchitchi": ("TCHITCHI", "OLA CATARINA BELLA", Sex.FEMALE, "1936-06-21", "63220"),
    "houilles": ("HOUILLES", "PIERRE PAUL JACQUES", Sex.MALE, "1993-01-27", "63220"),
    "leonardo": ("DE VINCI", "LEONARDO", Sex.MALE, "2014-02-01", "63220"),
    "nia": ("PROVISOIRE", "MATRICULE", Sex.MALE, "2009-07-01", "63220"),
    "hermann": ("HERMANN", "GATIEN", Sex.MALE, "1981-03-24", "63220"),
    "ecetinsi": ("ECETINSI", "PIERRE-ALAIN", Sex.MALE, "2009-07-14", "63220"),
    "coeur": ("D'AEION", "COEUR", Sex.MALE, "1987-01-25", "63220"),
}


@pytest.fixture(scope="session")
def person() -> Callable[..., Traits]:
    """Make the traits of a published test identity, some of them changed."""

    def make(who: str, **changes: Any) -> Traits:
        name, names, sex, born, place = PEOPLE[who]
        given = tuple(names.split())
        values = {
            "nom_naissance": name,
            "premier_prenom": given[0],
            "prenoms_naissance": given,
            "sexe": sex,
            "date_naissance": date.fromisoformat(born),
            "lieu_naissance": place,
        }
        return Traits.model_validate(values | changes)

    return make


@pytest.fixture
def answers() -> dict[str, str]:
    """Answers that the person at the counter gives, by code of the question."""
    return {"insi.sexe": "M"}


@pytest.fixture
def host(segur_config: HostConfig, answers: dict[str, str]) -> Iterator[Host]:
    """A host at whose counter somebody answers."""
    with Host(segur_config, asker=CheckedAsker(lambda question: answers.get(question.code))) as opened:
        yield opened


@pytest.fixture
def insi_calls(segur_sandbox: RunningSandbox) -> Callable[[], list[dict[str, Any]]]:
    """Return what INSi received since the test began."""
    return lambda: segur_sandbox.exchanges("insi")


@pytest.fixture
def pcsc_config(segur_pcsc_sandbox: RunningSandbox, tmp_path: Path) -> HostConfig:
    """Configuration of a host whose readers are those of a real pcscd alone, with data of its own for this test."""
    config = load_config(segur_pcsc_sandbox.config)
    memory = config.readers.memory.model_copy(update={"slots": ()})
    readers = config.readers.model_copy(update={"memory": memory})
    return config.model_copy(update={"data": tmp_path / "host", "readers": readers})


@pytest.fixture
def pcsc_host(pcsc_config: HostConfig, answers: dict[str, str]) -> Iterator[Host]:
    """A host with these readers, at whose counter somebody knows the PIN of his card, and what is sent of him."""
    answers.setdefault("token.pin", "1234")
    answers.setdefault("session.acknowledge", "oui")
    with Host(pcsc_config, asker=CheckedAsker(lambda question: answers.get(question.code))) as opened:
        yield opened
