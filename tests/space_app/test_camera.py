"""The browser's side of the live camera, `camera.js`, on a stand-in for a browser (`camera_stage.js`)."""

import pytest
from live import SILENT_S

from tests.space_app.staging import staged

FILM_IS_THERE = "Stopped. The film is under “A video” now"
MBIT = 125_000  # characters a second
SILENT_MS = 1000 * SILENT_S  # after which the machine forgets a camera


def filmed(**plan) -> dict:
    """What happens when the camera is started and a plan unfolds: what was said, sent and taken."""
    return staged("camera_stage.js", "camera.js", **{"picture": 40_000, "network": 100 * MBIT, **plan})


def test_what_was_filmed_is_there_once_it_is_stopped():
    seen = filmed(stops=[5000])
    assert seen["said"][-1].startswith(FILM_IS_THERE) and not seen["films"] and seen["startable"]
    assert sum(batch["pictures"] for batch in seen["batches"]) == seen["taken"] > 90
    assert seen["ended"] == [{"name": "stop", "batches": len(seen["batches"])}]


@pytest.mark.parametrize("speed", [0.3, 1, 4])
def test_a_slow_network_keeps_the_whole_film(speed):
    seen = filmed(stops=[20_000], network=speed * MBIT)
    assert sum(batch["pictures"] for batch in seen["batches"]) == seen["taken"] > 190, "20 s, 10 pictures a second"
    assert max(batch["took"] for batch in seen["batches"]) < SILENT_MS, "else the camera is forgotten meanwhile"
    assert seen["said"][-1].startswith(FILM_IS_THERE)
    assert any("rest of the film is being sent" in told for told in seen["said"])
    assert not seen["batches"][-1]["read"], "nobody watches any more"


def test_who_does_not_want_to_wait_goes_without_the_rest():
    seen = filmed(stops=[20_000, 30_000], network=MBIT)
    assert 10 < sum(batch["pictures"] for batch in seen["batches"]) < seen["taken"]
    assert seen["said"][-1].startswith(FILM_IS_THERE)


def test_it_films_no_longer_than_the_page_reads():
    seen = filmed(network=MBIT / 2, begin={"token": "t", "rates": [20, 10], "seconds": 5})
    assert 50 <= seen["taken"] <= 101 and len(seen["ended"]) == 1


@pytest.mark.parametrize("plan", [{"silent": 3}, {"problem": {"at": 3, "html": "<p>Nothing was filmed.</p>"}}])
def test_where_a_film_may_be_lost_nothing_else_is_said(plan):
    seen = filmed(stops=[20_000], **plan)
    assert not any(FILM_IS_THERE in told for told in seen["said"])
    assert "does not answer" in seen["said"][-1] or seen["said"][-1] == "<p>Nothing was filmed.</p>"
    assert len(seen["ended"]) == 1, "what had arrived becomes the video, where there is one"


def test_stopped_at_once_there_is_no_film():
    assert filmed(stops=[1])["said"][-1] == "Stopped."


@pytest.mark.parametrize(
    ("begin", "told"),
    [("silent", "does not answer"), ({"problem": "<p>Others are being filmed.</p>"}, "Others are being filmed")],
)
def test_a_start_that_fails_is_spoken_and_the_camera_goes_dark(begin, told):
    seen = filmed(begin=begin)
    assert told in seen["said"][-1] and seen["startable"] and not seen["films"]
    assert not seen["ended"], "there is no film"
