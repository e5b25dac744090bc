"""Records refuse other settings and say which."""

import pytest

from training_aullm.files import check_record, write_whole


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


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "one")
    write_whole(tmp_path / "deep" / "a.txt", "two")
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "deep" / "a.txt", "\ud800")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]
    assert (tmp_path / "deep" / "a.txt").read_text() == "two"
