"""An installed wheel is the whole package: built here, put into a fresh environment, and used far from the checkout."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest

from tests.commands.published import UNITS, write_clips
from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import PACKAGES, ROOT, project_files

DATA = "training_aullm/publishing/data"
BESIDE = ("model_card.md", "LICENSE", "NOTICE", "space_app")
"""Stand at the top level of the project, and inside `DATA` in a wheel."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the project's wheel and source archive."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    return next(built.glob("*.whl"))


def test_the_wheel_holds_every_file_that_the_packages_read(wheel):
    tracked = [path.relative_to(ROOT) for path in project_files()]
    wanted = {path.as_posix() for path in tracked if path.parts[0] in PACKAGES}
    wanted |= {f"{DATA}/{path.as_posix()}" for path in tracked if path.parts[0] in BESIDE}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_the_source_archive_holds_the_whole_project(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames()}
    wanted = {path.relative_to(ROOT).as_posix() for path in project_files()}
    assert held == {name for name in wanted if not name.startswith(".ci/")} | {"PKG-INFO"}


@pytest.mark.slow
def test_an_installed_wheel_reads_trains_saves_and_publishes(wheel, tmp_path):
    """The environment borrows our dependencies; a line in a .pth file brings a folder, not that folder's .pth files."""
    environment, away = tmp_path / "environment", tmp_path / "away"
    away.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    borrowed = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    next(environment.glob("lib/python*/site-packages")).joinpath("borrowed.pth").write_text("\n".join(borrowed))
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}

    def run(*command) -> str:
        done = subprocess.run(list(map(str, command)), cwd=away, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = f"import importlib.util as u; [print(u.find_spec(name).origin) for name in {PACKAGES}]"
    assert all(line.startswith(str(environment)) for line in run(python, "-I", "-c", where).splitlines())

    aullm = environment / "bin" / "aullm"
    run(aullm, "predict", ROOT / "space_app" / "examples" / "smile.mp4", "--end", 3)
    assert "AU12" in (away / "runs" / "predictions" / "smile.events.csv").read_text()

    write_clips(tmp_path / "clips.parquet", "casme2-like")
    language_model = save_tiny_language_model(tmp_path / "language-model")
    source = ["--data", tmp_path / "clips.parquet", "--action-units", ",".join(UNITS), "--epochs", 1]
    run(aullm, "train", *source, "--language-model", language_model, "--layers", 1, "--out", "run")
    said = run(aullm, "publish", "run", "--repo", "me/tiny", "--dry-run")
    assert "4 repositories" in said and "nothing was sent" in said
    card = (away / "run" / "hub" / "model" / "README.md").read_text()
    assert "detect lies" in card and (away / "run" / "hub" / "space" / "app.py").is_file()
