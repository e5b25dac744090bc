"""Options that several commands share."""

import pytest

from dataset_scripts.synthetic.config import DOMAINS
from training_aullm.cli.options import Domain, action_unit_names


@pytest.mark.parametrize("text", ["AU1,AU4", "1, 4", "au1,4,"])
def test_action_units_may_be_written_short(text):
    assert action_unit_names(text) == ["AU1", "AU4"]


def test_every_domain_of_the_clip_source_can_be_asked_for():
    assert [domain.value for domain in Domain] == list(DOMAINS)
