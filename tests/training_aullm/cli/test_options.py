"""Options that several commands share."""

import os

import pytest

from dataset_scripts.synthetic.config import DOMAINS
from training_aullm.cli.options import Domain, action_unit_names, checked


@pytest.mark.parametrize("text", ["AU1,AU4", "1, 4", "au1,4,"])
def test_action_units_may_be_written_short(text):
    assert action_unit_names(text) == ["AU1", "AU4"]


def test_every_domain_of_the_clip_source_can_be_asked_for():
    assert [domain.value for domain in Domain] == list(DOMAINS)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -float("inf")])
def test_a_number_that_is_none_is_refused_by_its_option(value):
    with pytest.raises(ValueError, match=f"--batch-rate {value}: give a finite number"):
        checked(lambda batch_rate: None)(batch_rate=value)
    assert checked(lambda batch_rate: batch_rate)(batch_rate=0.5) == 0.5


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize(
    ("out", "said"), [("file", "is a file"), ("file/deep/run", "is a file"), ("loop/run", "leads nowhere")]
)
def test_a_folder_that_cannot_be_made_is_refused_before_work(tmp_path, out, said):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(NotADirectoryError, match=said):
        checked(lambda out: None)(out=tmp_path / out)
    assert checked(lambda out: out)(out=tmp_path / "new" / "run") == tmp_path / "new" / "run"
