"""Nobody who was trained on is scored as unseen, whatever the two tables are called."""

import datasets
import pytest

from training_aullm.runs.scoring import refuse_shared_people


def people(*names: str) -> datasets.Dataset:
    split = [name.split("/") for name in names]
    return datasets.Dataset.from_dict({"data_set": [s[0] for s in split], "subject": [s[1] for s in split]})


def test_a_person_on_both_sides_is_named():
    with pytest.raises(ValueError, match=r"1 people .*casme2-like/s002"):
        refuse_shared_people(
            people("casme2-like/s001", "casme2-like/s002"), people("casme2-like/s002", "samm-like/s001")
        )


def test_the_same_name_in_another_data_set_is_another_person():
    refuse_shared_people(people("casme2-like/s001"), people("samm-like/s001"))
