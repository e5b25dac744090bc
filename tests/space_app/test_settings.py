"""Which model is loaded, and what is refused before it is."""

import json

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def settings(monkeypatch, tmp_path):
    import settings

    monkeypatch.delenv("AULLM_MODEL", raising=False)
    monkeypatch.delenv("AULLM_REVISION", raising=False)
    monkeypatch.setattr(settings, "PINNED", tmp_path / "model.json")
    return settings


def test_a_hub_model_must_be_pinned_to_a_commit(settings):
    assert settings.Settings("someone/model", COMMIT).revision == COMMIT
    for loose in (None, "main", COMMIT[:7]):
        with pytest.raises(ValueError, match="pin it to a commit"):
            settings.Settings("someone/model", loose)


def test_a_folder_needs_no_revision(settings, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert settings.Settings(str(tmp_path)).is_folder


def test_arguments_then_environment_then_the_published_file(settings, monkeypatch):
    settings.PINNED.write_text(json.dumps({"model": "published/model", "revision": COMMIT}))
    assert settings.Settings.from_environment().model == "published/model"
    monkeypatch.setenv("AULLM_MODEL", "environment/model")
    with pytest.raises(ValueError, match="environment/model"):
        settings.Settings.from_environment()  # the file's commit belongs to the file's model
    monkeypatch.setenv("AULLM_REVISION", COMMIT[::-1])
    assert settings.Settings.from_environment().revision == COMMIT[::-1]
    assert settings.Settings.from_environment("argument/model", COMMIT).model == "argument/model"


def test_without_any_model_it_is_the_one_that_comes_along(settings):
    found = settings.Settings.from_environment()
    assert found.comes_along and not found.is_folder and found.revision is None


def test_where_none_comes_along_it_says_what_to_set(settings, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", False)
    with pytest.raises(ValueError, match="pin it to a commit"):
        settings.Settings("release")
    with pytest.raises(ValueError, match="--model FOLDER, set AULLM_MODEL"):
        settings.Settings.from_environment()


def test_limits_are_above_zero(settings, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="max_seconds must be above zero, got 0"):
        settings.Settings(str(tmp_path), max_seconds=0)
