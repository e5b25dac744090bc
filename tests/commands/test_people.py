"""Nobody who was trained on is scored as unseen, whatever the two tables are called."""

import datasets
import pytest

from dataset_scripts.synthetic import load_synthetic
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


def test_people_of_another_seed_are_other_people(tmp_path):
    """Rendered people are counted from s000 with every seed, but they are not the same people."""
    trained, tested = (
        load_synthetic("casme2-like", 2, 2, 2, 64, seed, num_proc=1, cache_dir=tmp_path, progress=False)
        for seed in (500, 900)
    )
    refuse_shared_people(trained, tested)
    with pytest.raises(ValueError, match="2 people of these clips were trained on"):
        refuse_shared_people(trained, trained)
