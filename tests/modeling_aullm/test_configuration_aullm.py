import pytest

from modeling_aullm import AullmConfig, macro_prior
from modeling_aullm.visual_aullm import feature_shape


def test_labels_follow_the_action_units():
    config = AullmConfig.preset("base", action_units=["AU4", "AU12"])
    assert config.id2label == {0: "AU4", 1: "AU12"}
    assert config.problem_type == "multi_label_classification"


def test_paper_preset_is_the_figure():
    config = AullmConfig.preset("paper")
    assert (config.front_end, config.image_size, config.num_frames, config.readout) == ("led", 64, 6, "last")
    assert feature_shape(config) == (64, 4, 18, 18)
    assert not config.evidence_skip


def test_whole_is_base_with_what_it_leaves_out():
    base, whole = (AullmConfig.preset(name).to_dict() for name in ("base", "whole"))
    parts = {name for name in whole if whole[name] != base[name]}
    assert parts == {
        "use_prior",
        "use_moe",
        "use_laplacian",
        "use_squeeze_excitation",
        "prototype_loss_weight",
    }
    assert all(AullmConfig.preset("paper").to_dict()[name] == whole[name] for name in parts)


def test_round_trip_through_json(tmp_path):
    config = AullmConfig.preset("paper", action_units=["AU4", "AU7"], lora_rank=8)
    config.save_pretrained(tmp_path)
    assert AullmConfig.from_pretrained(tmp_path).to_dict() == config.to_dict()


def test_default_prior_is_sparse_and_says_where_from():
    config = AullmConfig()
    count = len(config.action_units)
    edges = sum(value != 0 for row in config.prior for value in row)
    assert 0 < edges < count * (count - 1) / 2
    assert "FACS" in config.prior_source
    assert config.prior == macro_prior(config.action_units)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"action_units": ["AU4", "AU4"]}, "AU4"),
        ({"action_units": ["brow"]}, "brow"),
        ({"action_units": ["AU04"]}, "holds 'AU04'; write AU names as 'AU4'"),  # as OpenFace does
        ({"encoder_dropout": 1.5}, "encoder_dropout"),
        ({"num_frames": 2}, "num_frames"),
        ({"graph_width": 30, "pooling_heads": 4}, "graph_width=30"),
        ({"use_content_token": False, "use_instruction_token": False}, "use_content_token"),
        ({"action_units": ["AU4", "AU7"], "prior": [[0, 0.5], [0.1, 0]], "prior_source": "x"}, "prior"),
        ({"front_end": "radar"}, "front_end"),
        ({"no_such_field": 1}, "no_such_field"),
        ({"trained_on": {"people": []}}, "trained_on holds"),
        ({"calibration": {"slope": [1.0] * 8}}, "calibration holds"),
        ({"calibration": {"slope": [1.0], "offset": [0.0], "prevalence": [0.5]}}, "8 numbers each"),
        ({"dtype": "float32x"}, "dtype is 'float32x'"),
        ({"text_config": {"model_type": "llama", "dtype": "float32x"}}, "text_config.dtype is 'float32x'"),
    ],
)
def test_bad_choices_are_named(fields, named):
    with pytest.raises(Exception, match=named):
        AullmConfig.preset("base", **fields)


def test_a_slip_of_a_name_is_told_and_what_users_add_is_kept():
    with pytest.raises(ValueError, match="no field graph_layers: is num_graph_layers meant"):
        AullmConfig(graph_layers=1)
    assert AullmConfig(my_notes="a run on Monday").my_notes == "a run on Monday"


def test_unknown_preset_lists_the_known():
    with pytest.raises(ValueError, match="paper"):
        AullmConfig.preset("large")


def test_labels_that_are_not_the_units_are_refused():
    for labels in ({0: "a"}, {"0": "AU12", "1": "AU4"}):
        with pytest.raises(ValueError, match=r"id2label names .* action_units"):
            AullmConfig(action_units=["AU4", "AU12"], id2label=labels)
    with pytest.raises(ValueError, match="num_labels=3, but action_units names 2"):
        AullmConfig(action_units=["AU4", "AU12"], num_labels=3)
    units = [f"AU{number}" for number in range(1, 13)]  # JSON sorts 10 before 2
    labels = {str(index): name for index, name in enumerate(units)}
    assert AullmConfig(action_units=units, num_labels=12, id2label=labels).num_labels == 12
