"""A tiny finished run: a random model trained on nothing, clips of grey squares, recorded scores."""

import io
import json
from pathlib import Path

import numpy as np
from datasets import Dataset
from PIL import Image

from dataset_scripts.labels import label_vector
from dataset_scripts.schema import FEATURES, complete_row
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.prepare.sources import Source
from training_aullm.runs.settings import RunSettings
from training_aullm.score.predictions import Predictions

UNITS = ("AU4", "AU12")
SMALL = {"graph_width": 16, "high_width": 16, "mid_channels": 4, "encoder_channels": [4, 8], "lora_rank": 2}
PEOPLE, CLIPS = 4, 2


def write_run(run: Path, language_model: str, data_set: str = "casme2-like") -> Path:
    """Write RUN/model, settings.json, predictions/unseen.parquet and the clips that they are of.

    Args:
        run: folder to make.
        language_model: folder of a tiny language model.
        data_set: the name of the clips' set.
    """
    clips = run.parent / f"{data_set}.parquet"
    table = write_clips(clips, data_set)
    settings = RunSettings(Source(data=str(clips)), UNITS, language_model=language_model, layers=1, epochs=1)
    settings.save(run)
    new_model(settings.recipe.but(model=SMALL), UNITS, language_model).save_pretrained(run / "model")
    new_processor("base", UNITS, language_model).save_pretrained(run / "model")
    _predictions(data_set, table).save(run / "predictions" / "unseen.parquet")
    (run / "history.json").write_text(json.dumps([{"loss": 1.0, "epoch": 1.0}]))
    return run


def write_clips(path: Path, data_set: str) -> Dataset:
    """Write a few clips of grey squares as a parquet file, and give them back."""
    rows = []
    for subject in range(PEOPLE):
        for number in range(CLIPS):
            name = f"{data_set}/s{subject}/c{number}"
            frames = [_picture(20 * subject + number + frame) for frame in range(6)]
            fields = {"sample_id": name, "data_set": data_set, "subject": f"s{subject}", "clip": f"c{number}"}
            fields |= {"frames": frames, "fps": 12.0, "onset": 0, "offset": 5}
            rows.append(complete_row(**fields, action_units=label_vector([UNITS[number % 2]])))
    table = Dataset.from_list(rows, features=FEATURES)
    table.to_parquet(str(path))
    return table


def _picture(shade: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((32, 32), shade, np.uint8)).save(file, "JPEG")
    return file.getvalue()


def _predictions(data_set: str, table: Dataset) -> Predictions:
    """Of the last two people; right but for one clip."""
    tested = table.select(range(len(table) - 2 * CLIPS, len(table)))
    labels = np.array([[1, 0], [0, 1]] * 2)
    probabilities = np.where(labels == 1, 0.9, 0.2)
    probabilities[0] = (0.3, 0.8)
    ids, subjects = tuple(tested["sample_id"]), tuple(tested["subject"])
    return Predictions(ids, subjects, data_set, ("fold0",) * len(ids), 0, UNITS, probabilities, labels)
