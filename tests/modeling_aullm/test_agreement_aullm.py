"""Where model meets processor, labels and frames: whatever does not belong together is refused, once, by name."""

from types import SimpleNamespace

import pytest
import torch

from modeling_aullm import AullmForActionUnitDetection, agreement_aullm
from modeling_aullm.agreement_aullm import check_processor
from modeling_aullm.pipeline_aullm import AullmPipeline
from tests.modeling_aullm.conftest import PROMPT, UNITS


def processor_with(action_units=UNITS, num_frames=6, size=48, prompt=PROMPT) -> SimpleNamespace:
    return SimpleNamespace(
        action_units=action_units,
        image_processor=SimpleNamespace(num_frames=num_frames, size=size, align=False),
        prompt=lambda: SimpleNamespace(input_ids=prompt, au_positions=[len(prompt) - 1] * len(action_units)),
    )


def test_a_processor_of_the_same_settings_is_taken(build):
    check_processor(build().config, processor_with())
    check_processor(build(reader="mlp").config, processor_with(prompt=[1]))  # a reader that reads no text


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"action_units": UNITS[::-1]}, "action_units"),
        ({"action_units": UNITS[:2]}, "action_units"),
        ({"num_frames": 5}, "num_frames"),
        ({"size": 112}, "image_size=48"),
        ({"prompt": PROMPT[1:]}, "prompt_ids"),
    ],
)
def test_a_processor_of_other_settings_is_refused(build, changed, named):
    with pytest.raises(ValueError, match=rf"do not belong together: the model has {named}"):
        AullmPipeline(build().eval(), processor=processor_with(**changed), device=-1)


def numbers(*units: int) -> torch.Tensor:
    return torch.tensor([units] * 3)


def test_prompts_for_other_units_are_refused(build, motion):
    model = build().eval()
    model(motion_values=motion, action_unit_numbers=numbers(1, 2, 4, 12))
    for asked in (numbers(12, 4, 2, 1), numbers(1, 2, 4)):
        with pytest.raises(ValueError, match=r"asks for \['AU.*the model answers \['AU1', 'AU2', 'AU4', 'AU12'\]"):
            model(motion_values=motion, action_unit_numbers=asked)
    by_name = build(readout="au", evidence_skip=False, au_positions=[6, 7, 6, 7])
    by_name(motion_values=motion, action_unit_numbers=numbers(12, 4, 2, 1))


@pytest.mark.parametrize(
    "options",
    [{"id2label": {0: "AU12", 1: "AU4", 2: "AU2", 3: "AU1"}}, {"num_labels": 2}, {"action_units": ["AU1", "AU2"]}],
)
def test_labels_cannot_be_renamed_at_loading(build, tmp_path, options):
    build().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"(id2label|num_labels).* action_units .*for_processor"):
        AullmForActionUnitDetection.from_pretrained(tmp_path, **options)


def test_frames_of_another_size_or_number_are_refused(build):
    model = build(image_size=48).eval()
    for shape in ((2, 6, 1, 24, 24), (2, 5, 1, 48, 48), (2, 6, 3, 48, 48), (6, 1, 48, 48)):
        with pytest.raises(ValueError, match="reads 6 frames a clip of 48 x 48 pixels"):
            model(pixel_values=torch.rand(shape))
    with pytest.raises(ValueError, match="48 x 48"):
        model.measure_motion(torch.rand(8, 1, 24, 24), torch.zeros(2, 6, dtype=torch.long))
    with pytest.raises(ValueError, match="of 6 frames"):
        model(motion_values=torch.rand(2, 3, 4, 12, 12))


@pytest.mark.parametrize("value", [2.0, 0.7, -2.0, float("nan")])
def test_labels_of_another_value_are_refused(build, motion, labels, value):
    labels[1, 2] = value
    with pytest.raises(ValueError, match=f"labels hold {value:g}: write 1 for present"):
        build()(motion_values=motion, labels=labels)


def test_whole_and_true_labels_are_taken(build, motion, labels):
    model = build().eval()
    expected = model(motion_values=motion, labels=labels).loss
    assert torch.equal(model(motion_values=motion, labels=labels.long()).loss, expected)
    assert model(motion_values=motion, labels=labels == 1).loss.isfinite()


def test_a_batch_without_a_known_label_teaches_nothing_and_says_so_once(build, motion, labels, monkeypatch):
    said = []
    monkeypatch.setattr(agreement_aullm.logger, "warning_once", said.append)
    model = build().eval()
    labels[1] = -1  # one clip without labels is nothing special
    model(motion_values=motion, labels=labels)
    assert not said
    assert model(motion_values=motion, labels=torch.full_like(labels, -1)).loss == 0
    assert "no known label" in said[0]


@pytest.mark.parametrize("front_end", ["displacement", "led"])
@torch.no_grad()
def test_pixels_on_another_scale_are_refused(build, front_end):
    model = build("paper" if front_end == "led" else "base", image_size=48).eval()
    pixels = torch.rand(2, 6, 1, 48, 48)
    refused = {
        "to 25[0-9.]*, not from 0 to 1: divide grey levels by 255": pixels * 255,
        "from -1[0-9.e-]* to": (pixels - 0.51) / 0.5,
        "from nan": pixels.where(pixels > 0.01, torch.nan),
        "torch.uint8: divide by 255": (pixels * 255).to(torch.uint8),
        "bfloat16.*float32": pixels.bfloat16(),
        "ndarray.*return_tensors='pt'": pixels.numpy(),
    }
    for message, values in refused.items():
        with pytest.raises(ValueError, match=message):
            model(pixel_values=values)
        if front_end == "displacement":
            with pytest.raises(ValueError, match=message):
                model.measure_motion(values)
    for taken in (pixels * 1.1, pixels.half(), pixels.double(), pixels[:0]):  # training brightens
        assert model(pixel_values=taken).logits.isfinite().all()


@torch.no_grad()
def test_motion_that_is_no_number_is_refused(build, motion):
    model = build().eval()
    for value in (float("nan"), float("inf")):
        motion[1, 0, 2, 3, 3] = value
        with pytest.raises(ValueError, match="motion_values hold NaN"):
            model(motion_values=motion)
    model.checks_values = False  # as under torch.vmap
    assert model(motion_values=motion).logits.isfinite().all(1).tolist() == [True, False, True]
