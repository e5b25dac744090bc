"""A file that names other files of the machine is never followed: a canary that it points to is not read."""

import struct

import av
import pytest
from PIL import Image

from processing_aullm import ClipError, ClipFault
from processing_aullm.video_aullm import open_clip
from tests.processing_aullm.grey_films import write

DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">'
    '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{canary}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>"
)
SESSION = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/9000\n"
)
POINTERS = {
    "playlist": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{canary}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{canary}'\n",
    "concat of a neighbour": "ffconcat version 1.0\nfile 'canary.ts'\n",
    "dash": DASH,
    "session": SESSION,
}


@pytest.fixture
def canary(tmp_path):
    return write(tmp_path / "canary.ts", [40 * i for i in range(30)])


@pytest.mark.parametrize("name", ["film.m3u8", "film.mp4", "film.ffconcat", "film.mpd"])
@pytest.mark.parametrize("pointer", POINTERS)
def test_a_canary_is_not_read_whatever_points_to_it(tmp_path, monkeypatch, canary, pointer, name):
    monkeypatch.chdir(tmp_path)  # bytes have no folder of their own: names in them count from here
    film = tmp_path / name
    film.write_text(POINTERS[pointer].format(canary=canary))
    for video in (film, film.read_bytes()):
        with pytest.raises(ClipError, match=r"clip|film") as told:
            len(open_clip(video))
        assert told.value.code == ClipFault.UNREADABLE


def test_the_error_says_that_playlists_are_not_followed(tmp_path, canary):
    film = tmp_path / "film.m3u8"
    film.write_text(POINTERS["playlist"].format(canary=canary))
    with pytest.raises(ClipError, match=r"film\.m3u8: not a video file that is read here; playlists .* never followed"):
        open_clip(film).frames()
        len(open_clip(film))


@pytest.mark.parametrize("pattern", ["%03d.png", "*.png"])
def test_a_name_that_is_a_pattern_opens_no_other_file(tmp_path, pattern):
    Image.new("L", (64, 48)).save(tmp_path / "000.png")
    (tmp_path / pattern).write_bytes(b"")
    with pytest.raises(ClipError):
        len(open_clip(tmp_path / pattern))


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts", "mpg", "y4m", "m4v", "gif", "flv", "asf", "nut"])
def test_formats_that_hold_their_own_pictures_are_read(tmp_path, suffix):
    codec = {"y4m": "wrapped_avframe", "gif": "gif", "flv": "flv1", "mpg": "mpeg1video"}.get(suffix, "mpeg4")
    film = tmp_path / f"film.{suffix}"
    with av.open(str(film), "w") as container:
        stream = container.add_stream(codec, rate=25, width=64, height=48)
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for _ in range(12):
            container.mux(stream.encode(av.VideoFrame(64, 48, stream.pix_fmt)))
        container.mux(stream.encode())
    assert len(open_clip(film)) == len(open_clip(film.read_bytes())) == 12


def referring(film: bytes, path: str) -> bytes:
    """An MP4 (its moov last) without pictures of its own, whose track says that they lie in another file.

    Source: QuickTime File Format, "Data reference atoms": an entry of type `alis` holds a Macintosh alias.
    """
    levels = struct.pack(">HH", 1, 1)  # up from here, and down to there
    alias = bytes(130) + levels + bytes(16) + struct.pack(">HH", 2, len(path)) + path.encode() + bytes(len(path) % 2)
    entry = b"alis" + bytes(4) + alias + b"\xff\xff\0\0"
    own = film.index(b"url ") - 4
    added = len(entry) + 4 - 12
    changed = bytearray(film[:own] + struct.pack(">I", len(entry) + 4) + entry + film[own + 12 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = film.rindex(box, 0, own) - 4
        changed[at : at + 4] = struct.pack(">I", struct.unpack(">I", film[at : at + 4])[0] + added)
    start = film.index(b"mdat") + 4
    end = start - 8 + struct.unpack(">I", film[start - 8 : start - 4])[0]
    changed[start:end] = bytes(end - start)
    return bytes(changed)


def test_a_track_that_lies_in_another_file_is_not_read(tmp_path):
    canary = write(tmp_path / "canary.mp4", [40 * i for i in range(30)])
    film = tmp_path / "film.mp4"
    film.write_bytes(referring(canary.read_bytes(), "/canary.mp4"))
    with av.open(str(film), container_options={"enable_drefs": "1"}) as followed:
        assert sum(1 for _ in followed.decode(video=0)) == 30, "where references are followed, this one leads there"
    with pytest.raises(ClipError) as told:
        len(open_clip(film))
    assert told.value.code in (ClipFault.UNREADABLE, ClipFault.EMPTY)
