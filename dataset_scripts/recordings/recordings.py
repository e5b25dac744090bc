"""Clips of a long recording as rows: episodes of `episodes.cut_episodes` with the coding they were cut by.

Tested in tests/dataset_scripts/sets/test_disfa.py.
"""

from collections.abc import Sequence
from dataclasses import replace

from dataset_scripts.cells.coding import INTENSITIES
from dataset_scripts.cells.facs import CodedUnit, Coding
from dataset_scripts.recordings.episodes import Cutting, Episode, cut_episodes
from dataset_scripts.recordings.frame_codes import FrameCodes
from dataset_scripts.rows import ClipRow


def episode_rows(
    subject: str,
    recording: str,
    codes: FrameCodes,
    fps: float,
    cutting: Cutting,
    sheet: str,
    split: str | None = None,
    graded: bool = False,
) -> list[ClipRow]:
    """Cut a recording and write a row for each clip.

    Args:
        subject, recording: whose, and what its frames lie under; also the beginning of the clips' names.
        codes: frame by frame.
        fps: frames per second.
        cutting: how to cut.
        sheet: where the codes stand, for messages.
        split: key of the part of the set.
        graded: the codes are intensities 1 to 5, which become the letters A to E.

    Returns:
        One row an episode, named after the frame it begins with, as in "T1_00123"; rest clips as in "T1_rest_00450".
        Units that the recording never codes are left out of `coding`; those that nobody can tell in this clip are also
        left out of `coded_units`, so that they stay unknown whatever doubtful units count as.
    """
    coded = tuple(unit for unit, column in zip(codes.units, codes.values.T, strict=True) if (column >= 0).any())
    rows = []
    for episode in cut_episodes(codes.values, fps, cutting):
        onset, apex, offset = (
            None if frame is None else codes.first + frame for frame in (episode.onset, episode.apex, episode.offset)
        )
        name = f"{recording}_{'rest_' if apex is None else ''}{onset:05d}"
        coding = _coding(episode, codes.units, coded, graded)
        row = ClipRow(subject, name, coding, None, onset, apex, offset, None, None, sheet, 0, recording, split)
        told = tuple(unit for unit, state in zip(codes.units, episode.states, strict=True) if state != -1)
        rows.append(replace(row, coded_units=told))
    return rows


def _coding(episode: Episode, units: Sequence[int], coded: Sequence[int], graded: bool) -> Coding:
    """Units that came on are sure; units that were coded elsewhere and cannot be told here are unclear."""
    found = []
    for number, state, peak in zip(units, episode.states, episode.peaks, strict=True):
        if state == 1:
            found.append(CodedUnit(number, intensity=INTENSITIES[peak - 1] if graded else None))
        elif state == -1 and number in coded:
            found.append(CodedUnit(number, certainty="unclear"))
    return Coding(tuple(found))
