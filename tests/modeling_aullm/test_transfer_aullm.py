"""A trained model goes on with other action units: what it knows of a unit follows the unit's name."""

import pytest
import torch

from modeling_aullm import AullmForActionUnitDetection
from modeling_aullm.agreement_aullm import check_processor
from modeling_aullm.prior_aullm import MACRO_SOURCE, macro_prior
from tests.modeling_aullm.conftest import UNITS, VOCABULARY
from tests.modeling_aullm.test_agreement_aullm import processor_with


def processor_for(*units: str):
    processor = processor_with(list(units))
    processor.placeholder_ids = (VOCABULARY, VOCABULARY + 1)
    return processor


OTHER_READERS = [
    {"readout": "au", "au_positions": [6, 7, 6, 7]},
    {"reader": "mlp"},
    {"reader": "mlp", "readout": "au", "evidence_skip": False},
]


@pytest.mark.parametrize("overrides", [{}, *OTHER_READERS])
def test_the_same_units_in_another_order_give_the_same_answers_in_that_order(build, motion, overrides):
    model = build(**overrides).eval()
    turned = processor_for(*UNITS[::-1])
    prompt = turned.prompt()
    if overrides.get("readout") == "au":  # every unit goes on being read where it was
        turned.prompt = lambda: type(prompt)(input_ids=prompt.input_ids, au_positions=[7, 6, 7, 6])
    other = model.for_processor(turned)
    torch.testing.assert_close(other(motion_values=motion).logits, model(motion_values=motion).logits.flip(1))


def test_new_units_start_fresh_and_can_be_trained_and_saved(build, motion, labels, tmp_path):
    model = build().eval()
    processor = processor_for("AU12", "AU6", "AU1")
    other = model.for_processor(processor)
    check_processor(other.config, processor)
    assert other.config.id2label == {0: "AU12", 1: "AU6", 2: "AU1"}
    assert torch.equal(other.head.score.weight[[0, 2]], model.head.score.weight[[3, 0]])
    assert torch.equal(other.model.graph.prototypes[:, 0], model.model.graph.prototypes[:, 3])
    assert torch.equal(next(other.model.encoder.parameters()), next(model.model.encoder.parameters()))
    trained = {name for name, parameter in other.named_parameters() if parameter.requires_grad}
    assert trained == {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    other(motion_values=motion, labels=labels[:, :3]).loss.backward()
    other.save_pretrained(tmp_path)
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path)
    assert torch.equal(loaded(motion_values=motion).logits, other(motion_values=motion).logits)


def test_no_unit_in_common_works_too(build, motion):
    assert build().for_processor(processor_for("AU6", "AU9"))(motion_values=motion).logits.isfinite().all()


def test_a_merged_model_gets_new_adapters_and_answers_as_before(build, motion, labels, tmp_path):
    build().save_pretrained(tmp_path / "merged", full=True)
    merged = AullmForActionUnitDetection.from_pretrained(tmp_path / "merged")
    assert merged.config.lora_rank == 0
    other = merged.for_processor(processor_for(*UNITS))
    torch.testing.assert_close(other(motion_values=motion).logits, merged(motion_values=motion).logits)
    trained = {name for name, parameter in other.named_parameters() if parameter.requires_grad}
    assert any("lora_A" in name for name in trained) and not any("base_layer" in name for name in trained)
    other.train()(motion_values=motion, labels=labels).loss.backward()
    other.eval().save_pretrained(tmp_path / "tuned")
    loaded = AullmForActionUnitDetection.from_pretrained(tmp_path / "tuned")
    assert torch.equal(loaded(motion_values=motion).logits, other(motion_values=motion).logits)
    loaded.save_pretrained(tmp_path / "again", full=True)
    again = AullmForActionUnitDetection.from_pretrained(tmp_path / "again")
    torch.testing.assert_close(again(motion_values=motion).logits, other(motion_values=motion).logits)


def test_whom_it_saw_stays_and_what_was_measured_of_its_units_goes(build):
    model = build()
    seen = {"data_sets": {"samm": 1}, "label_releases": [], "people": ["0123456789ab"], "complete": True}
    model.config.trained_on = seen
    model.config.calibration = {"slope": [1.0] * 4, "offset": [0.0] * 4, "prevalence": [0.5] * 4}
    config = model.for_processor(processor_for("AU12", "AU1")).config
    assert config.trained_on == seen and config.calibration is None


def test_reading_by_name_goes_on_with_a_prompt_that_names_each_unit_alone(build):
    """A template without queries gives every unit the last position: all would get the same answer."""
    processor = processor_for("AU12", "AU6")
    for overrides in (OTHER_READERS[0], OTHER_READERS[0] | {"evidence_skip": False}):
        model = build(**overrides)
        with pytest.raises(ValueError, match=r"readout='au'.*AU12, AU6.*position 7.*template=\"query\""):
            model.for_processor(processor)
    assert model.for_processor(processor_for("AU12")).config.au_positions == [7], "one unit has one answer"
    build(**OTHER_READERS[2]).for_processor(processor)  # a reader that reads no text


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ({"preset": "base"}, {"prototype_loss_weight": 0.1}),
        ({"preset": "base"}, {"use_moe": True}),
        ({"preset": "base"}, {"use_squeeze_excitation": True}),
        ({"preset": "base", "evidence_skip": False}, {"evidence_skip": True}),
        ({"preset": "base"}, {"reader": "mlp"}),
    ],
    ids=lambda fields: ", ".join(fields),
)
def test_a_part_that_is_added_starts_fresh_and_the_rest_is_kept(build, motion, labels, before, added):
    model = build(**before).eval()
    other = model.for_processor(processor_for(*UNITS), **added)
    fresh = set(other.state_dict()) - set(model.state_dict())
    assert fresh and all(tensor.isfinite().all() for tensor in other.state_dict().values())
    for name, tensor in other.state_dict().items():
        assert name in fresh or torch.equal(tensor, model.state_dict()[name]), name
    other.train()(motion_values=motion, labels=labels).loss.backward()


def test_a_model_that_loses_its_adapters_keeps_its_language_model(build):
    """peft renames what it adapts, in either direction."""
    model = build()
    adapted = model.model.reader.body.layers[0].self_attn.q_proj.base_layer.weight
    plain = model.for_processor(processor_for(*UNITS), lora_rank=0).model.reader.body
    assert torch.equal(plain.layers[0].self_attn.q_proj.weight, adapted)


@pytest.mark.parametrize(
    ("before", "changes", "named"),
    [
        ({}, {"graph_width": 32}, r"graph_width=32"),
        ({}, {"lora_rank": 2}, r"lora_A.*lora_rank=2"),
        ({}, {"maps_per_unit": 3}, r"maps_per_unit=3"),
        ({}, {"use_laplacian": False}, r"gate.*use_laplacian=False"),
        ({}, {"readout": "au"}, r"head\.score.*readout='au'"),
        ({"reader": "mlp"}, {"reader": "language"}, r"language model.*reader='language'"),
    ],
    ids=lambda fields: ", ".join(fields) if isinstance(fields, dict) else "",
)
def test_a_change_that_what_was_learned_does_not_fit_is_named(build, before, changes, named):
    processor = processor_for("AU12", "AU6")
    prompt = processor.prompt()
    processor.prompt = lambda: type(prompt)(input_ids=prompt.input_ids, au_positions=[6, 7])
    with pytest.raises(ValueError, match=named):
        build(**before).for_processor(processor, **changes)


def test_a_prior_of_ones_own_follows_its_units(build):
    rows = [[0.0, 0.3, 0.2, 0.0], [0.3, 0.0, 0.0, -0.5], [0.2, 0.0, 0.0, 0.0], [0.0, -0.5, 0.0, 0.0]]
    model = build(prior=rows, prior_source="labels of fold 1")  # AU1, AU2, AU4, AU12
    fewer = model.for_processor(processor_for("AU4", "AU12", "AU1")).config
    assert fewer.prior == [[0.0, 0.0, 0.2], [0.0, 0.0, 0.0], [0.2, 0.0, 0.0]]
    assert fewer.prior_source == "labels of fold 1"
    more = model.for_processor(processor_for("AU2", "AU6", "AU12")).config
    tied = macro_prior(["AU6", "AU12"])[0][1]
    assert tied and more.prior == [[0.0, 0.0, -0.5], [0.0, 0.0, tied], [-0.5, tied, 0.0]]
    assert more.prior_source == f"labels of fold 1; of AU6: {MACRO_SOURCE}"
    assert build().for_processor(processor_for("AU6", "AU12")).config.prior_source == MACRO_SOURCE
