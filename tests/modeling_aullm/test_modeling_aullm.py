import pytest
import torch

from modeling_aullm import AullmForActionUnitDetection, AullmModel

UNITS = 4
EVIDENCE = ("content_token", "instruction_token", "au_attentions", "graph_strengths", "expert_weights")


def nothing_in(module: torch.nn.Module) -> None:
    """The module's input passes through it untouched."""
    module.forward = lambda *inputs: inputs[0]


def silence(model: AullmForActionUnitDetection, part: str) -> None:
    """Bypass one part of the method, in the way that part can be bypassed."""
    inner = model.model
    if part == "led":
        inner.motion.led.forward = lambda frames: torch.zeros_like(frames[:, :, 1:])
    elif part == "squeeze_excitation":
        nothing_in(inner.encoder.attend)
    elif part == "moe_gate":
        inner.projector.gate.forward = lambda summary: summary.new_zeros(len(summary), 4)
    elif part == "harmonisation":
        nothing_in(inner.projector.harmonise)
    elif part == "laplacian":
        inner.projector.experts[3].forward = torch.zeros_like
    elif part == "relations":
        for layer in inner.graph.layers:
            layer.forward = lambda nodes, prior: (nodes, prior.expand(len(nodes), -1, -1))
    elif part == "prior":
        inner.graph.prior.zero_()
    elif part == "structural_pooling":
        inner.graph.pool.score.forward = lambda nodes: nodes.new_zeros(*nodes.shape[:2], 4)
    elif part == "content_token":
        inner.token_scales["content"].forward = torch.zeros_like
    elif part == "instruction_token":
        inner.token_scales["instruction"].forward = torch.zeros_like
    elif part == "language_layers":
        inner.reader.share_prefix = False
        for layer in inner.reader.body.layers:
            layer.self_attn.forward = lambda hidden_states, **_: (torch.zeros_like(hidden_states), None)
    elif part == "adapters":
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data.zero_()
    elif part == "evidence_head":
        model.evidence_head.forward = lambda content, _: content.new_zeros(len(content), UNITS)


PARTS = [
    "led",
    "squeeze_excitation",
    "moe_gate",
    "harmonisation",
    "laplacian",
    "relations",
    "prior",
    "structural_pooling",
    "content_token",
    "instruction_token",
    "language_layers",
    "adapters",
    "evidence_head",
]


@pytest.mark.parametrize("part", PARTS)
def test_no_part_can_be_bypassed(build, motion, part):
    model = build().eval()
    with torch.no_grad():
        for layer in model.model.graph.layers:
            layer.query.weight.normal_()
    before = model(motion_values=motion).logits
    silence(model, part)
    assert (model(motion_values=motion).logits - before).abs().max() > 1e-5


def test_tokens_reach_the_logits_through_the_language_model(build, motion):
    for part in ("content_token", "instruction_token"):
        model = build(evidence_skip=False).eval()
        before = model(motion_values=motion).logits
        silence(model, part)
        assert (model(motion_values=motion).logits - before).abs().max() > 1e-4, part


@pytest.mark.parametrize("preset", ["base", "whole", "paper"])
@pytest.mark.parametrize("reader", ["language", "mlp"])
def test_gradients_reach_every_trained_weight(build, labels, preset, reader):
    size = {"image_size": 48} if preset == "paper" else {}
    model = build(preset, reader=reader, **size).train()
    pixels = torch.rand(3, 6, 1, 48, 48)
    flip = {"flip_index": torch.tensor([0, 1, 2]), "flip_state": torch.tensor([0, 1, 0])}
    output = model(pixel_values=pixels, labels=labels, **(flip if model.config.has_counterfactuals else {}))
    flipped = 0 if output.flipped_logits is None else output.flipped_logits.square().mean()
    (output.loss + flipped).backward()
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    dead = {n: p.grad for n, p in trained.items() if p.grad is None or p.grad.abs().max() < 1e-6}
    assert dead == {}


SWITCHES = {
    "use_content_token": False,
    "use_instruction_token": False,
    "use_prior": False,
    "use_moe": False,
    "use_laplacian": False,
    "use_squeeze_excitation": False,
    "evidence_skip": False,
    "num_graph_layers": 0,
    "num_language_layers": 1,
    "lora_rank": 0,
    "reader": "mlp",
    "maps_per_unit": 1,
    "node_loss_weight": 0.0,
    "prototype_loss_weight": 0.0,
}


def test_an_mlp_that_reads_by_unit_tells_units_apart_by_their_vectors_alone(build, motion, labels):
    model = build(reader="mlp", readout="au", evidence_skip=False).train()
    output = model(motion_values=motion, labels=labels)
    output.loss.backward()
    assert output.logits.shape == (3, UNITS) and model.model.reader.units.grad.abs().amax(1).min() > 0
    assert model.eval()(motion_values=motion).logits.std(1).min() > 1e-4
    with torch.no_grad():
        model.model.reader.units[:] = model.model.reader.units[0]
    logits = model(motion_values=motion).logits
    torch.testing.assert_close(logits, logits[:, :1].expand_as(logits))


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_ablation_trains(build, motion, labels, switch):
    model = build(**{switch: SWITCHES[switch]}).train()
    output = model(motion_values=motion, labels=labels, output_evidence=True)
    output.loss.backward()
    assert output.logits.shape == (3, UNITS) and torch.isfinite(output.loss)


def test_ablated_tokens_are_gone(build, motion):
    without = build(use_instruction_token=False)
    assert without.model.graph is None
    with pytest.raises(ValueError, match="use_instruction_token"):
        without(motion_values=motion, output_counterfactuals=True)
    assert build(use_content_token=False).model.projector is None


def test_mlp_reader_has_about_as_many_weights_as_the_adapters(build):
    def trained(reader: str, readout: str = "last") -> int:
        reader = build(reader=reader, readout=readout, lora_rank=32, num_language_layers=3).model.reader
        return sum(p.numel() for name, p in reader.named_parameters() if p.requires_grad and name != "units")

    assert trained("mlp") == pytest.approx(trained("language"), rel=0.05)
    assert trained("mlp", "au") == pytest.approx(trained("language"), rel=0.05)


def test_evidence_comes_when_asked_for(build, motion):
    model = build()
    assert all(getattr(model(motion_values=motion), name) is None for name in EVIDENCE)
    output = model(motion_values=motion, output_evidence=True)
    shapes = [tuple(output[name].shape) for name in EVIDENCE]
    assert shapes == [(3, 32), (3, 32), (3, 4, 2, 6, 6), (3, 2, 4, 4), (3, 4)]


def test_frames_and_measured_motion_give_the_same(build):
    model, pixels = build(), torch.rand(2, 6, 1, 48, 48)
    motion = model.measure_motion(pixels)
    torch.testing.assert_close(model(motion_values=motion).logits, model(pixel_values=pixels).logits)


def test_flip_in_one_call_is_the_flip_by_hand(build, motion):
    model = build()
    index, state = torch.tensor([3, 0, 1]), torch.tensor([1, 0, 1])
    output = model(motion_values=motion, flip_index=index, flip_state=state)
    torch.testing.assert_close(output.logits, model(motion_values=motion).logits)
    graph = model.model.graph
    chunk = graph.chunk

    def chunk_flipped(x_att):
        nodes = chunk(x_att)
        silent = nodes.logits.scatter(1, index[:, None], 0.0)  # a prototype was not seen: no evidence of its own
        return nodes._replace(features=graph.flip(nodes.features, index, state), logits=silent)

    graph.chunk = chunk_flipped
    torch.testing.assert_close(output.flipped_logits, model(motion_values=motion).logits)
    assert (output.flipped_logits - output.logits).abs().max() > 1e-4


def test_a_flip_reaches_its_own_logit_only_through_the_graph(build, motion):
    """Otherwise the flipped node's own evidence meets CCR's intervention alone: graph and LLM learn nothing of it."""
    model = build()
    with torch.no_grad():
        for weight in model.model.token_scales["instruction"].parameters():
            weight.zero_()
    index = torch.tensor([3, 0, 1])
    flips = [model(motion_values=motion, flip_index=index, flip_state=torch.full((3,), state)) for state in (0, 1)]
    torch.testing.assert_close(flips[0].flipped_logits, flips[1].flipped_logits)


def test_counterfactuals_are_flips_to_the_opposite_state(build, motion):
    model = build()
    output = model(motion_values=motion, output_counterfactuals=True)
    assert output.counterfactual_logits.shape == (3, UNITS, UNITS)
    for unit in range(UNITS):
        opposite = (output.logits[:, unit] <= 0).long()
        flipped = model(motion_values=motion, flip_index=torch.full((3,), unit), flip_state=opposite).flipped_logits
        torch.testing.assert_close(output.counterfactual_logits[:, unit], flipped)


def test_the_processor_may_be_unpacked_into_the_model(build, motion):
    model = build().eval()
    extra = {
        "crop_transforms": torch.eye(2, 3).expand(len(motion), 6, 2, 3),
        "frame_indices": torch.zeros(len(motion), 6),
    }
    torch.testing.assert_close(model(motion_values=motion, **extra).logits, model(motion_values=motion).logits)


def test_flip_without_a_state_is_an_error(build, motion):
    with pytest.raises(ValueError, match="flip_state"):
        build()(motion_values=motion, flip_index=torch.zeros(3, dtype=torch.long))


def test_a_sample_does_not_depend_on_its_batch(build, motion):
    model = build().train()
    for module in model.modules():
        if "Dropout" in type(module).__name__:
            module.p = 0.0
    torch.testing.assert_close(model(motion_values=motion).logits[1:2], model(motion_values=motion[1:2]).logits)


def test_reading_by_name_answers_any_units(build, motion):
    model = build(readout="au", evidence_skip=False, au_positions=[6, 7, 6, 7])
    assert model(motion_values=motion).logits.shape == (3, 4)
    ids = torch.tensor([[5, 6, 64, 65, 9, 10, 11]]).expand(3, -1)
    asked = model(motion_values=motion, input_ids=ids, au_positions=torch.tensor([[4, 6]] * 3)).logits
    swapped = model(motion_values=motion, input_ids=ids, au_positions=torch.tensor([[6, 4]] * 3)).logits
    torch.testing.assert_close(asked, swapped.flip(1))


def test_evidence_skip_answers_its_own_units_only(build, motion):
    model = build(readout="au", au_positions=[6, 7, 6, 7])
    ids = torch.tensor([[5, 6, 64, 65, 9, 10]]).expand(3, -1)
    with pytest.raises(ValueError, match="au_positions asks for 1"):
        model(motion_values=motion, input_ids=ids, au_positions=torch.full((3, 1), 5))


def test_wrong_inputs_are_named(build, motion, labels):
    model = build()
    with pytest.raises(ValueError, match="pixel_values"):
        model()
    with pytest.raises(ValueError, match=r"labels have shape \(3, 2\)"):
        model(motion_values=motion, labels=labels[:, :2])


def test_a_new_model_starts_at_the_prior(build, motion):
    model = build(stirred=False)
    strengths = model(motion_values=motion, output_evidence=True).graph_strengths
    torch.testing.assert_close(strengths, torch.tensor(model.config.prior).expand_as(strengths))
    assert torch.equal(model.graph_neighbours, torch.tensor(model.config.prior) != 0)


def test_loss_parts_add_up(build, motion, labels):
    weights = {"evidence_loss_weight": 0.7, "node_loss_weight": 0.5, "prototype_loss_weight": 0.1}
    output = build(**weights).eval()(motion_values=motion, labels=labels)
    parts = output.loss_parts
    total = parts["main"] + 0.7 * parts["evidence"] + 0.5 * parts["node"] + 0.1 * parts["prototype"]
    torch.testing.assert_close(output.loss.detach(), total)


@torch.no_grad()
def test_a_nodes_own_evidence_reaches_its_logit_and_no_other(build, motion):
    model = build().eval()
    before = model(motion_values=motion).logits
    model.model.graph.unit_score.bias[1] += 1.5
    change = model(motion_values=motion).logits - before
    torch.testing.assert_close(change, torch.tensor([0.0, 1.5, 0.0, 0.0]).expand_as(change))


@torch.no_grad()
def test_the_evidence_loss_does_not_see_the_language_models_share(build, motion, labels):
    model = build(evidence_loss_weight=1.0).eval()
    before = model(motion_values=motion, labels=labels).loss_parts
    model.head.score.bias += 2.0
    after = model(motion_values=motion, labels=labels).loss_parts
    assert after["main"] != before["main"]
    assert after["evidence"] == before["evidence"]


def test_tuple_comes_loss_first(build, motion, labels):
    loss, logits, *_ = build()(motion_values=motion, labels=labels, return_dict=False)
    assert loss.ndim == 0 and logits.shape == (3, UNITS)


def test_backbone_alone_gives_hidden_states(build, motion):
    whole = build()
    inner = whole.model
    assert isinstance(inner, AullmModel)
    assert inner(motion_values=motion).last_hidden_state.shape == (3, 1, 32)
