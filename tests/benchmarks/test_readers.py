"""Readers that learn from fixed evidence: what they are asked, what they are kept from, and that they do learn."""

import numpy as np
import pytest
import torch

import benchmarks.readers as readers
from benchmarks.readers import KINDS, Reader, Tokens, see, wordings
from modeling_aullm import AullmConfig, AullmForActionUnitDetection
from tests.training_aullm.conftest import PROMPT, SMALL, make_clips

UNITS = ["AU1", "AU2", "AU4"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Two layers of the tiny language model."""
    for fields in KINDS.values():
        monkeypatch.setitem(fields, "num_language_layers", 2)


@pytest.fixture
def seen():
    """Tokens of 60 clips; AU1 is in the content token, AU2 in the instruction token, AU4 in both."""
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (60, 3))).float()
    content, instruction = torch.randn(2, 60, 16, generator=torch.Generator().manual_seed(0)) * 0.3
    content[:, :4] += labels[:, :1]
    instruction[:, :4] += labels[:, 1:2]
    content[:, 4:8] -= labels[:, 2:]
    return Tokens(content, instruction, labels)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_what_it_is_asked_and_learns(kind, seen, language_model_with_tokenizer):
    reader = Reader(kind, UNITS, 0, language_model_with_tokenizer)
    before = reader.answers(seen, UNITS)
    assert before.shape == (60, 3)
    np.testing.assert_allclose(reader.answers(seen, ["AU4", "AU1"]), before[:, [2, 0]], atol=1e-6)
    reader.learn(seen, steps=60)
    apart = [gaps(each, seen.labels.numpy()) for each in (before, reader.answers(seen, UNITS))]
    assert apart[1].diagonal().mean() > apart[0].diagonal().mean() + 0.1
    if kind == "rows":  # the others, this small, do not tell units apart so soon
        assert (apart[1].argmax(1) == np.arange(3)).all()


def gaps(answers, labels):
    """(K, K): how much higher answer k is where unit j is present."""
    return np.array([[one[truth == 1].mean() - one[truth == 0].mean() for truth in labels.T] for one in answers.T])


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_labels_teach_nothing(kind, seen, language_model_with_tokenizer):
    reader = Reader(kind, UNITS, 0, language_model_with_tokenizer)
    unknown = seen._replace(labels=torch.full_like(seen.labels, -1))
    reader.learn(unknown, steps=1)
    assert all(weight.grad is None or weight.grad.abs().max() == 0 for weight in reader.weights())


@pytest.mark.parametrize("kind", ["language", "text-mlp"])
def test_words_decide_where_words_are_read(kind, seen, language_model_with_tokenizer):
    reader = Reader(kind, UNITS, 0, language_model_with_tokenizer)
    with torch.no_grad():
        for weight in reader.weights():
            weight += 0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    number, description, other = reader.answers(seen, [*wordings("AU4")[:2], "table"]).T
    assert not np.allclose(number, description, atol=1e-4) and not np.allclose(description, other, atol=1e-4)


def test_tokens_are_those_of_the_model_and_are_varied_when_asked(language_model):
    size = {"image_size": 32, "motion_grid": 14, "mid_shape": [1, 3, 3]}
    clips = make_clips(6)
    config = AullmConfig.preset("base", language_model, clips.action_units, **PROMPT, **SMALL, **size)
    model = AullmForActionUnitDetection.from_language_model(config)
    plain, varied = see(model, clips), see(model, clips, rounds=2)
    output = model(motion_values=clips.inputs, output_evidence=True)
    torch.testing.assert_close(plain.content, output.content_token)
    torch.testing.assert_close(plain.instruction, output.instruction_token)
    assert len(varied.content) == len(varied.labels) == 12 and not plain.content.requires_grad
    assert not torch.allclose(varied.content[:6], varied.content[6:], atol=1e-4)
    assert torch.equal(varied.labels[:6].long(), clips.labels)


def test_wordings_are_number_and_facs_name():
    assert wordings("AU4") == ["AU4", "brow lowerer", "AU4 brow lowerer"] and readers.QUESTION.count("{}") == 1
