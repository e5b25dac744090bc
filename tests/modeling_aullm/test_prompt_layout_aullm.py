import pytest
import torch

from modeling_aullm.prompt_layout_aullm import lay_out

CONTENT, INSTRUCTION = 64, 65


def lay(rows, mask=None, positions=None, readout="last"):
    return lay_out(torch.tensor(rows), mask, positions, CONTENT, INSTRUCTION, readout)


def test_equal_prompts_become_one():
    layout = lay([[1, 2, 64, 65, 3]] * 4)
    assert layout.ids.tolist() == [[1, 2, 0, 0, 3]]
    assert (layout.static, layout.read.tolist()) == (2, [[4]])
    assert layout.repeated(3) is layout


def test_static_part_ends_where_prompts_differ():
    layout = lay([[1, 2, 3, 64, 65], [1, 9, 3, 64, 65]])
    assert layout.static == 1 and len(layout.repeated(2).ids) == 4


def test_tokens_first_leaves_nothing_static():
    assert lay([[64, 65, 1, 2]]).static == 0


def test_padding_moves_the_last_position():
    mask = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]])
    layout = lay([[1, 64, 65, 3, 0], [1, 64, 65, 3, 4]], mask)
    assert layout.read.tolist() == [[3], [4]]
    left = lay([[0, 1, 64, 65, 3]], torch.tensor([[0, 1, 1, 1, 1]]))
    assert (left.static, left.read.tolist()) == (0, [[4]])


@pytest.mark.parametrize(
    ("row", "named"),
    [([1, 64, 64, 65], "2 content"), ([1, 2, 65], "0 content"), ([1, 64, 3], "0 instruction")],
)
def test_wrong_number_of_placeholders_is_named(row, named):
    with pytest.raises(ValueError, match=f"prompt 0 holds {named}"):
        lay([row])


def test_reading_by_name_needs_positions():
    with pytest.raises(ValueError, match="au_positions"):
        lay([[1, 64, 65]], readout="au")


def test_reading_by_name_at_one_position_for_all_is_refused():
    """One answer for all units would pass for an answer to each."""
    rows = [[1, 64, 65, 2, 3]] * 2
    for positions in ([[4, 4], [4, 4]], [[3, 4], [4, 4]]):
        with pytest.raises(ValueError, match=r"position 4.*template=\"query\""):
            lay(rows, None, torch.tensor(positions), "au")
    assert lay(rows, None, torch.tensor([[3, 4], [4, 3]]), "au").read.tolist() == [[3, 4], [4, 3]]
    assert lay(rows, None, torch.tensor([[4], [4]]), "au").read.tolist() == [[4]], "one unit"
