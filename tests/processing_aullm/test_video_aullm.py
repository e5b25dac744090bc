"""Every kind of clip is read to the same frames; every broken one says what is wrong."""

import av
import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from processing_aullm.clip_error_aullm import ClipError, ClipFault
from processing_aullm.video_aullm import are_two_pictures, open_clip, split_batch


@pytest.fixture
def frames() -> np.ndarray:
    """(5, 48, 64, 3) uint8, each frame of one colour."""
    return np.stack([np.full((48, 64, 3), 40 * i + 20, np.uint8) for i in range(5)])


def write_video(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def means(clip, indices=None):
    return [round(float(frame.mean())) for frame in clip.frames(indices)]


def test_all_kinds_of_clips_give_the_same_frames(frames, tmp_path):
    video = write_video(tmp_path / "clip.mp4", frames)
    folder = tmp_path / "images"
    folder.mkdir()
    for i, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"frame{i + 8}.png")  # 10 sorts after 9
    kinds = [
        *(video, str(video), video.read_bytes(), folder, frames, list(frames), frames[..., 0]),
        *(torch.from_numpy(frames), torch.from_numpy(frames).permute(0, 3, 1, 2), frames.astype(np.float32) / 255),
        *([Image.fromarray(frame) for frame in frames], [Image.fromarray(frame).convert("L") for frame in frames]),
    ]
    for kind in kinds:
        clip = open_clip(kind)
        assert len(clip) == 5
        assert np.abs(np.subtract(means(clip), [20, 60, 100, 140, 180])).max() <= 2
        assert np.abs(np.subtract(means(clip, [1, 1, 4]), [60, 60, 180])).max() <= 2
        assert all(frame.dtype == np.uint8 for frame in clip.frames())
    assert open_clip(video).fps == 25


def test_a_photograph_is_upright_however_it_is_given(frames, tmp_path):
    """Cameras hold their pictures turned, with a note of it: files and PIL images are read alike."""
    note = Image.Exif()
    note[0x0112] = 6  # to be turned clockwise by a quarter
    frames[0, :10] = 255
    Image.fromarray(np.rot90(frames[0]).copy()).save(tmp_path / "rest.png", exif=note)
    ways = [tmp_path / "rest.png", Image.open(tmp_path / "rest.png")]
    for frame in open_clip(ways).frames():
        np.testing.assert_array_equal(frame, frames[0])


def test_names_of_pictures_may_have_any_letters(frames, tmp_path, monkeypatch):
    """OpenCV opens only names in the system's own letters on Windows."""
    monkeypatch.setattr(cv2, "imread", lambda *_: None)
    (tmp_path / "Müller").mkdir()
    for number, frame in enumerate(frames[:3]):
        Image.fromarray(frame).save(tmp_path / "Müller" / f"été{number}.png")
    for read, frame in zip(open_clip(tmp_path / "Müller").frames(), frames[:3], strict=True):
        np.testing.assert_array_equal(read, frame)
    (tmp_path / "Müller" / "été1.png").write_bytes(b"")
    with pytest.raises(ClipError, match=r"été1\.png, frame 1: not a readable image"):
        list(open_clip(tmp_path / "Müller").frames())


def test_deep_pictures_are_as_bright_from_memory_as_from_their_files(tmp_path):
    deep = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    paths = [tmp_path / name for name in ("a.png", "b.tif", "c.pgm")]
    for path in paths:
        Image.fromarray(deep).save(path)
    images = [Image.open(path) for path in paths]
    assert [image.mode for image in images] == ["I;16", "I;16", "I"]
    for read, given in zip(open_clip(paths).frames(), open_clip(images).frames(), strict=True):
        np.testing.assert_array_equal(given, read[..., 0])
    (floats,) = open_clip([Image.fromarray((deep / 65535).astype(np.float32))]).frames()
    assert np.abs(floats.astype(int) - (deep >> 8)).max() <= 1


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (
            np.full((8, 8), 255, np.int32),
            "a PIL image of mode I with values from 255 to 255, of unknown depth",
        ),
        (np.full((8, 8), 70000, np.int32), "a PIL image of mode I with values from 70000"),
        (np.full((8, 8), 255, np.float32), r"float pixels from 255 to 255; scale them to \[0, 1\]"),
    ],
)
def test_pictures_of_unknown_depth_are_refused(pixels, message):
    with pytest.raises(ClipError, match=f"clip: frame 0: {message}") as caught:
        list(open_clip([Image.fromarray(pixels)]).frames())
    assert caught.value.code == ClipFault.NOT_A_CLIP


@pytest.mark.parametrize("kind", ["nan", "inf"])
def test_bad_floats_name_the_frame_and_the_pixel(frames, kind):
    broken = frames.astype(np.float32) / 255
    broken[3, 2, 1, 0] = float(kind)
    with pytest.raises(ClipError, match=r"clip: frame 3: 1 pixels are NaN or infinite, the first at \(2, 1, 0\)"):
        list(open_clip(broken).frames())


def test_unreadable_videos_name_the_file(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "words.mp4").write_text("not a video")
    (tmp_path / "no_images").mkdir()
    for name in ("empty.mp4", "words.mp4", "missing.mp4", "no_images"):
        with pytest.raises(ClipError, match=name):
            len(open_clip(tmp_path / name))


def test_what_macos_puts_beside_images_is_no_frame(frames, tmp_path):
    for i, frame in enumerate(frames[:2]):
        Image.fromarray(frame).save(tmp_path / f"frame{i + 1}.png")
        (tmp_path / f"._frame{i + 1}.png").write_bytes(b"x")
    clip = open_clip(tmp_path)
    assert len(clip) == 2 and np.array_equal(np.stack(list(clip.frames())), frames[:2])


def test_a_folder_of_videos_says_what_to_name(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.raises(ClipError, match=r"holds no images .*; name the videos in it, such as .*a\.mp4"):
        open_clip(tmp_path)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_one_picture_is_no_clip(kind):
    with pytest.raises(ClipError, match=r"\(48, 64, 3\) is one picture"):
        open_clip(kind(np.zeros((48, 64, 3), np.uint8)))


def test_a_video_that_ends_early_says_so(frames, tmp_path):
    clip = open_clip(write_video(tmp_path / "clip.mp4", frames))
    with pytest.raises(ClipError, match=r"clip.mp4: frame 7 does not exist, the video has 5 frames"):
        list(clip.frames([0, 7]))


@pytest.mark.parametrize(
    ("video", "message"),
    [
        (np.zeros((4, 8, 8), np.uint16), "pixels of type uint16"),
        (np.full((4, 8, 8), 99.0), "scale them to"),
        (np.zeros((8, 8), np.uint8), "is no clip"),
        ([], "no frames"),
        (42, "cannot read a clip from int"),
        ([np.zeros((8, 8, 8, 3), np.uint8)], "not a picture"),
        (np.zeros((4, 9, 9, 7), np.uint8), "no axis of 1, 3 or 4 channels"),
    ],
)
def test_wrong_arrays_are_refused(video, message):
    with pytest.raises(ClipError, match=message):
        list(open_clip(video).frames())


@pytest.mark.parametrize(
    ("videos", "count"),
    [
        ("a.mp4", 1),
        (["a.mp4", "b.mp4"], 2),
        (["a.png", "b.JPG", "c.png"], 1),
        (["a.png", "b.mp4"], 2),
        (b"bytes", 1),
        (np.zeros((6, 8, 8)), 1),
        (np.zeros((6, 8, 8, 3)), 1),
        (np.zeros((2, 6, 8, 8, 3)), 2),
        ([np.zeros((8, 8))] * 6, 1),
        ([np.zeros((8, 8, 3))] * 6, 1),
        ([np.zeros((6, 8, 8))] * 2, 2),
        ([np.zeros((6, 8, 8, 1))] * 2, 2),
        ([[np.zeros((8, 8))] * 6] * 2, 2),
        ([Image.new("L", (8, 8))] * 6, 1),
    ],
)
def test_a_batch_is_told_from_a_clip(videos, count):
    assert len(split_batch(videos)) == count


def test_a_video_that_a_phone_turned_stands_upright(frames, tmp_path, monkeypatch):
    frames = frames.copy()
    frames[:, :8] = 255  # a bright edge on top
    video = write_video(tmp_path / "turned.mp4", frames)
    monkeypatch.setattr(av.VideoFrame, "rotation", 90, raising=False)
    turned = next(iter(open_clip(video).frames()))
    assert turned.shape == (64, 48, 3)
    assert turned[:, :6].mean() > 240 > turned[:, 12:].mean()  # a quarter turn against the clock: top becomes left


def test_two_pictures_are_told_from_videos_and_batches(frames, tmp_path):
    (tmp_path / "folder.png").mkdir()
    one, other = frames[0], Image.fromarray(frames[1])
    pairs = (
        [one, other],
        (one[..., 0], one),
        frames[:2],
        torch.from_numpy(frames[:2]),
        ["rest.JPG", tmp_path / "a.png"],
    )
    assert all(are_two_pictures(pair) for pair in pairs)
    others = (frames, [one], [one, other, one], ["a.mp4", "b.mp4"], ["a.png", "b.mp4"], [frames, frames], "a.png")
    assert not any(are_two_pictures(other) for other in others)
    assert not are_two_pictures([tmp_path / "folder.png"] * 2), "folders of images are clips"


def test_image_files_are_frames_turned_upright(frames, tmp_path):
    turned = Image.fromarray(frames[0])
    turned.getexif()[0x0112] = 6  # a phone held upright
    turned.save(tmp_path / "rest.jpg", exif=turned.getexif())
    Image.fromarray(frames[1]).save(tmp_path / "apex.png")
    shown = list(open_clip([str(tmp_path / "rest.jpg"), tmp_path / "apex.png"]).frames())
    assert [picture.shape for picture in shown] == [(64, 48, 3), (48, 64, 3)]
    assert np.abs(shown[0].astype(int) - 20).max() <= 2 and np.array_equal(shown[1], frames[1])
    with pytest.raises(ClipError, match=r"apex\.png: one picture shows no movement; give two") as alone:
        open_clip(tmp_path / "apex.png")
    assert alone.value.code is ClipFault.NOT_A_CLIP
    with pytest.raises(ClipError, match=r"gone\.jpg: no such image") as missing:
        list(open_clip([tmp_path / "gone.jpg"]).frames())
    assert missing.value.code == "not_found"
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ClipError, match=r"text\.jpg: not a readable image"):
        list(open_clip([tmp_path / "text.jpg"]).frames())


def test_photographs_of_phones_and_browsers_are_read_or_their_format_is_named(frames, tmp_path):
    still, moving, heic = (tmp_path / name for name in ("rest.webp", "moves.webp", "apex.HEIC"))
    shown = [Image.fromarray(frame) for frame in frames]
    shown[0].save(still, lossless=True)
    shown[0].save(moving, save_all=True, append_images=shown[1:])
    heic.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    assert are_two_pictures([still, still])
    np.testing.assert_array_equal(next(open_clip([still]).frames()), frames[0])
    with pytest.raises(ClipError, match=r"rest\.webp: one picture shows no movement"):
        open_clip(still)
    with pytest.raises(ClipError, match=r"moves\.webp: a WebP image of several pictures is not read; save it as"):
        open_clip(moving)
    for read in (lambda: open_clip(heic), lambda: list(open_clip([heic]).frames())):
        with pytest.raises(ClipError, match=r"apex\.HEIC: .* format HEIC are not read; save it as JPEG"):
            read()


def test_what_a_mac_leaves_beside_images_is_no_image(frames, tmp_path):
    for number in (1, 2):
        Image.fromarray(frames[number]).save(tmp_path / f"img{number}.jpg")
        (tmp_path / f"._img{number}.jpg").write_bytes(b"Mac OS X")
    assert np.abs(np.subtract(means(open_clip(tmp_path)), [60, 100])).max() <= 2


def test_names_may_hold_digits_that_are_no_number(frames, tmp_path):
    for number, name in enumerate(("1²2.png", "1²10.png", "²3.png", "a².png", "٣.png")):
        Image.fromarray(frames[number]).save(tmp_path / name)
    assert len(open_clip(tmp_path)) == 5


def test_a_broken_image_of_a_folder_is_named_with_its_frame(frames, tmp_path):
    for i, frame in enumerate(frames):
        Image.fromarray(frame).save(tmp_path / f"{i + 8}.png")
    (tmp_path / "11.png").write_bytes(b"broken")
    with pytest.raises(ClipError, match=r"11\.png, frame 3: not a readable image"):
        list(open_clip(tmp_path).frames())
