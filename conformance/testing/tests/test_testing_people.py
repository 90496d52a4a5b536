"""The people of tests are those that INSi publishes, each with a whole identity."""

import pytest

from segur_testing.people import published, published_people


def test_every_published_person_with_a_birthplace_is_there_once() -> None:
    names = [(one.nom_naissance, one.premier_prenom) for one in published_people()]

    assert len(names) == len(set(names)) == 12
    assert ("ADRTROIS", "DOMINIQUE") in names


def test_a_person_is_found_by_name() -> None:
    found = published("CORSE", "ANTHONY")

    assert (found.date_naissance.isoformat(), found.lieu_naissance, found.sexe) == ("1980-03-02", "2B020", "M")


def test_nobody_else_is_made_up() -> None:
    with pytest.raises(StopIteration):
        published("DUPONT", "JEAN")
