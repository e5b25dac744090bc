"""Readers that learn to answer from what a finished model sees: by row, by unit vector, or asked in words.

    seen = see(load_model("release")[0], clips, rounds=8)
    reader = Reader("language", ["AU1", "AU2"])
    reader.learn(seen, steps=200)
    reader.answers(see(model, others), ["AU1", "outer brow raiser"])

What is seen of a clip is fixed: the two tokens that the finished model gives its language model. So a reader takes two
minutes of one core, and is all that differs between two answers.

Tested in tests/benchmarks/test_readers.py.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from tqdm.auto import tqdm
from transformers import get_cosine_schedule_with_warmup

from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.loss_aullm import asymmetric_loss
from processing_aullm.processing_aullm import ACTION_UNIT_MEANINGS, CONTENT_TOKEN, INSTRUCTION_TOKEN
from training_aullm.clips.clip_set import ClipSet
from training_aullm.learn.batches import TrainingBatches
from training_aullm.learn.fitting import new_model, new_processor
from training_aullm.learn.recipes import recipe_base

QUESTION = f"Is there {{}} in this face? {CONTENT_TOKEN}{INSTRUCTION_TOKEN}"
"""Read at its last token; what is asked stands before what was seen, so that it is read once for all clips."""
ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
BY_UNIT = {"reader": "mlp", "readout": "au"}
WORD_VECTORS = ("hidden-mlp", "text-mlp", "text-mlp-short", "word-mlp")
ASKED_IN_WORDS = ("language", *WORD_VECTORS)
KINDS = {"language": {"readout": "au"}, "unit-vectors": BY_UNIT, "rows": {"reader": "mlp"}}
KINDS |= dict.fromkeys(WORD_VECTORS, BY_UNIT)
"""Fields of the model that a reader is taken from. MLPs are of the size that is trained of the language model.

`language`: the language model with fresh adapters, asked in words. Asked in the same words are MLPs that are given one
vector for what is asked: `hidden-mlp` the mean of the words' hidden states in the frozen language model, all 30 layers;
`text-mlp` the mean of their embeddings; `word-mlp` the mean of random vectors, one a word, which say nothing but where
two names share a word. `text-mlp-short` learns as shortly as `language`. Not asked in words: `unit-vectors`, an MLP
with a learned vector for each unit, and `rows`, one with a row of the head for each unit.
"""
STEPS = dict.fromkeys(KINDS, 800) | {"language": 250, "text-mlp-short": 250}
"""A step of an MLP takes a twentieth of the language model's time."""
ASKED = {"language": 3, "text-mlp-short": 3}
"""Units of a step; others: all."""
BATCH, RATE = 48, 1e-3
"""Clips of a step, and the highest rate."""


class Tokens(NamedTuple):
    """What a finished model sees of N clips."""

    content: torch.Tensor  # (N, D)
    instruction: torch.Tensor  # (N, D)
    labels: torch.Tensor  # (N, K) 1, 0, -1


def wordings(unit: str) -> list[str]:
    """The three ways to ask for a unit: number, description, both."""
    return [unit, ACTION_UNIT_MEANINGS[unit], f"{unit} {ACTION_UNIT_MEANINGS[unit]}"]


@torch.no_grad()
def see(model: AullmForActionUnitDetection, clips: ClipSet, rounds: int = 0, seed: int = 0) -> Tokens:
    """The two tokens of every clip.

    Args:
        model: a finished one.
        clips: measured motion.
        rounds: times that every clip is varied as in training; 0: once, as it is.
        seed: of the variations.
    """
    batches, parts = TrainingBatches(clips, recipe_base().training_arguments("unused", seed)), []
    for epoch in range(max(rounds, 1)):
        for start in range(0, len(clips), 64):
            places = range(start, min(start + 64, len(clips)))
            batch = batches.__getitems__([(epoch, place) for place in places]) if rounds else clips.batch(places)
            seen = model.model.observe(motion_values=batch["motion_values"])
            parts.append((seen.content, model.model.instruct(seen.nodes.features)[0], batch["labels"]))
    return Tokens(*(torch.cat(part) for part in zip(*parts, strict=True)))


class Reader:
    """Something that answers questions about the two tokens.

    Args:
        kind: of `KINDS`.
        units: the K that it learns.
        seed: of its weights, and of what it is asked while it learns.
        language_model: Hub id, folder or "bundled".
    """

    def __init__(self, kind: str, units: Sequence[str], seed: int = 0, language_model: str = "bundled"):
        self.kind, self.units, self.seed = kind, list(units), seed
        fields = KINDS[kind] | {"evidence_skip": False, "lora_targets": ADAPTED}
        recipe = recipe_base().but(model=fields)
        model = new_model(recipe, self.units, language_model, seed)
        self.tokenizer = new_processor("base", self.units, language_model, "query").tokenizer
        self.config, self.prompt = model.config, model.model.prompt
        self.body, self.head = model.model.reader, model.head
        self.language_model, self._vectors, self._centre = language_model, {}, 0.0
        if kind in WORD_VECTORS:
            self.body.units.requires_grad_(False)
            self._encode = self._encoder()
            known = [text for unit in self.units for text in wordings(unit)]
            self._centre = torch.stack([self._encode(text) for text in known]).mean(0)

    def weights(self) -> list[torch.nn.Parameter]:
        """What is learned."""
        return [weight for part in (self.body, self.head) for weight in part.parameters() if weight.requires_grad]

    def ask(self, content: torch.Tensor, instruction: torch.Tensor, texts: Sequence[str]) -> torch.Tensor:
        """Logits (B, Q) of B clips for Q texts; readers without words know units by number only."""
        if self.kind == "language":
            hidden = [self.body(content, instruction, self._question(text)) for text in texts]
            return torch.cat([self.head(each) for each in hidden], 1)
        if self.kind in WORD_VECTORS:
            self.body.units.data = torch.stack([self._vector(text) for text in texts])
            return self.head(self.body(content, instruction, None))
        return self.head(self.body(content, instruction, None))[:, [self.units.index(text) for text in texts]]

    def _vector(self, text: str) -> torch.Tensor:
        """(D,) what tells a text from those that are learned, as large as a word's embedding."""
        if text not in self._vectors:
            vector = self._encode(text) - self._centre
            self._vectors[text] = vector * self.config.embedding_rms / vector.square().mean().sqrt()
        return self._vectors[text]

    @torch.no_grad()
    def _encoder(self) -> Callable[[str], torch.Tensor]:
        """Text -> (D,), by the frozen language model."""
        fields = {"num_language_layers": None if self.kind == "hidden-mlp" else 1, "lora_rank": 0}
        lent = new_model(recipe_base().but(model=fields), self.units, self.language_model).model.reader.body.eval()
        table = lent.get_input_embeddings().weight.detach()
        if self.kind == "hidden-mlp":
            return lambda text: self._hidden(lent, text)
        if self.kind == "word-mlp":
            table = torch.randn(table.shape, generator=torch.Generator().manual_seed(0))
        return lambda text: table[self._ids(f" {text}")].mean(0)

    @torch.no_grad()
    def _hidden(self, lent: torch.nn.Module, text: str) -> torch.Tensor:
        before, own = self._ids(QUESTION.split(" {}")[0]), self._ids(f" {text}")
        return lent(input_ids=torch.tensor([before + own])).last_hidden_state[0, len(before) :].mean(0)

    def _question(self, text: str):
        ids = torch.tensor([self._ids(QUESTION.format(text))])
        return self.prompt(ids, None, torch.tensor([[ids.shape[1] - 1]]))

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def learn(self, seen: Tokens, steps: int) -> None:
        """Every step is asked for some of the units, in words drawn anew where words are read."""
        self.body.train(), self.head.train()
        optimizer = torch.optim.AdamW(self.weights(), RATE, weight_decay=0.05)
        schedule = get_cosine_schedule_with_warmup(optimizer, steps // 10, steps)
        focus = (self.config.gamma_negative, self.config.gamma_positive, self.config.probability_clip)
        drawn, asks = np.random.default_rng(self.seed), self.kind in ASKED_IN_WORDS
        for _ in tqdm(range(steps), desc=self.kind, unit="step", leave=False, mininterval=20):
            rows = torch.from_numpy(drawn.integers(0, len(seen.labels), BATCH))
            columns = drawn.permutation(len(self.units))[: ASKED.get(self.kind)]
            names = [self.units[column] for column in columns]
            texts = [str(drawn.choice(wordings(name))) for name in names] if asks else names
            logits = self.ask(seen.content[rows], seen.instruction[rows], texts)
            loss = asymmetric_loss(logits, seen.labels[rows][:, columns], *focus)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.weights(), 1.0)
            optimizer.step()
            schedule.step()
        self.body.eval(), self.head.eval()

    @torch.no_grad()
    def answers(self, seen: Tokens, texts: Sequence[str]) -> np.ndarray:
        """Logits (N, Q)."""
        return self.ask(seen.content, seen.instruction, texts).numpy()
