"""Frames out of video files."""

import io
import struct

import av
import numpy as np
import pytest
from PIL import Image

from dataset_scripts.frames.video_frames import VideoError, VideoFrames
from tests.dataset_scripts.trees.videos import number_of, write_video


def numbers(jpegs):
    return [number_of(Image.open(io.BytesIO(jpeg))) for jpeg in jpegs]


def test_frames_come_by_number_in_any_order(tmp_path):
    with VideoFrames(write_video(tmp_path / "a.mp4", frames=12, fps=25)) as video:
        assert len(video) == 12 and video.fps == 25
        assert numbers(video.read(0, 2)) == [0, 1, 2]
        assert numbers(video.read(5, 6)) == [5, 6]
        assert numbers(video.read(6, 11)) == [6, 7, 8, 9, 10, 11]
        assert numbers(video.read(3, 3)) == [3]


def test_a_frame_that_does_not_exist_is_named(tmp_path):
    with VideoFrames(write_video(tmp_path / "a.avi", frames=4)) as video:
        with pytest.raises(VideoError, match=r"a\.avi: frame 9 does not exist, the video has 4 frames \(0 to 3\)"):
            video.read(2, 9)
        with pytest.raises(VideoError, match="no frames 3 to 2"):
            video.read(3, 2)
        assert numbers(video.read(0, 0)) == [0]


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
    with VideoFrames(path) as video:
        picture = np.asarray(Image.open(io.BytesIO(video.read(0, 0)[0])).convert("L"))
    assert picture.shape == (96, 64)
    assert picture[:, -12:].mean() > 240 and picture[:, :40].mean() < 15


def test_what_is_no_video_is_said(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    with pytest.raises(VideoError, match=r"a\.mp4: not a readable video"):
        VideoFrames(tmp_path / "a.mp4")
    with pytest.raises(VideoError, match=r"b\.mp4: not a readable video"):
        VideoFrames(tmp_path / "b.mp4")


def test_a_torn_file_is_told_at_the_frame(tmp_path):
    whole = write_video(tmp_path / "a.avi", frames=40, size=128).read_bytes()
    (tmp_path / "torn.avi").write_bytes(whole[: len(whole) * 7 // 10])
    with VideoFrames(tmp_path / "torn.avi") as video, pytest.raises(VideoError, match=r"torn\.avi: "):
        video.read(0, 39)
