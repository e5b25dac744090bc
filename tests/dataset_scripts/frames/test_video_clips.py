"""Videos as the frames of clips: counted first, decoded later, in one pass."""

import io
import threading

import pytest
from PIL import Image

from dataset_scripts.frames import video_clips
from dataset_scripts.frames.video_clips import open_video
from dataset_scripts.frames.video_frames import VideoError, VideoFrames
from tests.dataset_scripts.trees.videos import number_of, write_video


def numbers(jpegs):
    return [number_of(Image.open(io.BytesIO(jpeg))) if jpeg else None for jpeg in jpegs]


def test_frames_are_called_as_the_labels_count(tmp_path):
    clip = open_video(write_video(tmp_path / "a.avi", frames=8, fps=20), first=1)
    assert clip.numbers == tuple(range(1, 9)) and clip.fps == 20
    assert numbers(clip.read((1, 2, 3))) == [0, 1, 2]
    assert numbers(clip.read((4, 6))) == [3, 5]
    assert clip.read(()) == []


def test_many_clips_of_one_video_are_one_pass(tmp_path, monkeypatch):
    clip = open_video(write_video(tmp_path / "a.avi", frames=20))
    opened = []

    class Counted(VideoFrames):
        def _rewind(self):
            opened.append(self.path)
            super()._rewind()

    monkeypatch.setattr(video_clips, "VideoFrames", Counted)
    for first in (0, 5, 10, 15):
        assert numbers(clip.read(tuple(range(first, first + 3)))) == list(range(first, first + 3))
    assert len(opened) <= 2  # frame 0 is looked at when the file is opened, and read again by the first clip


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


def test_what_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(VideoError, match=r"a\.mp4: not a readable video"):
        open_video(tmp_path / "a.mp4")
