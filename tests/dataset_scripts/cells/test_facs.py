"""The grammar of FACS cells: what every oddity yields, and what holds for any text."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataset_scripts.cells.facs import FACS_CODES, CodedUnit, Coding, Policy, parse_cell, states


def brief(coding):
    """Units as (text, first letter of the certainty)."""
    return [(unit.text(), unit.certainty[0]) for unit in coding.units]


@pytest.mark.parametrize(
    ("cell", "units"),
    [
        ("4", "4 s"),
        ("4.0", "4 s"),
        ("04", "4 s"),
        ("4+7+L10", "4 s, 7 s, L10 s"),
        ("R1+R2", "R1 s, R2 s"),
        ("L2+26+38", "L2 s, 26 s, 38 s"),
        ("12B", "12B s"),
        ("l7a", "L7A s"),
        ("A12", "A12 s"),
        ("T23", "T23 s"),
        ("B18", "B18 s"),
        ("12L", "L12 s"),
        ("AU4 + AU 7, AUs 9", "4 s, 7 s, 9 s"),
        ("4，7；9", "4 s, 7 s, 9 s"),
        ("4、7", "4 s, 7 s"),
        ("AD38", "AD38 s"),
        ("4+AD38", "4 s, AD38 s"),
        ("4+ad 29B/AD30", "4 s, AD29B a, AD30 a"),
        ("RAD19?", "ADR19 u"),
        ("4 7", "4 s, 7 s"),
        ("4+4", "4 s"),
        ("R 12 B", "R12 u"),
        ("12 B", "12B s"),
        ("10A/B", "10 s"),
        ("A/L12", "12 s"),
        ("L/R12C", "12C s"),
        ("L12 or R12", "12 s"),
        ("(R6 or R12) + R15", "R6 a, R12 a, R15 s"),
        ("L12 or L14", "L12 a, L14 a"),
        ("R14A or 17A or 24A", "R14A a, 17A a, 24A a"),
        ("12/14", "12 a, 14 a"),
        ("4+12/14", "4 s, 12 a, 14 a"),
        ("4+7 or 12", "4 a, 7 a, 12 a"),
        ("4+7 or 4", "4 s, 7 a"),
        ("7 or none", "7 a"),
        ("12 or ?", "12 u"),
        ("4+7 or 4 or blur", "4 a, 7 a"),
        ("ref(7B)+43", "7B u, 43 s"),
        ("R14+17+soft focus", "R14 s, 17 s"),
        ("12 weak + 4", "12 u, 4 s"),
        ("4(k)+7", "4 u, 7 s"),
        ("(k)4+7", "4 u, 7 s"),
        ("(4)+7", "4 u, 7 s"),
        ("4?+7", "4 u, 7 s"),
        ("4 ?7", "4 s, 7 u"),
        ("4 ? 7", "4 u, 7 s"),
        ("4+?", "4 s"),
        ("4-7", "4 u, 7 u"),
        ("(4+7", "4 u, 7 u"),
        ("4)+7", "4 s, 7 s"),
        ("612", ""),
        ("12B18", ""),
        ("", ""),
        ("none", ""),
        ("0", ""),
    ],
)
def test_units_of_a_cell(cell, units):
    assert ", ".join(f"{text} {certainty}" for text, certainty in brief(parse_cell(cell))) == units


@pytest.mark.parametrize(
    ("cell", "unread"),
    [
        ("R14+17+soft focus", ("soft focus",)),
        ("ref(7B)+43", ("ref",)),
        ("612", ("612",)),
        ("12B18+4", ("12B18",)),
        ("4+0", ("0",)),
        ("4-7", ("-",)),
        ("4)+7", (")",)),
        ("(4", ("(",)),
        ("R 12 B", ("B",)),
        ("4²", ("4²",)),
        ('4+"a" b', ("a", "b")),
        ("date 2014-04-07", ("date 2014-", "-")),
        ("4+7+L10", ()),
    ],
)
def test_what_nobody_can_read_is_kept(cell, unread):
    assert parse_cell(cell).unread == unread


@pytest.mark.parametrize("cell", ["?", "/", "\\", "-", "n/a", "nan", "(k)", "4+?", "? + 4"])
def test_a_lone_question_mark_leaves_all_units_open(cell):
    assert parse_cell(cell).rest_unknown
    assert states(parse_cell(cell))[12] == -1


@pytest.mark.parametrize("cell", ["", "  ", "none", "None", "neutral", "0", "4", "4?", "(k)4", "4+soft focus"])
def test_other_cells_do_not(cell):
    assert not parse_cell(cell).rest_unknown
    assert states(parse_cell(cell))[12] == 0


def test_the_policy_ignores_what_is_not_sure():
    state = states(parse_cell("(R6 or R12)+R15+7?"))
    assert {number: state[number] for number in (6, 12, 15, 7, 4)} == {6: -1, 12: -1, 15: 1, 7: -1, 4: 0}
    assert set(state) == FACS_CODES


def test_another_policy_counts_alternatives():
    policy = Policy(alternative=1, unclear=0, unnamed=-1)
    state = states(parse_cell("(6 or 12)+15+7?"), policy)
    assert {number: state[number] for number in (6, 15, 7, 4)} == {6: 1, 15: 1, 7: 0, 4: -1}


def test_the_surer_of_two_mentions_counts():
    assert states(parse_cell("L12?+R12"))[12] == 1


def test_an_action_descriptor_leaves_the_other_units_known():
    coding = parse_cell("4+AD38")
    assert coding.unread == () and coding.units[1] == CodedUnit(38, mark="AD")
    assert [states(coding)[number] for number in (4, 12, 38)] == [1, 0, 1]


def test_an_unread_number_makes_the_rest_unknown():
    state = states(parse_cell("4+612"))
    assert (state[4], state[6], state[12]) == (1, -1, -1)


@pytest.mark.parametrize("cell", ["soft focus", "see notes", "#N/A", "()!"])
def test_a_cell_of_remarks_only_says_nothing_about_any_unit(cell):
    assert set(states(parse_cell(cell)).values()) == {-1}


@pytest.mark.parametrize("cell", ["1.20E+15", "1.2e+15", " 1,2E+15 ", "4.07E-05", "1.2E15", "１．２Ｅ＋１５"])
def test_a_number_that_a_spreadsheet_made_of_units_says_nothing_about_any_unit(cell):
    coding = parse_cell(cell)
    assert coding.units == () and coding.unread and coding.spoilt and parse_cell(coding.text()) == coding
    assert set(states(coding).values()) == {-1}


@pytest.mark.parametrize("cell", ["12E+14", "4E+12", "1+2E+15", "1, 2E+15", "12E", "4.0", "1.20E+15+4", "L12E+14"])
def test_units_at_the_highest_intensity_are_no_number(cell):
    assert not parse_cell(cell).spoilt
    assert [unit.text() for unit in parse_cell("12E+14").units] == ["12E", "14"]


def test_a_policy_that_is_no_state_is_refused():
    with pytest.raises(ValueError, match=r"unclear must be 1 .*not 2"):
        Policy(unclear=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((612,), "AU612 is no number of FACS"),
        ((3,), "AU3 is no number"),
        ((4, "left"), "side must be"),
        ((4, "L", "F"), "intensity must be"),
        ((4, "L", "A", "maybe"), "certainty must be"),
        ((4, "L", "A", "sure", "X"), "mark must be"),
    ],
)
def test_units_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        CodedUnit(*arguments)


def test_the_canonical_form_is_short_and_plain():
    assert parse_cell(" au4 , l10a ; ( R6 OR r12 ) & 7? soft").text() == '4+L10A+(R6 or R12)+7?+"soft"'
    assert parse_cell("").text() == "none"
    assert parse_cell("?").text() == "?"


STEADY = settings(deadline=None, max_examples=80)
UNITS = st.builds(
    CodedUnit,
    number=st.sampled_from(sorted(FACS_CODES)),
    side=st.sampled_from(["L", "R", "both"]),
    intensity=st.sampled_from([None, *"ABCDE"]),
    certainty=st.sampled_from(["sure", "alternative", "unclear"]),
    mark=st.sampled_from([None, *"ATBM"]),
)
PIECES = st.text(st.characters(exclude_characters='"', codec="utf-8"), min_size=1, max_size=8)
CODINGS = st.builds(
    Coding,
    units=st.lists(UNITS, max_size=6, unique=True).map(tuple),
    unread=st.lists(PIECES.filter(lambda text: parse_cell(f'"{text}"').unread == (text,)), max_size=3).map(tuple),
    rest_unknown=st.booleans(),
)
LIKE_CELLS = st.lists(
    st.sampled_from([*'LRATBM+,;/?() 0123456789.&-"k', "or", " or ", "12", "AU", "B", "ref", "none", "，", "（"]),
    max_size=24,
).map("".join)


@STEADY
@given(CODINGS)
def test_every_coding_survives_its_canonical_form(coding):
    assert parse_cell(coding.text()) == coding


@STEADY
@given(st.one_of(LIKE_CELLS, st.text(max_size=40)))
@example('"')
@example("((((((((((((((((((((((((4))")
@example("9" * 5000)
@example("A/B/12/C or")
def test_any_text_has_a_canonical_form_that_says_the_same(cell):
    coding = parse_cell(cell)
    assert parse_cell(coding.text()) == coding


@STEADY
@given(LIKE_CELLS)
def test_no_digit_is_dropped_silently(cell):
    coding = parse_cell(cell)
    if cell.strip() == "0":
        return
    read = {unit.number for unit in coding.units}
    unread = " ".join(coding.unread)
    for digits in re.findall(r"\d+", re.sub(r"(?<![\w.])(\d+)\.0(?!\w)", r"\1", cell)):
        assert int(digits) in read or digits in unread


@STEADY
@given(LIKE_CELLS)
def test_no_unit_is_made_up(cell):
    written = {int(digits) for digits in re.findall(r"\d+", cell)}
    assert {unit.number for unit in parse_cell(cell).units} <= written


@STEADY
@given(LIKE_CELLS)
def test_only_sure_units_are_present(cell):
    coding = parse_cell(cell)
    present = {number for number, state in states(coding).items() if state == 1}
    assert present == {unit.number for unit in coding.units if unit.certainty == "sure"}
