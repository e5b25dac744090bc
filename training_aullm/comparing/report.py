"""A finished comparison as table (terminal, markdown, LaTeX), figure and one line of JSON.

OUT/results.md, OUT/results.tex, OUT/results.png, OUT/results.json

Tested in tests/training_aullm/comparing/test_comparison.py.
"""

from rich.console import Console

from dataset_scripts.whole_files import write_whole
from training_aullm.comparing.comparison import Comparison
from training_aullm.comparing.results import result_rows
from training_aullm.figures.comparison import draw_comparison
from training_aullm.score.report import json_line, latex_table, markdown_table, result_table

COLUMNS = {
    "method": "method",
    "f1": "mean F1 (95%)",
    "minus_first": "minus {first} (95%)",
    "free_f1": "label-free F1 (95%)",
    "macro_f1": "macro F1 (95%)",
    "auc": "AUC",
    "average_precision": "AP",
    "tries": "tries",
    "seconds": "s a fit",
}
OLD_COLUMNS = {
    "method": "method",
    "f1": "mean F1 (95%)",
    "old_f1": "F1 at the best threshold of the test clips: no result",
    "old_macro_f1": "two-class F1 there: what older tables report",
}


def show_comparison(comparison: Comparison, console: Console, old_scoring: bool = False) -> str:
    """Print the tables and write all files.

    Args:
        comparison: all of whose pieces are done.
        console: to print on.
        old_scoring: also what scripts report that choose thresholds by the test clips.

    Returns:
        The line of JSON.
    """
    rows, title = result_rows(comparison, comparison.write_manifest(), old_scoring), caption(comparison)
    columns = {key: heading.format(first=rows[0]["method"]) for key, heading in COLUMNS.items()}
    tables = [(columns, title)]
    groups = [key for key in rows[0] if key.startswith("f1 ")]
    if len(groups) > 1:
        each = {key: key.removeprefix("f1 ") for key in groups}
        tables.append(({"method": "method"} | each, "mean F1 (95%) of each"))
        free = {key.replace("f1 ", "free ", 1): group for key, group in each.items()}
        if any(key in row for row in rows for key in free):
            tables.append(({"method": "method"} | free, "label-free F1 (95%) of each"))
    if old_scoring:
        tables.append((OLD_COLUMNS, "the old literature's scoring, beside ours: thresholds chosen by the test clips"))
    for shown, heading in tables:
        console.print(result_table(rows, shown, heading))
    content = {"protocol": comparison.protocol, "seeds": comparison.seeds, "label_releases": label_releases(comparison)}
    out, line = comparison.out, json_line(content | {"results": rows})
    write_whole(
        out / "results.md", "\n\n".join(f"{text}\n\n{markdown_table(rows, shown)}" for shown, text in tables) + "\n"
    )
    write_whole(out / "results.tex", "\n".join(latex_table(rows, shown, text) for shown, text in tables))
    write_whole(out / "results.json", line + "\n")
    names, scores = [row["method"] for row in rows], [row["f1"] for row in rows]
    draw_comparison(out / "results.png", names, scores, [row.get("minus_first") for row in rows], title)
    return line


def label_releases(comparison: Comparison) -> dict[str, list[str]]:
    """Which codings each data set was scored by; none where nobody said."""
    return {
        name: sorted({*table["label_release"]} - {None}) if "label_release" in table.column_names else []
        for name, table in comparison.tables.items()
    }


def caption(comparison: Comparison) -> str:
    """What was compared on whom, in one line; rendered people are called so."""
    releases = label_releases(comparison)
    data = ", ".join(
        f"{name} ({', '.join([f'{len(table)} clips', *(f'labels {release}' for release in releases[name])])})"
        for name, table in comparison.tables.items()
    )
    synthetic = any(name.endswith("-like") for name in comparison.tables)
    how = f"{comparison.folds} folds of people" if comparison.protocol == "kfold" else comparison.protocol
    seeds = f"{comparison.seeds} seed{'s' if comparison.seeds > 1 else ''}"
    return f"{data}, {how}, {seeds}{', rendered people (synthetic)' if synthetic else ''}"
