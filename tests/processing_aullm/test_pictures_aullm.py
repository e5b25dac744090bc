"""What is drawn stands where it belongs on the original pixels."""

import cv2
import numpy as np
import pytest

from processing_aullm.geometry_aullm import apply, square_to_image
from processing_aullm.pictures_aullm import MIN_MOVE, attended_region, close_up, draw_attention, draw_motion

SIZE = 224
CROP = square_to_image(np.array([200.0, 160.0]), 260.0, -0.2, SIZE)
FRAME = np.full((320, 400, 3), 120, np.uint8)


def peaked(row: int, column: int) -> np.ndarray:
    cells = np.full((2, 14, 14), 1e-4)
    cells[:, row, column] = 1
    return cells / cells.sum()


def on_frame(row: float, column: float) -> np.ndarray:
    """Where the middle of a cell of a 14 x 14 grid stands on the frame."""
    return apply(CROP, (np.array([column, row]) + 0.5) * SIZE / 14 - 0.5)


def test_the_attended_region_is_the_fewest_cells_with_the_share():
    cells = np.arange(1.0, 10).reshape(3, 3) / 45
    assert attended_region(cells, 0.5).tolist() == [[False] * 3, [False] * 3, [True] * 3]  # 7 + 8 + 9 of 45
    assert attended_region(cells, 9 / 45).sum() == 1
    assert attended_region(cells, 1.0).all()
    assert np.array_equal(attended_region(np.stack([cells / 2, cells / 2]), 0.5), attended_region(cells, 0.5))
    with pytest.raises(ValueError, match="share=0"):
        attended_region(cells, 0)


@pytest.mark.parametrize(("row", "column"), [(4, 5), (10, 9)])
def test_attention_is_brightest_where_the_model_looked(row, column):
    before = FRAME.copy()
    picture = draw_attention(FRAME, CROP, peaked(row, column), SIZE)
    assert np.array_equal(FRAME, before) and picture.shape == FRAME.shape and picture.dtype == np.uint8
    warmth = picture[..., 0].astype(int) - picture[..., 2]
    y, x = np.unravel_index(cv2.GaussianBlur(warmth.astype(np.float32), (0, 0), 3).argmax(), warmth.shape)
    assert np.hypot(*(on_frame(row, column) - (x, y))) < 6
    assert picture[2, 2].max() < FRAME[2, 2].min(), "the rest of the picture darkens"


def test_a_grey_frame_becomes_a_coloured_picture():
    assert draw_attention(FRAME[..., 0], CROP, peaked(6, 6), SIZE).shape == FRAME.shape
    assert draw_motion(FRAME[..., 0], CROP, np.zeros((2, 28, 28)), SIZE).shape == FRAME.shape


def drawn_arrows(field: np.ndarray, factor: float | None) -> np.ndarray:
    """(H, W) bool: what arrows changed; the legend in the lower corner is left out."""
    picture = draw_motion(FRAME, CROP, field, SIZE, factor)
    changed = (picture != FRAME).any(-1)
    assert changed[290:, :60].any(), "the factor is written on the picture"
    return changed[:285]


def one_place(move: tuple[float, float]) -> np.ndarray:
    field = np.zeros((2, 28, 28))
    field[:, 12:15, 12:15] = np.array(move)[:, None, None]
    return field


def test_arrows_point_the_way_the_skin_went_and_are_so_many_times_as_long():
    short, long = (drawn_arrows(one_place((0, 1.0)), factor) for factor in (10, 20))
    start = on_frame(6.25, 6.25)
    down = CROP[:, :2] @ [0, 1.0]
    for arrows, factor in ((short, 10), (long, 20)):
        y, x = np.nonzero(arrows)
        along = ((np.stack([x, y], 1) - start) @ down) / np.hypot(*down) ** 2
        assert factor * 0.8 < along.max() < factor + 16, "it ends where the magnified movement ends"
        assert along.min() > -16, "nothing points the other way"


def test_stillness_and_noise_draw_no_arrow():
    assert not drawn_arrows(np.zeros((2, 28, 28)), 10).any()
    assert not drawn_arrows(one_place((0, 0.8 * MIN_MOVE)), 10).any()


def test_without_a_factor_large_movements_get_short_arrows():
    y, x = np.nonzero(drawn_arrows(one_place((0, 8.0)), None))
    along = ((np.stack([x, y], 1) - on_frame(6.25, 6.25)) @ (CROP[:, :2] @ [0, 1.0])) / 1.16**2
    assert along.max() < SIZE / 10 + 16


def test_a_factor_of_nothing_is_refused():
    with pytest.raises(ValueError, match="factor=0"):
        draw_motion(FRAME, CROP, np.zeros((2, 28, 28)), SIZE, 0)


def test_a_close_up_keeps_every_place():
    transforms = np.stack([CROP, square_to_image(np.array([204.0, 158.0]), 262.0, -0.18, SIZE)])
    frames = np.zeros((2, 320, 400, 3), np.uint8)
    for frame, transform in zip(frames, transforms, strict=True):
        x, y = apply(transform, np.array([80.0, 150.0]))
        cv2.circle(frame, (round(x), round(y)), 5, (255, 255, 255), -1, cv2.LINE_AA)
    shown, moved = close_up(frames, transforms, SIZE, side=500)
    assert shown.shape == (2, 500, 500, 3)
    for picture, transform in zip(shown, moved, strict=True):
        rows, columns = np.nonzero(picture[..., 0] > 128)
        assert np.hypot(*(apply(transform, np.array([80.0, 150.0])) - (columns.mean(), rows.mean()))) < 1.2
    corners = apply(moved[0], np.array([[0, 0], [223, 223]]))
    assert (corners > 0).all() and (corners < 500).all(), "the whole crop is on the picture"
