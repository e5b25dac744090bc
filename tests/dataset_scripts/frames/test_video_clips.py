"""Videos as the frames of clips: looked at first, decoded later, with the numbers that a processor gives them."""

import io
import struct
import threading

import av
import numpy as np
import pytest
from PIL import Image

from dataset_scripts.frames.video_clips import VideoClip, VideoError, open_video
from processing_aullm import video_file_aullm
from tests.dataset_scripts.trees.videos import number_of, write_video


def numbers(jpegs):
    return [number_of(Image.open(io.BytesIO(jpeg))) if jpeg else None for jpeg in jpegs]


def test_frames_are_called_as_the_labels_count(tmp_path):
    clip = open_video(write_video(tmp_path / "a.avi", frames=8, fps=20), first=1)
    assert clip.numbers == range(1, 9) and clip.fps == 20, (
        "no tuple, of which an hour of film has a megabyte for each clip"
    )
    assert numbers(clip.read((1, 2, 3))) == [0, 1, 2]
    assert numbers(clip.read((4, 6))) == [3, 5]
    assert clip.read(()) == VideoClip(clip.path, ()).read(()) == []


def test_the_mark_of_a_video_does_not_depend_on_how_its_numbers_are_kept(tmp_path):
    clip = open_video(write_video(tmp_path / "a.avi", frames=8))
    assert clip.signature(range(2, 5)) == clip.signature((2, 3, 4)) and clip.signature((2, 3, 4)).endswith("(2,)(4,)")


def test_a_clip_late_in_a_video_does_not_decode_what_stands_before(tmp_path, monkeypatch):
    clip = open_video(write_video(tmp_path / "a.mp4", frames=50))
    decoded, decode = [], video_file_aullm._Pass.decode
    monkeypatch.setattr(
        video_file_aullm._Pass,
        "decode",
        lambda each, container: (decoded.append(f) or f for f in decode(each, container)),
    )
    assert numbers(clip.read((48, 49))) == [48, 49]
    assert len(decoded) < 25


def test_threads_do_not_share_a_decoder(tmp_path):
    clip = open_video(write_video(tmp_path / "a.avi", frames=20))
    found = {}

    def read(first):
        found[first] = [number for at in range(first, 16, 4) for number in numbers(clip.read((at, at + 1)))]

    threads = [threading.Thread(target=read, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {first: [at + more for at in range(first, 16, 4) for more in (0, 1)] for first in range(4)}


@pytest.mark.filterwarnings("ignore:.*stays usable")
def test_what_cannot_be_decoded_is_empty_and_a_replaced_file_is_read_anew(tmp_path):
    path = write_video(tmp_path / "a.avi", frames=50)
    clip = open_video(path)
    assert numbers(clip.read((0, 49))) == [0, 49]
    before = clip.signature((0, 49))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    assert clip.signature((0, 49)) != before
    torn = numbers(clip.read((0, 10, 48, 49)))
    assert torn[:2] == [0, 10] and torn[2:] == [None, None]
    path.write_bytes(b"nothing")
    assert clip.read((0, 1)) == [b"", b""]


def test_a_film_that_a_phone_turned_stands_upright(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        bright_above = np.zeros((64, 96, 3), np.uint8)
        bright_above[:16] = 255
        container.mux(stream.encode(av.VideoFrame.from_ndarray(bright_above, format="rgb24")))
        container.mux(stream.encode())
    plain = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    clockwise = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)  # x' = -y, y' = x
    content = path.read_bytes()
    at = content.index(plain, content.index(b"tkhd"))
    path.write_bytes(content[:at] + clockwise + content[at + len(clockwise) :])
    picture = np.asarray(Image.open(io.BytesIO(open_video(path).read((0,))[0])).convert("L"))
    assert picture.shape == (96, 64)
    assert picture[:, -12:].mean() > 240 and picture[:, :40].mean() < 15


def test_what_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(VideoError, match=r"a\.mp4: not a readable video"):
        open_video(tmp_path / "a.mp4")
