"""Records refuse other settings and say which."""

import pytest

from training_aullm.files import check_record, recorded


def test_equal_settings_pass_and_others_are_named(tmp_path):
    settings = {"seed": 1, "units": ("AU1", "AU4"), "rate": 0.1}
    check_record(tmp_path / "a" / "made.json", settings, "delete it")
    check_record(tmp_path / "a" / "made.json", settings, "delete it")
    with pytest.raises(ValueError, match=r"seed: 1, now 2\): delete it"):
        check_record(tmp_path / "a" / "made.json", settings | {"seed": 2}, "delete it")
    with pytest.raises(ValueError, match=r"recipe\.model\.width: null, now 3"):
        check_record(tmp_path / "a" / "made.json", settings | {"recipe": {"model": {"width": 3}}}, "delete it")
    with pytest.raises(ValueError, match="extra: null, now true"):
        check_record(tmp_path / "a" / "made.json", settings | {"extra": True}, "delete it")


@pytest.mark.parametrize("made", [False, True])
def test_the_record_of_work_that_failed_stays_only_where_something_was_made(tmp_path, made):
    path = tmp_path / "made.json"
    with pytest.raises(ValueError, match="refused"), recorded(path, {"layers": 100}, "delete it"):
        (tmp_path / "fold").mkdir() if made else None
        raise ValueError("refused")
    assert path.exists() == made
