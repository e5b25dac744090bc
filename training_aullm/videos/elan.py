"""A reading as an ELAN file (.eaf): a coder sees it over the video, corrects it, and gives it back.

    write_eaf(Path("out/face"), summary, "face.mp4")  # out/face.eaf

Tiers of a face are named as in ELAN's own convention, type@participant: `movement@face0`, `apex@face0`, `blink@face0`,
and one an action unit and side, `AU12 L@face0`, `AU12 R@face0`, `AU12@face0` for both sides. Annotations of one tier
may not overlap in ELAN: a movement that would gets the tier `movement (2)@face0`, and its apex and its units the same
number. An annotation lasts from the time of its first frame to that of its last; that of an apex lasts one frame.
"""

import mimetypes
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pympi import Eaf

from dataset_scripts.whole_files import whole_file
from training_aullm.videos.played import Played
from training_aullm.videos.summary import Summary, by_second_opinion
from training_aullm.videos.whose import way_to

MOVEMENT, APEX, BLINK = "movement", "apex", "blink"
LETTERS = {"left": " L", "right": " R"}
FPS = "aullm:fps"


def write_eaf(base: Path, summary: Summary, video: str | Path, played: Played | None = None) -> Path:
    """Write BASE.eaf, with the video linked by its path and by the way from BASE to it, where there is one.

    Its date is the video's, so that the same reading is the same file.

    Args:
        played: when ELAN shows which frame; None: from 0 on, at the reading's own rate.
    """
    path, fps = base.with_name(f"{base.name}.eaf"), summary.head["fps"]
    played = played or Played(fps)
    eaf = Eaf(author="aullm")
    eaf.remove_tier("default")
    eaf.adocument["DATE"] = datetime.fromtimestamp(os.stat(video).st_mtime, UTC).isoformat(timespec="seconds")
    eaf.add_property(FPS, fps)
    if not os.path.isdir(video):  # ELAN plays no folder of images
        kind = mimetypes.guess_type(video)[0] or "unknown"
        way = way_to(video, path.parent)
        eaf.add_linked_file(Path(video).absolute().as_uri(), way and f"./{way}", kind)
    lanes: dict[tuple[str, int], list[int]] = {}  # movements or blinks of a face -> where the last in each lane ends
    for row in summary.events:
        annotations = list(_annotations(row, played))
        kind, onset, *_ = annotations[0]
        ends = lanes.setdefault((kind, row["face"]), [])
        lane = next((place for place, end in enumerate(ends) if end <= onset), len(ends))
        ends[lane : lane + 1] = [max(last for _, _, last, _ in annotations)]
        for name, first, last, text in annotations:
            tier = f"{name}{f' ({lane + 1})' if lane else ''}@face{row['face']}"
            if tier not in eaf.get_tier_names():
                eaf.add_tier(tier, part=f"face{row['face']}")
            eaf.add_annotation(tier, first, last, text)
    _sort_times(eaf)
    with whole_file(path) as unfinished:
        eaf.to_file(unfinished)
    return path


def _sort_times(eaf: Eaf) -> None:
    """Number the time slots in order of time, as ELAN writes them; pympi numbers them as they come."""
    order = sorted(eaf.timeslots, key=eaf.timeslots.get)
    names = {slot: f"ts{number}" for number, slot in enumerate(order, 1)}
    eaf.timeslots = {names[slot]: eaf.timeslots[slot] for slot in order}
    for annotations, *_ in eaf.tiers.values():
        for key, (first, last, *rest) in annotations.items():
            annotations[key] = (names[first], names[last], *rest)


def _annotations(row: dict, played: Played) -> Iterator[tuple[str, int, int, str]]:
    """Tier without its face, start and end in milliseconds, and text of what an event becomes; itself comes first."""
    onset, apex, behind, offset = (
        round(1000 * played.seconds(frame)) for frame in (row["onset"], row["apex"], row["apex"] + 1, row["offset"])
    )
    offset = max(offset, onset + 1)  # ELAN knows nothing that lasts no time
    frames = f"frames {row['onset']} to {row['offset']}"
    if row["score"] is None:
        yield BLINK, onset, offset, frames if row["kind"] == "blink" else f"{row['kind']}, {frames}"
        return
    size = "" if row["size_px"] is None else f", {row['size_px']:.2f} px, {row['size_mm']:.2f} mm"
    side = f", {row['side']}" if row["side"] else ""
    yield MOVEMENT, onset, offset, f"{row['kind']} {row['score']:.2f}{side}{size}, {frames}{by_second_opinion(row)}"
    yield APEX, apex, max(behind, apex + 1), f"frame {row['apex']}"
    for unit in row["action_units"].split():
        name, probability = unit.split(":")
        yield f"{name}{LETTERS.get(row['side'], '')}", onset, offset, f"{probability}{by_second_opinion(row)}"
