"""Many people and many hostile uploads on the page; what is counted is printed, and nothing is kept.

python -m pytest -m slow -s tests/campaign/test_page.py
"""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.campaign.page_visits import DecodingPipe, Person, kept, open_page
from tests.processing_aullm.grey_films import write
from tests.space_app.fake_pipe import FakePipe

pytestmark = pytest.mark.slow
PEOPLE, UPLOADS, SEED = 50, 100, 14


def settled(page) -> list:
    """What is kept once those who left have been noticed; a minute at most."""
    for _ in range(60):
        if not kept(page):
            break
        time.sleep(1)
    return kept(page)


def visit(person: Person) -> Counter:
    """Bring the same film as everybody else, read it, look closer; half delete it, half just go."""
    states = [person.bring("jane_doe.mp4", b"film")]
    states += [person.press("found", person.video, 0, 0, None)]
    states += [person.press("look", person.video, None, 0, 1, None)]
    there = Path(person.path).is_file()  # whatever others have deleted
    states.append(person.delete() if int(person.session, 16) % 2 else person.leave())
    counted = Counter(
        f"{step}: {state}" for step, state in zip(("brought", "read", "looked", "gone"), states, strict=True)
    )
    return counted + Counter({"own film still there": there, "turned away by a full queue": person.turned_away})


def test_fifty_people_with_the_same_film_keep_out_of_each_others_way(tmp_path):
    with open_page(tmp_path, FakePipe()) as page:
        people = [Person(page) for _ in range(PEOPLE)]
        with ThreadPoolExecutor(PEOPLE) as pool:
            counted = sum(pool.map(visit, people), Counter())
        left = settled(page)
        print(f"\n{PEOPLE} people at once: {dict(counted)}, paths: {len({p.path for p in people})}, kept: {len(left)}")
        assert counted["brought: ready"] == counted["read: done"] == counted["own film still there"] == PEOPLE
        assert counted["looked: shown"] + counted["looked: forgotten"] == PEOPLE, "Gradio remembers 32 people"
        assert counted["gone: deleted"] + counted["gone: None"] == PEOPLE
        assert len({person.path for person in people}) == PEOPLE and not left
    assert not page.place.exists()


def hostile(kind: str, chance: random.Random, film: bytes, canary: Path) -> bytes:
    """The contents of one hostile upload."""
    damaged = bytearray(film)
    for _ in range(chance.randrange(1, 400)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return {
        "playlist": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{canary}\n#EXT-X-ENDLIST\n".encode(),
        "concat": f"ffconcat version 1.0\nfile '{canary}'\n".encode(),
        "session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "noise": chance.randbytes(chance.randrange(1, 5000)),
        "nothing": b"",
        "cut": film[: chance.randrange(1, len(film))],
        "damaged": bytes(damaged),
        "page": b"<html><script>alert(1)</script></html>",
        "picture": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "film": film,
    }[kind]


KINDS = ("playlist", "concat", "session description", "noise", "nothing", "cut", "damaged", "page", "picture", "film")
NAMES = (
    "film.mp4",
    "../../film.mp4",
    "film.m3u8",
    "<img src=x onerror=alert(1)>.mp4",
    "f" * 300 + ".mp4",
    "%03d.png",
    "пÿ\u202e4pm.avi",
)
TOLD = {"ready", "not-a-video", "too-small", "no-rate"}
READ = {"done", "not-a-video", "bad-part", "too-long", "too-short", "no-rate"}


def test_a_hundred_hostile_uploads_are_told_and_not_kept(tmp_path):
    chance = random.Random(SEED)
    film = write(tmp_path / "good.mp4", [40 * i for i in range(40)], {}, (128, 96)).read_bytes()
    canary = tmp_path / "canary.ts"
    write(canary, [40 * i for i in range(40)], {}, (128, 96))
    with open_page(tmp_path, pipe := DecodingPipe()) as page:
        counted, surprising = Counter(), []
        for number in range(UPLOADS):
            kind, name = KINDS[number % len(KINDS)], chance.choice(NAMES)
            person = Person(page)
            told = person.bring(name, hostile(kind, chance, film, canary))
            state = person.press("found", person.video, 0, 0, None) if told == "ready" else told
            person.leave()
            counted[f"{kind}: {state}"] += 1
            if (told is not None and told not in TOLD) or (told == "ready" and state not in READ):
                surprising.append((number, kind, name, told, state))
            if kind in ("playlist", "concat", "session description"):
                assert told in (None, "not-a-video"), f"{kind} as {name} was opened"
        left = settled(page)
        print(f"\n{UPLOADS} hostile uploads (seed {SEED}): {dict(sorted(counted.items()))}, kept: {len(left)}")
        assert not surprising and not left
        assert counted["film: done"] and pipe.seen
    assert not page.place.exists()


def test_programs_are_answered_within_the_same_limits_and_leave_nothing(tmp_path):
    from gradio_client import Client, handle_file

    film = tmp_path / "jane_doe.mp4"
    film.write_bytes(b"film")
    with open_page(tmp_path, FakePipe()) as page:
        client = Client(page.address, verbose=False, download_files=False)
        assert client.predict(handle_file(str(film)), 0, 0, api_name="/read")["faces"]
        assert not kept(page), "a program's upload goes with the answer"
        assert client.predict(handle_file(str(film)), 54, 66, 0, api_name="/explain")["probabilities"]["AU4"] == 0.83
        for asked, told in (((0, 36000, 0), "too long"), ((66, 54, 0), "nothing to read"), ((54, 66, 9), "face")):
            with pytest.raises(Exception, match=told):
                client.predict(handle_file(str(film)), *asked, api_name="/explain")
        link = {"path": "https://example.org/film.mp4", "meta": {"_type": "gradio.FileData"}}
        with pytest.raises(Exception, match="Addresses are not fetched"):
            client.predict(link, 0, 0, api_name="/read")
        assert not kept(page)
