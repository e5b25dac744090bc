"""Where a trained network should say yes: its decisions are moved to threshold 0.5, on training clips alone.

The asymmetric loss makes networks answer "present" too readily: at 0.5 recall is high and precision low, on the
training clips already. After training, every action unit's bias is moved so that F1 on freshly augmented training clips
is highest. No test clip is looked at.

    shift = decision_shift(model, clips, args)
    move_bias(model.head.score, shift)
"""

import numpy as np
import torch
from sklearn.metrics import precision_recall_curve
from torch import nn

from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.arguments import AullmTrainingArguments
from training_aullm.learn.batches import TrainingBatches


def best_cut(logits: np.ndarray, labels: np.ndarray) -> float:
    """The threshold with the highest F1.

    Args:
        logits: (N,) of one action unit.
        labels: (N,) in {1, 0, -1}; unknown ones are left out.

    Returns:
        Half way between the lowest logit that should be "present" and the next below it. 0 where nothing is known, or
        all known labels are equal: there is nothing to choose by.
    """
    logits, labels = logits[labels != -1], labels[labels != -1]
    if len(set(labels.tolist())) < 2:
        return 0.0
    precision, recall, cuts = precision_recall_curve(labels, logits)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    lowest = cuts[f1[:-1].argmax()]
    below = logits[logits < lowest]
    return float((lowest + below.max()) / 2) if len(below) else float(lowest)


@torch.inference_mode()
def decision_shift(
    network: nn.Module, clips: ClipSet, args: AullmTrainingArguments, rounds: int = 3, batch_size: int = 64
) -> np.ndarray:
    """How far every action unit's logits lie above where they should be cut.

    Args:
        network: trained; gives logits, or an output that has them.
        clips: the training clips.
        args: of the training: seeds and augmentation. Epochs after the last one are drawn.
        rounds: times that every clip is varied anew. Clips as they are would flatter: the network has them by heart.
        batch_size: clips per forward pass.

    Returns:
        (K,) to be taken from the logits.
    """
    network.eval()
    batches, device = TrainingBatches(clips, args), next(network.parameters()).device
    logits, labels = [], []
    for epoch in range(int(args.num_train_epochs), int(args.num_train_epochs) + rounds):
        for start in range(0, len(clips), batch_size):
            keys = [(epoch, index) for index in range(start, min(start + batch_size, len(clips)))]
            batch = batches.__getitems__(keys)
            output = network(**{clips.input_name: batch[clips.input_name].to(device)})
            logits.append((output if isinstance(output, torch.Tensor) else output.logits).float().cpu())
            labels.append(batch["labels"])
    columns = zip(torch.cat(logits).numpy().T, torch.cat(labels).numpy().T, strict=True)
    return np.array([best_cut(*column) for column in columns])


@torch.no_grad()
def move_bias(layer: nn.Linear, shift: np.ndarray) -> None:
    """Take a shift from the logits of the last layer.

    Args:
        layer: the layer that gives the logits: K rows, or one row that is read at every action unit's name.
        shift: (K,). One shared row can only be moved as a whole: by the mean.
    """
    moved = torch.from_numpy(shift).to(layer.bias)
    layer.bias -= moved if len(layer.bias) == len(shift) else moved.mean()
