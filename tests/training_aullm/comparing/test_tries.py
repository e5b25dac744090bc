"""Settings are tried alike for every method; the best on held-out training people is taken."""

import numpy as np

from tests.training_aullm.conftest import UNITS, make_clips
from training_aullm.comparing.tries import VARIATIONS, choose, variations
from training_aullm.peers.method import Method, Setup
from training_aullm.peers.methods import METHODS


def test_every_method_with_something_to_choose_has_the_same_number_of_tries():
    for name, method in METHODS.items():
        tried = variations(method, len(VARIATIONS))
        assert tried[0] == method and variations(method, 1) == [method]
        assert len(tried) == (1 if name in ("all-present", "pretrained-as-it-is") else len(VARIATIONS))
        assert len({each.shown_setting for each in tried}) == len(tried)


def test_a_rate_is_varied_for_every_kind_of_weight():
    method = METHODS["base"]
    _, faster = variations(method, 2)
    assert faster.recipe.learning_rate == 3 * method.recipe.learning_rate
    assert faster.recipe.lora_learning_rate == 3 * method.recipe.lora_learning_rate
    assert faster.recipe.led_learning_rate == 3 * method.recipe.led_learning_rate
    assert faster.recipe.epochs == method.recipe.epochs


def saying(probability):
    """A method that always says the same."""
    return Method("labels", lambda recipe, train, tests, setup: [np.full((len(tests[0]), len(UNITS)), probability)])


def test_the_best_on_held_out_people_is_taken_and_the_first_of_equals():
    clips = make_clips(30)
    chosen, scores = choose([saying(0.1), saying(0.9), saying(0.8)], clips, Setup())
    assert chosen == 1 and scores[0] == 0 and scores[1] == scores[2] > 0


def test_where_nothing_can_be_chosen_nothing_is_fitted():
    one_person = make_clips(30).subset([0, 3, 6])
    assert choose([saying(0.9)], make_clips(30), Setup()) == (0, [])
    assert choose([saying(0.1), saying(0.9)], one_person, Setup()) == (0, [])
