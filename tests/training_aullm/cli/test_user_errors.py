"""An error that was raised on purpose is one line; a mistake in the code shows where it is."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from dataset_scripts.labels import label_vector
from dataset_scripts.whole_files import whole_file
from modeling_aullm import AullmConfig
from tests.contract.tree import ROOT
from training_aullm.cli import run
from training_aullm.cli.user_errors import is_users_to_mend
from training_aullm.prepare.sources import Source
from training_aullm.publishing.repo_folders import repositories
from training_aullm.publishing.saving import largest_difference
from training_aullm.runs.facts import RunFacts


def in_a_worker():
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(repositories, "no-owner").result()


def in_a_worker_by_mistake():
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(int, "x").result()


def below_a_file(folder):
    (folder / "file").write_text("x")
    with whole_file(folder / "file" / "settings.json") as unfinished:
        unfinished.write_text("x")


def caught(action) -> Exception:
    try:
        action()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


MENDED = {
    "a value that one of our functions refuses": lambda _: repositories("no-owner"),
    "a name that the Hub refuses": lambda _: repositories("me/a b"),
    "a unit that does not exist": lambda _: label_vector(["AU999"]),
    "a field of the model's configuration": lambda _: AullmConfig(num_frames=-1),
    "a folder that is no run": lambda folder: RunFacts.read(folder),
    "refused below a frame without source": lambda _: exec("repositories('no-owner')"),
    "refused in a worker process": lambda _: in_a_worker(),
    "a file that is not there": lambda folder: (folder / "gone.json").read_text(),
    "a folder where a file should be": lambda folder: folder.read_text(),
    "a file where a folder should be": below_a_file,
}
BUGS = {
    "numpy, called by us": lambda _: largest_difference([1.0, 2.0], {"logits": {"AutoModel": [1.0, 2.0, 3.0]}}),
    "an argument that nobody named": lambda _: Source(nonsense=1),
    "a key that is missing": lambda _: {}["AU4"],
    "a number that is none": lambda _: int("x"),
    "a mistake in a worker process": lambda _: in_a_worker_by_mistake(),
    "a file of ours that is missing": lambda _: (ROOT / "training_aullm" / "gone.json").read_text(),
}


@pytest.mark.parametrize("what", MENDED)
def test_what_a_user_can_mend_is_one_line(what, tmp_path):
    assert is_users_to_mend(caught(lambda: MENDED[what](tmp_path)))


@pytest.mark.parametrize("what", BUGS)
def test_a_bug_shows_its_traceback(what, tmp_path):
    assert not is_users_to_mend(caught(lambda: BUGS[what](tmp_path)))


@pytest.fixture
def command(monkeypatch):
    """`aullm publish gone`, with more arguments, as the entry point runs it."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["aullm", *arguments, "publish", "gone", "--repo", "no-owner"])
        run()

    return call


def test_the_command_tells_a_users_error_in_one_line(command, capsys):
    with pytest.raises(SystemExit) as end:
        command()
    assert end.value.code == 2
    assert capsys.readouterr().err == "aullm: --repo no-owner: write owner/name, as in me/aullm-demo\n"


def test_debug_shows_where_it_was(command):
    with pytest.raises(ValueError, match="owner/name"):
        command("--debug")


def test_the_command_hides_no_bug(command, monkeypatch):
    monkeypatch.setattr("training_aullm.publishing.repo_folders.repositories", int)
    with pytest.raises(ValueError, match="invalid literal"):
        command()
