"""Run under torchrun by `test_trainer.py`: three SGD steps on a tiny model; process 0 writes the trained weights.

torchrun --nproc_per_node 2 distributed_step.py LANGUAGE_MODEL OUT.pt BATCH_PER_PROCESS
"""

import sys
import tempfile

import torch

from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from tests.training_aullm.conftest import NO_DROPOUT, PROMPT, SMALL, UNITS, make_clips
from training_aullm.learn.fitting import fit
from training_aullm.learn.recipes import recipe_base


def main(language_model: str, out: str, batch: int) -> None:
    torch.manual_seed(0)
    size = {"image_size": 32, "motion_grid": 14, "mid_shape": [1, 3, 3]}
    config = AullmConfig.preset("base", language_model, UNITS, **PROMPT, **SMALL, **NO_DROPOUT, **size)
    model = AullmForActionUnitDetection.from_language_model(config)
    clips = make_clips(23)
    clips.labels[:5] = -1
    recipe = recipe_base().but(epochs=1, batch_size=batch)
    options = {"use_cpu": True, "disable_tqdm": True, "optim": "sgd", "max_grad_norm": 0.0}
    trainer = fit(model, recipe, clips, tempfile.mkdtemp(), ddp_backend="gloo", **options)
    if trainer.is_world_process_zero():
        weights = {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}
        torch.save({"weights": weights, "processes": trainer.args.world_size}, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
