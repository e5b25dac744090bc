"""Reports, published counts and errata."""

import json
from dataclasses import replace

import pytest

from dataset_scripts.cells.facs import Coding, parse_cell
from dataset_scripts.published import PUBLISHED, TWELVE
from dataset_scripts.registry import MODULES
from dataset_scripts.report import NotAsPublished, Report
from dataset_scripts.rows import ClipRow
from dataset_scripts.sheets.errata import ERRATA, Erratum, accepted, apply_errata

ROW = ClipRow("sub01", "EP01_2", Coding(), "4", 10, 90, 20, None, None, "sheet.xlsx", 7)


def whole_report():
    """A report with exactly the counts published for CASME II."""
    expected = PUBLISHED["casme2", "2019-07-01"]
    report = Report("casme2", "2019-07-01", clips=expected.clips, subjects=expected.subjects)
    report.units, report.without_twelve = dict(expected.units), expected.none
    return report


def test_a_whole_copy_is_seen_at_once():
    report = whole_report()
    assert report.differences() == []
    assert "all counts are the published ones" in str(report)


def test_every_difference_is_named():
    report = replace(whole_report(), clips=254, units={**whole_report().units, 4: 124, 38: 3})
    assert report.differences() == ["clips: 254, published 255", "AU4: 124, published 125"]
    assert "AU4   124       125  differs" in str(report)
    assert "AU38     3" in str(report)


def test_sets_without_published_counts_say_so():
    assert "no counts are published" in str(Report("smic", "VIS"))


def test_counting_takes_each_unit_once_a_clip():
    report = Report("casme2", "2019-07-01")
    report.count([("s1", [4, 4, 7]), ("s1", [38]), ("s2", [4])])
    assert (report.clips, report.subjects, report.units, report.without_twelve) == (3, 2, {4: 2, 7: 1, 38: 1}, 1)


def test_long_lists_are_cut_in_print_but_not_in_the_file(tmp_path):
    report = Report("casme2", "2019-07-01")
    for letter in "abcdefghijklmnopqrstuvwxyzABCD":
        report.add("repaired", "row 1", f"something {letter}", "mended")
    assert "and 18 kinds more in report.json" in str(report)
    report.save(tmp_path)
    assert Report.load(tmp_path) == report
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_findings_that_say_the_same_are_one_line_and_the_rare_ones_come_first():
    report = Report("casme2", "2019-07-01")
    for number in range(861):
        report.add("repaired", f"sub{number}", f"no folder sub01/EP{number:02d}", f"sub1/ep{number} was taken")
        if number < 2:
            report.add("repaired", f"sub{number}", f"cannot read {'soft focus' * number!r} in 'R14'", "kept")
    report.add("repaired", "sub01/a", "apex 90 is outside 40 to 46", "apex is null")
    assert [group.count for group in report.groups("repaired")] == [1, 2, 861]
    lines = [line.strip() for line in str(report).splitlines()]
    at = lines.index("repaired: 864")
    assert lines[at + 1] == "sub01/a: apex 90 is outside 40 to 46 (apex is null)"
    assert lines[at + 3] == "861 times, first sub0: no folder sub01/EP00 (sub1/ep0 was taken)"
    assert lines[at + 4] == "doubtful: 0"


def test_what_is_known_is_not_grouped_with_what_is_not():
    report = Report("samm", "v2")
    report.add("repaired", "a", "apex 1 is outside 2 to 3", "apex is null")
    report.add("repaired", "b", "apex 1 is outside 2 to 3", "apex is null; known: shipped like this", known=True)
    assert [group.count for group in report.groups("repaired")] == [1, 1]


def test_a_published_count_may_hold_units_in_doubt():
    report = whole_report()
    report.units[7], report.in_doubt = report.units[7] - 2, {7: 2}
    assert report.differences() == []
    assert "AU7    36        38  2 more in doubt\n" in str(report)
    report.in_doubt = {7: 1}
    assert report.differences() == ["AU7: 36, published 38"]


def test_kinds_of_expressions_are_counted_and_published_counts_are_of_micro_ones():
    report = replace(whole_report(), expressions={"micro": 860, "macro": 3346}, selected="micro")
    assert report.expression_lines() == [
        "micro-expressions in the sheet: 860, read",
        "macro-expressions in the sheet: 3346, left out (--expressions macro or both reads them)",
    ]
    assert report.published is not None
    assert replace(report, selected="both").published is None
    assert replace(report, selected="both", expressions={"micro": 255}).published is not None
    assert replace(report, selected="macro", expressions={"macro": 9}).published is None
    assert Report("disfa", "left", expressions={"macro": 9}, selected="macro").published is not None


def test_reports_of_earlier_versions_are_read(tmp_path):
    path = whole_report().save(tmp_path)
    content = json.loads(path.read_text())
    for name in ("in_doubt", "expressions", "selected"):
        del content[name]
    path.write_text(json.dumps(content))
    assert Report.load(tmp_path).differences() == []


def test_a_folder_without_a_report(tmp_path):
    with pytest.raises(FileNotFoundError, match="was not written by a builder"):
        Report.load(tmp_path)


def test_strict_refuses_repairs_and_drops_but_not_doubt_or_the_known():
    report = Report("casme2", "2019-07-01")
    report.add("doubtful", "row 1", "no apex", "null")
    report.add("repaired", "row 2", "apex outside", "null", known=True)
    report.refuse()
    report.add("dropped", "row 3", "no folder", "left out")
    with pytest.raises(NotAsPublished, match=r"in 1 places\n  dropped: row 3: no folder \(left out\)"):
        report.refuse()


@pytest.mark.parametrize(("name", "release", "people"), [("disfa", "right", 27), ("bp4d", "1", 41)])
def test_a_copy_of_recordings_is_checked_by_its_people(name, release, people):
    report = Report(name, release)
    report.count((f"s{number}", [4]) for number in range(people - 1))
    assert report.differences() == [f"subjects: {people - 1}, published {people}"]
    report.count((f"s{number % people}", [4]) for number in range(3 * people))
    assert report.differences() == []


def test_published_counts_are_of_known_sets_and_of_the_twelve():
    for (name, _), counts in PUBLISHED.items():
        assert name in MODULES
        assert not counts.units or tuple(counts.units) == TWELVE
        assert all(count <= counts.clips for count in counts.units.values())


def test_an_erratum_changes_its_clip_only_and_is_told():
    table = (Erratum("casme2", "2019-07-01", "sub01", "EP01_2", "typing error", {"apex": 15}),)
    report = Report("casme2", "2019-07-01")
    other = replace(ROW, clip="EP01_3", folder="EP01_3")
    first, second = apply_errata([ROW, other], "casme2", "2019-07-01", report, table)
    assert (first.apex, second) == (15, other)
    (finding,) = report.findings
    assert finding.known and finding.what == "erratum of sub01/EP01_2: apex: 90 to 15" and finding.why == "typing error"


@pytest.mark.parametrize(("name", "release"), [("samm", "2019-07-01"), ("casme2", "2014-05-08")])
def test_an_erratum_of_another_set_or_release_does_nothing(name, release):
    table = (Erratum("casme2", "2019-07-01", "sub01", "EP01_2", "typing error", {"apex": 15}),)
    assert apply_errata([ROW], name, release, Report(name, release), table) == [ROW]


def test_an_erratum_leaves_a_sheet_alone_in_which_the_mistake_was_mended():
    table = (Erratum("casme2", None, "sub01", "EP01_2", "typing error", {"apex": 15}, finds={"apex": 90}),)
    mended = replace(ROW, apex=16)
    report = Report("casme2", "2019-07-01")
    assert [row.apex for row in apply_errata([ROW, mended], "casme2", "2019-07-01", report, table)] == [15, 16]
    assert len(report.findings) == 1


def test_an_erratum_can_correct_a_coding():
    table = (Erratum("casme2", None, "sub01", "EP01_2", "said so", {"coding": parse_cell("4+7")}),)
    (row,) = apply_errata([ROW], "casme2", "2014-05-08", Report("casme2", "2014-05-08"), table)
    assert row.coding.text() == "4+7"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reason": ""}, "needs its reason"),
        ({"changes": {"row": 3}}, r"cannot change or accept \['row'\]"),
        ({"accepts": ("anything",)}, r"cannot change or accept \['anything'\]"),
    ],
)
def test_errata_are_checked(fields, message):
    with pytest.raises(ValueError, match=message):
        Erratum(**{"data_set": "samm", "release": None, "subject": "013", "clip": "013_1_8", "reason": "x"} | fields)


def test_the_six_clips_of_samm_are_known():
    rows = [replace(ROW, subject=clip[:3], clip=clip, folder=clip) for clip in ("035_7_2", "028_4_1", "006_1_2")]
    known = accepted(rows, "samm", "v2")
    assert set(known) == {("035", "035_7_2", "frame_names"), ("028", "028_4_1", "apex_outside")}
    assert sum(entry.accepts == ("frame_names",) for entry in ERRATA) == 6
    assert all(entry.reason and entry.data_set in MODULES for entry in ERRATA)


def test_strict_refuses_doubt_that_would_make_scores_wrong(tmp_path):
    report = Report("folder", "1")
    report.add("doubtful", "line 3", "'anna' may be 'Anna'", "taken as two people", strict=True)
    report.save(tmp_path)
    with pytest.raises(NotAsPublished, match=r"in 1 places\n  doubtful: line 3: 'anna' may be 'Anna' \(taken as"):
        Report.load(tmp_path).refuse()
