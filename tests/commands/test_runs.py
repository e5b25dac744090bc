"""What a run is asked for: sources of clips, action units."""

import pytest

from training_aullm.prepare.sources import Source, default_action_units


@pytest.mark.parametrize("both", [{}, {"domain": "casme2-like", "data": "clips.parquet"}])
def test_a_source_is_one_of_two(both):
    with pytest.raises(ValueError, match="--domain"):
        Source(**both)


def test_a_missing_file_of_clips_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"clips\.parquet"):
        Source(data=str(tmp_path)).load()


def test_a_domain_brings_the_action_units_that_its_protocol_scores():
    assert default_action_units(Source("samm-like")) == ("AU2", "AU4", "AU7", "AU12")
