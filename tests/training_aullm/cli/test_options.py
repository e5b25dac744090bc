"""Options that several commands share."""

import os
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest
from typer.testing import CliRunner

from dataset_scripts.synthetic.config import DOMAINS
from training_aullm.cli.main import COMMANDS, app
from training_aullm.cli.options import Domain, Preset, action_unit_names, checked, chosen_settings, shares_of
from training_aullm.prepare.sources import Source


@pytest.mark.parametrize("text", ["AU1,AU4", "1, 4", "au1,4,"])
def test_action_units_may_be_written_short(text):
    assert action_unit_names(text) == ["AU1", "AU4"]


def test_a_unit_that_no_clip_is_labelled_with_is_refused_before_work():
    built = (Preset.BASE, "bundled", None, None, 0, None)
    with pytest.raises(ValueError, match=r"unknown action units \['AU99'\]; known are AU1, AU2"):
        chosen_settings(Source("samm-like"), "AU99", *built)
    assert chosen_settings(Source("samm-like"), "4,au12", *built).action_units == ("AU4", "AU12")


def test_shares_may_be_written_short_and_a_part_that_is_none_is_named():
    assert shares_of("AU1=0.2, 12=.05,") == {"AU1": 0.2, "AU12": 0.05} and shares_of(None) == {}
    for wrong in ("AU4", "AU4=often", "=0.2"):
        with pytest.raises(ValueError, match=f"--prevalence '{wrong}': write it as"):
            shares_of(wrong)


def test_what_is_built_cannot_be_chosen_where_it_is_there_already():
    chosen = (Source("samm-like"), None)
    assert chosen_settings(*chosen, Preset.PAPER, "bundled", 2, None, 0, None).preset == "paper"
    for preset, language_model, layers in (
        (Preset.PAPER, "bundled", None),
        (Preset.BASE, "x/y", None),
        (Preset.BASE, "bundled", 2),
    ):
        with pytest.raises(ValueError, match="with --from it is there already"):
            chosen_settings(*chosen, preset, language_model, layers, None, 0, "release")


def test_every_domain_of_the_clip_source_can_be_asked_for():
    assert [domain.value for domain in Domain] == list(DOMAINS)


NUMBERS = [
    pytest.param(hint.__metadata__[0], id=f"{command.__name__} {name}")
    for command in COMMANDS
    for name, hint in get_type_hints(command, include_extras=True).items()
    if get_origin(hint) is Annotated and {int, float} & {hint.__origin__, *get_args(hint.__origin__)}
]


@pytest.mark.parametrize("option", NUMBERS)
def test_every_number_has_a_range(option):
    assert option.min is not None, "a number below all sense reaches what cannot use it, and ends in a traceback"


@pytest.mark.parametrize("epochs", ["-1", "0"])
def test_training_for_no_time_is_refused_by_its_option(epochs, tmp_path):
    done = CliRunner().invoke(app, ["compare", "--epochs", epochs, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2 and "'--epochs'" in done.output


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
