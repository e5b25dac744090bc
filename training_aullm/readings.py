"""A timeline made readable: a table for the terminal and a picture."""

from pathlib import Path

from rich.table import Table

from dataset_scripts.labels import AU_MEANINGS
from processing_aullm import AlignedClip
from training_aullm.figures.timeline import draw_timeline
from training_aullm.predict import Timeline

MOST_SPANS = 4


def reading_table(timeline: Timeline) -> Table:
    """One row per action unit: its highest probability, when, and where it is present.

    Args:
        timeline: of one video.

    Returns:
        A table for rich.
    """
    last = timeline.ends[-1] - timeline.starts[0]
    table = Table(title=f"{timeline.video}: {len(timeline.starts)} windows over {last:.2f} s", title_justify="left")
    table.add_column("AU")
    table.add_column("meaning")
    table.add_column("highest", justify="right")
    table.add_column("at", justify="right")
    table.add_column(f"present (>= {timeline.threshold:g})")
    for peak in timeline.peaks():
        spans = [f"{start:.2f}-{end:.2f} s" if end > start else f"{start:.2f} s" for start, end in peak.spans]
        more = [f"+ {len(spans) - MOST_SPANS} more"] if len(spans) > MOST_SPANS else []
        row = (f"{peak.probability:.2f}", f"{peak.at:.2f} s", ", ".join(spans[:MOST_SPANS] + more))
        table.add_row(peak.action_unit, AU_MEANINGS[peak.action_unit], *row, style="bold" if spans else "dim")
    return table


def draw_reading(
    path: str | Path, timeline: Timeline, aligned: AlignedClip, truth: list[tuple[float, float, str]] | None = None
) -> None:
    """Write the curves over a strip of the aligned frames.

    Args:
        path: PNG file.
        timeline: of one video.
        aligned: the clip that the timeline was read from.
        truth: (start, end, text) spans in seconds where something is known to happen.
    """
    frame_times = [(aligned.first + i) / timeline.fps for i in range(len(aligned.crops))]
    draw_timeline(
        path,
        title=f"{Path(timeline.video).name}: probability of each action unit over time",
        times=timeline.centres,
        probabilities=timeline.probabilities,
        action_units=timeline.action_units,
        meanings=AU_MEANINGS,
        frames=aligned.crops,
        frame_times=frame_times,
        threshold=timeline.threshold,
        truth=truth or (),
    )
