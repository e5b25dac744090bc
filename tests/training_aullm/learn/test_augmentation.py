"""Augmentation: the physics of a motion field under mirror, turn and scale; independence of how a batch is split."""

import dataclasses

import pytest
import torch

from training_aullm.learn.augmentation import (
    AugmentationSettings,
    Draws,
    augment_motion,
    augment_pixels,
    draw,
    mix_motion,
    normals_needed,
    partners,
)

OFF = AugmentationSettings(0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0)
FRAMES, SIDE = 5, 28


def draws_with(**values):
    """Draws of one sample whose centred numbers do nothing unless set."""
    uniform = torch.full((1, 12), 0.5)
    uniform[:, 4] = 1.0
    for column, value in values.items():
        uniform[:, int(column[1:])] = value
    return Draws(uniform, torch.zeros(1, normals_needed(OFF, FRAMES)))


def smooth_field(batch=1, seed=0):
    coarse = torch.randn(batch, 2 * FRAMES, 5, 5, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic").unflatten(1, (2, FRAMES))


def test_with_everything_off_the_field_stays():
    field = smooth_field()
    torch.testing.assert_close(augment_motion(field, draws_with(), OFF), field, atol=1e-5, rtol=0)


def test_the_mirror_flips_the_field_and_its_horizontal_vectors():
    field = smooth_field()
    mirrored = augment_motion(field, draws_with(u4=0.0), dataclasses.replace(OFF, mirror=1.0))
    torch.testing.assert_close(mirrored[:, 0], -field[:, 0].flip(-1), atol=1e-5, rtol=0)
    torch.testing.assert_close(mirrored[:, 1], field[:, 1].flip(-1), atol=1e-5, rtol=0)


def test_a_quarter_turn_carries_the_vectors_along():
    """Turned by 90 degrees (x right, y down), what pointed right at the top now points down at the right."""
    field = torch.zeros(1, 2, FRAMES, SIDE, SIDE)
    field[:, 0, :, :7] = 1.0
    turned = augment_motion(field, draws_with(u0=1.0), dataclasses.replace(OFF, rotation=90.0))
    expected = torch.zeros_like(field)
    expected[:, 1, :, :, -7:] = 1.0
    torch.testing.assert_close(turned, expected, atol=1e-4, rtol=0)


def test_scaling_enlarges_an_expansion_by_nothing():
    """The field u = a x is the same expansion at any scale: vectors grow as much as positions do."""
    x = (torch.arange(SIDE) + 0.5 - SIDE / 2).expand(SIDE, SIDE)
    field = torch.stack([x, x.T])[None, :, None].expand(1, 2, FRAMES, SIDE, SIDE) * 0.01
    scaled = augment_motion(field, draws_with(u1=1.0), dataclasses.replace(OFF, scale=0.2))
    torch.testing.assert_close(scaled, field, atol=1e-4, rtol=0)


def test_amplitude_and_shift():
    field = smooth_field()
    louder = augment_motion(field, draws_with(u5=1.0), dataclasses.replace(OFF, amplitude=0.5))
    torch.testing.assert_close(louder, field * torch.tensor(0.5).exp(), atol=1e-4, rtol=1e-4)
    moved = augment_motion(field, draws_with(u2=1.0), dataclasses.replace(OFF, shift=2 / SIDE))
    torch.testing.assert_close(moved[..., 2:], field[..., :-2], atol=1e-4, rtol=0)


def test_noise_and_drift_have_the_strength_asked_for():
    settings = dataclasses.replace(OFF, noise=0.2, drift=0.3)
    field = torch.zeros(64, 2, FRAMES, SIDE, SIDE)
    noisy = augment_motion(field, draw(0, 0, range(64), normals_needed(settings, FRAMES)), settings)
    drift = noisy.mean(dim=(-1, -2))
    assert drift.std().item() == pytest.approx(0.3, rel=0.15)
    assert 0.05 < (noisy - drift[..., None, None]).std().item() < 0.2


def test_splitting_a_batch_changes_nothing():
    settings = AugmentationSettings()
    field, needed = smooth_field(6), normals_needed(settings, FRAMES)
    whole = augment_motion(field, draw(1, 2, range(6), needed), settings)
    halves = [augment_motion(field[rows], draw(1, 2, rows, needed), settings) for rows in ([0, 2, 4], [1, 3, 5])]
    torch.testing.assert_close(whole[::2], halves[0], atol=1e-6, rtol=0)
    torch.testing.assert_close(whole[1::2], halves[1], atol=1e-6, rtol=0)
    assert not torch.equal(whole, augment_motion(field, draw(1, 3, range(6), needed), settings))


def test_mixing_adds_fields_and_unites_labels():
    settings = dataclasses.replace(OFF, mix=1.0)
    field, other = smooth_field(), smooth_field(seed=1)
    labels, others = torch.tensor([[1, 0, -1, -1, 0]]), torch.tensor([[0, 0, 1, 0, -1]])
    mixed, union = mix_motion(field, labels, other, others, draws_with(), settings)
    torch.testing.assert_close(mixed, field + other)
    assert union.tolist() == [[1, 0, 1, -1, -1]]
    untouched, same = mix_motion(field, labels, other, others, draws_with(), OFF)
    assert torch.equal(untouched, field) and torch.equal(same, labels)
    assert partners(draws_with(u6=0.999), 7).tolist() == [6]


def test_pixels_mirror_shift_and_gain():
    pixels = torch.rand(1, 6, 1, 16, 16)
    mirrored = augment_pixels(pixels, draws_with(u4=0.0), dataclasses.replace(OFF, mirror=1.0))
    torch.testing.assert_close(mirrored, pixels.flip(-1), atol=1e-5, rtol=0)
    brighter = augment_pixels(pixels * 0.5, draws_with(u5=1.0), dataclasses.replace(OFF, gain=0.2))
    torch.testing.assert_close(brighter, pixels * 0.6, atol=1e-5, rtol=0)
    shifted = augment_pixels(pixels, draws_with(u0=1.0), dataclasses.replace(OFF, shift=2 / 16))
    torch.testing.assert_close(shifted[..., :-2], pixels[..., 2:], atol=1e-5, rtol=0)


def test_impossible_strengths_are_refused():
    with pytest.raises(ValueError, match="mirror=2"):
        AugmentationSettings(mirror=2)
    with pytest.raises(ValueError, match="noise=-1"):
        AugmentationSettings(noise=-1)


def test_confidence_moves_with_the_face_and_is_never_turned_made_louder_or_disturbed():
    field = torch.cat([smooth_field(), torch.rand(1, 1, FRAMES, SIDE, SIDE)], 1)
    field[:, :, :, :4] = 0.0  # outside of the face
    settings = dataclasses.replace(OFF, mirror=1.0, amplitude=0.5, noise=0.2, drift=0.3)
    draws = Draws(draws_with(u4=0.0, u5=1.0).uniform, torch.ones(1, normals_needed(settings, FRAMES)))
    varied = augment_motion(field, draws, settings)
    torch.testing.assert_close(varied[:, 2], field[:, 2].flip(-1), atol=1e-5, rtol=0)
    assert not varied[:, :, :, :3].any() and (varied[:, :2, :, 6:] - field[:, :2, :, 6:].flip(-1)).abs().min() > 0


def test_what_two_clips_measured_is_as_sure_as_the_less_sure_of_them():
    sure, unsure = (torch.full((1, 3, FRAMES, SIDE, SIDE), value) for value in (0.9, 0.2))
    labels = torch.zeros(1, 2, dtype=torch.long)
    mixed, _ = mix_motion(sure, labels, unsure, labels, draws_with(), dataclasses.replace(OFF, mix=1.0))
    torch.testing.assert_close(mixed[:, 2], unsure[:, 2])
