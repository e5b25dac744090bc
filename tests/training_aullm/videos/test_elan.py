"""ELAN files: what stands on which tier, and that ELAN can read them."""

import os
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from lxml import etree
from pympi import Eaf

from training_aullm.videos.elan import write_eaf
from training_aullm.videos.summary import Summary
from training_aullm.videos.whose import refuse_others

EVENT = {"face": 0, "kind": "micro", "onset": 30, "apex": 32, "offset": 35, "score": 0.8, "action_units": "AU4:0.83"}
EVENT |= {"side": None, "size_px": None, "size_mm": None, "named_by": "aullm", "second_opinion": None}


@pytest.fixture
def write(tmp_path):
    """Writes the file of some events at 100 frames a second; the video lies one folder above."""
    video = tmp_path / "a face.mp4"
    video.write_bytes(b"film")

    def write(*events: dict):
        rows = sorted(({**EVENT, **event} for event in events), key=lambda row: row["onset"])
        (tmp_path / "out").mkdir(exist_ok=True)
        return write_eaf(tmp_path / "out" / "face", Summary({"fps": 100.0}, {}, rows), video)

    return write


def tiers(path) -> dict[str, list[tuple]]:
    eaf = Eaf(path)
    return {name: [each[:3] for each in eaf.get_annotation_data_for_tier(name)] for name in eaf.get_tier_names()}


def test_a_tier_an_action_unit_and_side_one_for_movements_one_for_blinks(write):
    extent = {"side": "left", "size_px": 1.2, "size_mm": 0.863}
    blink = {"kind": "blink", "onset": 50, "apex": 52, "offset": 55, "score": None, "action_units": ""}
    found = tiers(write({**extent, "action_units": "AU4:0.83 AU12:0.60"}, blink, {"face": 1, "side": "both"}))
    assert found["movement@face0"] == [(300, 350, "micro 0.80, left, 1.20 px, 0.86 mm, frames 30 to 35")]
    assert found["apex@face0"] == [(320, 330, "frame 32")] and found["blink@face0"] == [(500, 550, "frames 50 to 55")]
    assert found["AU4 L@face0"] == [(300, 350, "0.83")] and found["AU12 L@face0"] == [(300, 350, "0.60")]
    assert found["AU4@face1"] == [(300, 350, "0.83")] and len(found) == 8


def test_a_second_opinion_is_called_one(write):
    found = tiers(write({"named_by": "blendshapes"}))
    assert found["movement@face0"][0][2] == "micro 0.80, frames 30 to 35 (second opinion)"
    assert found["AU4@face0"][0][2] == "0.83 (second opinion)", "which is no probability"


def test_what_overlaps_gets_a_tier_of_its_own(write):
    spans = ((33, 50, 60), (36, 38, 40), (60, 60, 60))
    found = tiers(write({}, *(dict(zip(("onset", "apex", "offset"), span, strict=True)) for span in spans)))
    assert [each[:2] for each in found["movement@face0"]] == [(300, 350), (360, 400), (600, 601)]
    assert [each[:2] for each in found["movement (2)@face0"]] == [(330, 600)]
    assert [each[:2] for each in found["apex (2)@face0"]] == [(500, 510)], "what belongs to it has its number"
    assert [each[:2] for each in found["AU4 (2)@face0"]] == [(330, 600)] and len(found["AU4@face0"]) == 3


def test_no_two_annotations_of_a_tier_overlap(write):
    """Not of two movements either that peak in the frame where one ends and the next begins."""
    found = tiers(write({"apex": 35, "offset": 35}, {"onset": 35, "apex": 35, "offset": 60}))
    assert len(found["apex@face0"]) == len(found["apex (2)@face0"]) == 1
    for marks in found.values():
        assert all(before[1] <= after[0] for before, after in pairwise(marks))


def test_the_video_is_linked_from_where_the_file_lies(write, tmp_path):
    (media,) = Eaf(write({})).get_linked_files()
    assert media["RELATIVE_MEDIA_URL"] == "./../a face.mp4" and media["MIME_TYPE"] == "video/mp4"
    assert media["MEDIA_URL"] == (tmp_path / "a face.mp4").as_uri()


def test_a_video_on_another_drive_is_linked_by_its_address_alone(write, tmp_path, monkeypatch):
    """No way leads from one drive of Windows to another."""

    def no_way(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", no_way)
    path = write({})
    (media,) = Eaf(path).get_linked_files()
    assert media["MEDIA_URL"] == (tmp_path / "a face.mp4").as_uri() and not media.get("RELATIVE_MEDIA_URL")
    refuse_others([path], tmp_path / "a face.mp4")
    with pytest.raises(ValueError, match=r"other\.mp4 would write the same files as .*a face\.mp4"):
        refuse_others([path], tmp_path / "other.mp4")


def test_the_same_reading_is_the_same_file(write):
    assert write({}).read_bytes() == write({}).read_bytes()


def test_times_are_in_order_and_every_reference_is_there(write):
    root = ElementTree.parse(write({}, {"onset": 33, "offset": 60}, {"face": 1, "onset": 2, "apex": 3})).getroot()
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.find("TIME_ORDER")}
    assert list(slots.values()) == sorted(slots.values()) and list(slots) == [f"ts{n + 1}" for n in range(len(slots))]
    annotations = root.findall("TIER/ANNOTATION/ALIGNABLE_ANNOTATION")
    assert all(slots[each.get("TIME_SLOT_REF1")] < slots[each.get("TIME_SLOT_REF2")] for each in annotations)
    assert len({each.get("ANNOTATION_ID") for each in annotations}) == len(annotations) == 9
    kinds = {kind.get("LINGUISTIC_TYPE_ID") for kind in root.findall("LINGUISTIC_TYPE")}
    assert {tier.get("LINGUISTIC_TYPE_REF") for tier in root.findall("TIER")} <= kinds
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", root.get("DATE"))
    order = [child.tag for child in root]
    assert order == sorted(order, key=["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONSTRAINT"].index)


@pytest.mark.skipif("AULLM_EAF_SCHEMA" not in os.environ, reason="AULLM_EAF_SCHEMA names no EAFv2.8.xsd or EAFv3.0.xsd")
def test_the_file_is_valid_by_elans_own_schema(write):
    schema = etree.XMLSchema(etree.parse(os.environ["AULLM_EAF_SCHEMA"]))
    blink = {"kind": "blink", "onset": 50, "apex": 52, "offset": 55, "score": None, "action_units": ""}
    schema.assertValid(etree.parse(write({"side": "left", "size_px": 1.2, "size_mm": 0.8}, blink, {"face": 1})))
    schema.assertValid(etree.parse(write()))
