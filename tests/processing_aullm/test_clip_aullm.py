"""Clips in, pixels out: sampling, registered clips, batches, windows of an aligned video, and every refusal."""

import json

import numpy as np
import pytest
import torch

from processing_aullm import AullmImageProcessor, ClipError
from processing_aullm.alignment_aullm import Framing
from processing_aullm.clip_aullm import sample_indices
from processing_aullm.geometry_aullm import apply
from tests.processing_aullm.grey_films import write
from tests.processing_aullm.moving import moved


def registered(count, height=224, width=224, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (count, height, width), dtype=np.uint8)


@pytest.mark.parametrize(
    ("span", "onset", "offset", "expected"),
    [
        ((0, 5), None, None, [0, 1, 2, 3, 4, 5]),
        ((0, 50), 10, 40, [10, 16, 22, 28, 34, 40]),
        ((0, 1), None, None, [0, 0, 0, 1, 1, 1]),
        ((7, 30), None, 17, [7, 9, 11, 13, 15, 17]),
    ],
)
def test_frames_are_spread_from_onset_to_offset(span, onset, offset, expected):
    assert sample_indices(*span, onset, offset, 6, "clip").tolist() == expected


@pytest.mark.parametrize(
    ("onset", "offset", "message"),
    [
        (4, 3, "onset 4 must come before offset 3"),
        (3, 3, "onset 3 must come before offset 3"),
        (-1, 3, "onset -1 is outside of the clip's frames 0 to 9"),
        (2, 10, "offset 10 is outside of the clip's frames 0 to 9"),
    ],
)
def test_onset_and_offset_must_make_a_movement(image_processor, onset, offset, message):
    with pytest.raises(ClipError, match=f"clip 0: {message}"):
        image_processor(registered(10), onset=onset, offset=offset, align=False)


def test_registered_clips_of_the_right_size_pass_unchanged(image_processor):
    clip = registered(6)
    inputs = image_processor(clip, align=False, return_tensors="pt")
    assert inputs["pixel_values"].shape == (1, 6, 1, 224, 224)
    assert inputs["pixel_values"].dtype == torch.float32
    assert torch.equal((inputs["pixel_values"][0, :, 0] * 255).round().byte(), torch.from_numpy(clip))
    assert torch.equal(inputs["crop_transforms"][0, 0], torch.eye(2, 3))


def test_registered_clips_of_another_size_are_resized_over_areas():
    clip = registered(6, 128, 192)
    inputs = AullmImageProcessor(size=64)(clip, align=False, return_tensors="np")
    expected = clip[0].reshape(64, 2, 64, 3).mean((1, 3)) / 255
    assert np.abs(inputs["pixel_values"][0, 0, 0] - expected).max() < 1 / 255
    corners = apply(inputs["crop_transforms"][0, 0], np.array([[-0.5, -0.5], [63.5, 63.5]]))
    assert np.allclose(corners, [[-0.5, -0.5], [191.5, 127.5]])


def test_a_batch_of_clips_of_different_length_and_size(image_processor):
    clips = [registered(6), registered(20, 240, 200, seed=1)]
    inputs = image_processor(clips, onset=[None, 3], offset=[4, 13], align=False, return_tensors="pt")
    assert inputs["pixel_values"].shape == (2, 6, 1, 224, 224)
    assert inputs["frame_indices"].tolist() == [[0, 1, 2, 2, 3, 4], [3, 5, 7, 9, 11, 13]]
    alone = image_processor(clips[1], onset=3, offset=13, align=False, return_tensors="pt")
    assert torch.equal(alone["pixel_values"][0], inputs["pixel_values"][1])
    with pytest.raises(ValueError, match="onset has 3 values for 2 clips"):
        image_processor(clips, onset=[0, 0, 0], align=False)


@pytest.mark.parametrize("value", [3.7, float("nan"), float("inf"), "3", np.float32(2.5)])
def test_a_mark_that_is_no_number_of_a_frame_is_refused(image_processor, value):
    """Cut to 3, it would move the clip without a word; NaN is what a table has where nobody marked a frame."""
    with pytest.raises(ValueError, match=r"onset is .*: give the number of a frame, counted from 0, or None"):
        image_processor(registered(10), onset=value, align=False)
    with pytest.raises(ValueError, match=r"offset of clip 1 is .*: give the number of a frame"):
        image_processor([registered(10)] * 2, offset=[5, value], align=False)


def test_numbers_of_frames_may_come_from_a_table(image_processor):
    expected = image_processor([registered(10)] * 2, onset=[1, 3], align=False)["frame_indices"]
    for marks in (np.array([1.0, 3.0]), np.array([1, 3], np.int32), torch.tensor([1, 3])):
        found = image_processor([registered(10)] * 2, onset=marks, align=False)["frame_indices"]
        assert np.array_equal(found, expected)


def test_windows_of_an_aligned_video_are_what_alignment_gave(image_processor, face):
    video = np.stack([moved(face, shift, -shift) for shift in np.linspace(0, 5, 9)])
    aligned = image_processor.align_video(video)
    assert aligned.crops.shape == (9, 224, 224)
    assert (aligned.first, aligned.last, aligned.lost, aligned.fps) == (0, 8, None, None)
    inputs = image_processor([aligned, aligned], onset=[0, 3], offset=[5, 8], return_tensors="np")
    assert inputs["frame_indices"].tolist() == [[0, 1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8]]
    assert np.array_equal(np.rint(inputs["pixel_values"][1, :, 0] * 255), aligned.crops[3:])
    assert np.allclose(inputs["crop_transforms"][0], aligned.transforms[:6])
    direct = image_processor(video[:6], return_tensors="np")
    assert np.array_equal(direct["pixel_values"], inputs["pixel_values"][:1])


def test_an_aligned_video_keeps_the_numbers_of_its_frames(image_processor, face):
    video = [np.full_like(face, 90)] * 2 + [face] * 4
    aligned = image_processor.align_video(video)
    assert (aligned.first, aligned.last) == (2, 5)
    inputs = image_processor(aligned, return_tensors="np")
    assert inputs["frame_indices"][0, [0, -1]].tolist() == [2, 5]
    with pytest.raises(ClipError, match="onset 0 is outside of the clip's frames 2 to 5"):
        image_processor(aligned, onset=0)


def test_a_face_that_leaves_cuts_the_clip_with_a_warning(image_processor, face):
    frames = [moved(face, shift, 0) for shift in (0, 10, 20, 30, 160, 220)]
    with pytest.warns(UserWarning, match=r"clip 0: the face .* at frame 4; the clip is cut after frame 3"):
        inputs = image_processor(frames, return_tensors="np")
    assert inputs["frame_indices"].tolist() == [[0, 1, 1, 2, 2, 3]]
    with pytest.warns(UserWarning, match="the video is cut there"):
        assert image_processor.align_video(frames).last == 3


def test_a_face_that_leaves_at_once_leaves_no_clip(image_processor, face):
    frames = [face, moved(face, 220, 0)]
    with pytest.raises(ClipError, match=r"clip 0: the face .* at frame 1, .*fewer than 2 frames"):
        image_processor(frames)


def test_one_frame_is_no_clip(image_processor):
    with pytest.raises(ClipError, match="clip 0: 1 frame is not enough"):
        image_processor(registered(1), align=False)


def test_detector_and_landmarks_can_be_replaced(face):
    processor = AullmImageProcessor()
    packaged = processor.aligner
    calls = []

    def detector(image):
        calls.append(image.shape)
        return packaged.detector(image)

    processor.use_faces(detector, packaged.mesh)
    processor([face, face])
    assert calls == [(320, 320)]


@pytest.mark.parametrize(("field", "value"), [("num_frames", 1), ("size", 8)])
def test_a_useless_setting_is_refused(field, value):
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        AullmImageProcessor(**{field: value})


def test_configuration_holds_every_field_and_nothing_else():
    fields = AullmImageProcessor(size=64, framing={"center_y": 0.5}).to_dict()
    assert fields.pop("image_processor_type") == "AullmImageProcessor" and len(fields.pop("settings_sha256")) == 64
    assert fields == {"num_frames": 6, "size": 64, "align": True, "framing": Framing(center_y=0.5).to_dict()}


def test_a_setting_edited_in_the_file_is_refused_and_one_asked_for_is_not(tmp_path):
    AullmImageProcessor(framing={"center_y": 0.5}).save_pretrained(tmp_path)
    assert AullmImageProcessor.from_pretrained(tmp_path).framing["center_y"] == 0.5
    assert AullmImageProcessor.from_pretrained(tmp_path, num_frames=8).num_frames == 8
    (path,) = tmp_path.glob("*processor_config.json")
    saved = json.loads(path.read_text())
    for change in ({"framing": saved["framing"] | {"center_x": 0.52}}, {"align": False}, {"num_frames": 7}):
        path.write_text(json.dumps(saved | change))
        with pytest.raises(ValueError, match="settings_sha256"):
            AullmImageProcessor.from_pretrained(tmp_path)
    del saved["settings_sha256"]
    path.write_text(json.dumps(saved | {"num_frames": 7}))
    assert AullmImageProcessor.from_pretrained(tmp_path).num_frames == 7


def test_an_offset_behind_the_end_is_the_frame_that_is_named(image_processor, tmp_path):
    path = write(tmp_path / "film.mp4", [40 * i for i in range(50)])
    with pytest.raises(ClipError, match=r"frame 2000 does not exist, the video has 50 frames"):
        image_processor(str(path), onset=10, offset=2000, align=False)
