"""A run that was killed while its model was written is finished by the same command; a finished one is left alone."""

import pytest

from tests.training_aullm.clip_tables import clip_row, states, table_of
from training_aullm.prepare.sources import Source
from training_aullm.runs import training
from training_aullm.runs.settings import RunSettings
from training_aullm.runs.training import FINISHED_FILE, refuse_finished, train_run


@pytest.fixture
def settings(tmp_path, language_model_with_tokenizer) -> RunSettings:
    rows = [clip_row(f"s{k % 2}", f"c{k}", (90 + k,) * 4, states("4" if k % 2 else "12", "")) for k in range(4)]
    table_of(rows).to_parquet(tmp_path / "clips.parquet")
    source = Source(data=str(tmp_path / "clips.parquet"))
    return RunSettings(source, ("AU4", "AU12"), "base", language_model_with_tokenizer, 1, 1)


def test_killed_at_the_end_the_model_is_made_again(tmp_path, settings, monkeypatch):
    run = tmp_path / "run"
    train_run(run, settings)
    weights = (run / "model" / "model.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match="finished"):
        train_run(run, settings, resume=True)
    (run / FINISHED_FILE).unlink()  # as a kill leaves it between the two
    (run / "model" / "model.safetensors").write_bytes(b"")  # and as versions before this one left it
    with pytest.raises(FileExistsError, match="--resume finishes it"):
        train_run(run, settings)
    train_run(run, settings, resume=True)
    assert (run / "model" / "model.safetensors").read_bytes() == weights and (run / FINISHED_FILE).is_file()


def test_a_model_is_never_half_there(tmp_path, settings, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training.AullmForActionUnitDetection, "save_pretrained", killed)
    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "run", settings)
    assert not (tmp_path / "run" / "model").exists()


def test_a_model_that_brings_no_checkpoint_is_left_alone(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(FileExistsError, match="finished"):
        refuse_finished(tmp_path)
