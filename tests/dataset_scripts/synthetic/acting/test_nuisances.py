"""Skin at rest drifts where it is loose, and nowhere is it lost."""

import numpy as np

from dataset_scripts.synthetic.acting.nuisances import loose_skin


def test_skin_is_loose_where_it_moves_even_if_that_is_a_spot():
    spot = np.zeros((40, 40))
    spot[10:13, 10:13] = 2.0  # fewer than a hundredth of the pixels, as lids are in a picture of a whole head
    loose = loose_skin([spot, np.zeros((40, 40))])
    assert np.isfinite(loose).all() and loose[11, 11] > 2 * loose[30, 30]
