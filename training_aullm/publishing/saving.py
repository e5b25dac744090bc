"""A folder that stands alone: merged model, processor, code and card.

save_for_hub(model, processor, "runs/demo/model")

Tested in tests/commands/test_publish.py.
"""

import shutil
from pathlib import Path

import numpy as np

from dataset_scripts.whole_files import whole_folder, write_whole
from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.agreement_aullm import check_processor
from processing_aullm import AullmProcessor
from training_aullm.publishing.card import fill_card
from training_aullm.publishing.project_files import project_file
from training_aullm.runs.facts import RunFacts


def save_for_hub(
    model: AullmForActionUnitDetection, processor: AullmProcessor, folder: str | Path, card: bool = False
) -> None:
    """Write everything that a Hub repository needs: LoRA merged, weights complete, processor, pipeline, code and card.

    The folder appears whole; the card, which needs its weights, right after it.

    Args:
        model: trained; it is left as it is.
        processor: the one it was trained with.
        folder: where to; one that stands there is replaced.
        card: write the folder's README.md, from what the run that `folder` lies in has recorded.

    Raises:
        ValueError: model and processor do not belong together.
        FileNotFoundError: a card is wanted, and the folder above is no run.
    """
    folder = Path(folder)
    check_processor(model.config, processor)
    with whole_folder(folder) as unfinished:
        model.save_pretrained(unfinished, full=True)
        processor.save_pretrained(unfinished)
        add_notices(unfinished)
    if card:
        write_whole(folder / "README.md", fill_card(RunFacts.read(folder.parent)))


def add_notices(folder: Path) -> None:
    """Put licence and notices beside what is passed on, as Apache-2.0 wants it."""
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(project_file(name), folder)


def largest_difference(logits: np.ndarray, answer: dict) -> float:
    """Largest absolute difference between our logits (K,) and those of a fresh process, over all its Auto classes."""
    return max(float(np.abs(np.asarray(theirs) - logits).max()) for theirs in answer["logits"].values())
