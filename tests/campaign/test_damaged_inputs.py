"""Damaged and odd inputs: each is read rightly, or refused by a message that names it.

    python -m pytest -m slow -s tests/campaign/test_damaged_inputs.py

prints a table of counts. Commands run in this process, so that some hundred inputs take minutes; where files are cut is
seeded.
"""

import json
import random
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.campaign.calling import call
from tests.campaign.conftest import World
from tests.campaign.counting import Tally
from tests.processing_aullm.grey_films import write

HOURS_200_MS = 200 * 3600 * 1000
HEADER = "file_name,subject,action_units,onset,apex,offset,fps\n"


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        name: of it.
        words: of the command that meets it.
        named: what the one line must name; empty where the command must succeed.
        answers: what must hold after success.
    """

    name: str
    words: list
    named: tuple[str, ...]
    answers: Callable[[], bool] = lambda: True


def outcome(case: Case, capfd) -> tuple[str, str]:
    """Call the command, and judge how it ended."""
    try:
        called = call(case.words, capfd)
    except TimeoutError:
        return "hang", ""
    if called.raised:
        return "traceback", called.raised[:200]
    if called.status == 0:
        return ("right" if not case.named and case.answers() else "silently wrong"), ""
    named = called.is_short and case.named and all(name in called.said for name in case.named)
    return ("clear" if named else "unclear"), called.said[:300]


def cuts(path: Path, chance: random.Random) -> dict[str, bytes]:
    """Ways in which a file is damaged: empty, cut somewhere, other bytes."""
    whole = path.read_bytes()
    at = chance.randrange(1, len(whole) - 1)
    return {"empty": b"", f"cut after {at} bytes": whole[:at], "of other bytes": chance.randbytes(len(whole))}


def damaged_files(world: World, folder: Path, chance: random.Random) -> list[Case]:
    """Every file that a command reads, damaged in each way."""
    cases = []
    film = world.folder / "face.mp4"
    models = ("config.json", "processor_config.json", "tokenizer.json", "model.safetensors")
    readers = {f"run/model/{name}": (name, lambda top: ["predict", film, "--model", top / "run"]) for name in models}
    readers |= {
        "run/settings.json": ("settings.json", lambda top: ["evaluate", top / "run", "--folds", 2]),
        "clips.parquet": ("clips.parquet", lambda top: ["train", "--data", top / "clips.parquet", "--out", top / "x"]),
        "prepared/prepared.json": ("prepared.json", lambda top: ["inspect", top / "prepared"]),
        "prepared/report.json": ("report.json", lambda top: ["inspect", top / "prepared"]),
        "prepared/data/subject-bo.parquet": (
            "subject-bo.parquet",
            lambda top: ["train", "--data", top / "prepared", "--out", top / "x"],
        ),
        "own/metadata.csv": ("metadata.csv", lambda top: [*prepare(top / "own"), "--out", top / "y"]),
        "own/1.mp4": ("1.mp4", lambda top: [*prepare(top / "own"), "--out", top / "y"]),
        "face.mp4": ("face.mp4", lambda top: ["predict", top / "face.mp4", "--model", world.folder / "run"]),
    }
    for path, (named, words) in readers.items():
        for how, content in cuts(world.folder / path, chance).items():
            top = folder / f"damaged-{len(cases)}"
            name = path.partition("/")[0]
            world.copy(name, top)
            (top / path).write_bytes(content)
            command = words(top)
            out = [] if "--out" in command or command[0] in ("inspect", "evaluate") else ["--out", top / "out"]
            cases.append(Case(f"{path} {how}", [*command, *out], (named,)))
    return cases


def prepare(folder: Path) -> list:
    """The words that read a folder of clips."""
    return ["prepare", "folder", "--data-dir", folder, "--no-align", "--processes", 1]


def made_again(world: World, folder: Path, chance: random.Random) -> list[Case]:
    """What a command can make again: the same command ends with the same results."""
    cases = []

    def same(top: Path, part: str, name: str) -> Callable[[], bool]:
        return lambda: (top / part / name).read_bytes() == (world.folder / part / name).read_bytes()

    for name in ("clips", "checkpoints", "finished.json"):
        top = folder / f"again-{name}"
        run_copy = world.copy("run", top)
        (run_copy / "finished.json").unlink()
        if name == "clips":
            shutil.rmtree(run_copy / "model")
        for path in [] if name == "finished.json" else list((run_copy / name).rglob("*")):
            if path.is_file():
                path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])
        if name == "checkpoints":  # nothing is left to go on from: all is trained again
            shutil.rmtree(run_copy / "model")
        words = [*world.train, "--out", run_copy]
        cases.append(Case(f"run/{name} cut", words, (), same(top, "run", "model/model.safetensors")))
    for name in ("prepared.json", "report.json", "data/subject-bo.parquet"):
        top = folder / f"again-{Path(name).name}"
        path = world.copy("prepared", top) / name
        path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])
        words = [*prepare(world.folder / "own"), "--out", top / "prepared"]
        cases.append(Case(f"prepared/{name} cut, prepared again", words, (), same(top, "prepared", name)))
    return cases


SHEETS = {
    "a cell is missing": ("0.mp4,anna,4,0,4,9", "line 2"),
    "only a name": ("0.mp4", "line 2"),
    "a quote that is not closed": ('0.mp4,"anna,4,0,4,9,\n1.mp4,bo,5,0,4,9,', "line 2"),
    "a quote over two lines": ('0.mp4,"an\nna",4,0,4,9,', "line 2"),
    "a number with a comma": ("0.mp4,anna,4,0,4,9,29,97", "line 2"),
    "an address": ("http://x/0.mp4,anna,4,0,4,9,", "file_name"),
    "a file outside": ("../face.mp4,anna,4,0,4,9,", "file_name"),
    "an onset that is no number": ("0.mp4,anna,4,inf,4,9,", "onset"),
    "a frame rate of a thousand millions": ("0.mp4,anna,4,0,4,9,1e9", "fps"),
    "a frame that is not there": ("0.mp4,anna,4,0,4,99,", "offset"),
    "a unit that is not there": ("0.mp4,anna,smile,0,4,9,", "action_units"),
    "a name of 300 bytes": (f"{'x' * 300}.mp4,anna,4,0,4,9,", "file_name"),
}
HEADERS = {
    "a misspelt column": ("file_name,subject,action_units,onsett,apex,offset,fps\n", "onsett"),
    "a doubled column": ("file_name,subject,action_units,onset,onset,offset,fps\n", "onset"),
    "a missing column": ("file_name,subject,units,onset,apex,offset,fps\n", "action_units"),
}


def sheets(world: World, folder: Path, _: random.Random) -> list[Case]:
    """metadata.csv as people write it."""
    cases = []

    def add(name: str, text: str, named: tuple[str, ...], answers: Callable[[Path], bool] = lambda top: True) -> None:
        top = folder / f"sheet-{len(cases)}"
        world.copy("own", top)
        (top / "own" / "metadata.csv").write_text(text, "utf-8")
        words = [*prepare(top / "own"), "--out", top / "out"]
        cases.append(Case(name, words, named, lambda: answers(top / "out")))

    for name, (line, named) in SHEETS.items():
        add(name, f"{HEADER}{line}\n", ("metadata.csv", named))
    for name, (header, named) in HEADERS.items():
        add(name, f"{header}0.mp4,anna,4,0,4,9,\n", ("metadata.csv", named))
    million = "".join(f"gone{number}.mp4,anna,4,0,4,9,\n" for number in range(1_000_000))
    add("a million bad lines", HEADER + million, ("metadata.csv", "gone0.mp4"))
    both = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]
    two = "".join(f"{number}.mp4,{name},4,0,4,9,\n" for number, name in enumerate(both))
    add(
        "one person in two forms",
        HEADER + two,
        (),
        lambda out: json.loads((out / "prepared.json").read_text("utf-8"))["subjects"] == 1,
    )
    add("a column of notes", f"{HEADER.strip()},note\n0.mp4,anna,4,0,4,9,,good\n", ())
    return cases


def odd_calls(world: World, folder: Path, _: random.Random) -> list[Case]:
    """Options, places and videos that cannot work, or only seem so."""
    film, model = world.folder / "face.mp4", ["--model", world.folder / "run"]
    long, loop, wall = folder / f"{'x' * 250}.mp4", folder / "loop.mp4", folder / "file"
    shutil.copy(film, long)
    loop.symlink_to(loop)
    wall.touch()
    colon = shutil.copy(film, folder / "12:30.mp4")
    gap = write(folder / "gap.mkv", [*(40 * i for i in range(50)), HOURS_200_MS])
    other = world.copy("run", folder / "other") / "model" / "config.json"
    other.write_text(json.dumps(json.loads(other.read_text()) | {"model_type": "bert"}))
    (folder / "images").mkdir()
    out = ["--out", folder / "read"]

    def predict(*words: object, named: tuple[str, ...], name: str, to: list = out) -> Case:
        return Case(name, ["predict", *words, *to], named)

    cases = [
        predict(film, name="no demo", named=("runs/demo",)),
        predict(film, "--model", "runs/gone", name="a run that is gone", named=("runs/gone",)),
        predict(
            film, "--model", folder / "other" / "run", name="a model of another kind", named=("config.json", "bert")
        ),
        predict(film, "--model", world.folder / "lm", name="a language model", named=("config.json",)),
        predict(film, "--model", film, name="a film as model", named=("face.mp4",)),
        predict(folder / "gone.mp4", *model, name="no such film", named=("gone.mp4",)),
        predict(folder / "images", *model, name="a folder without images", named=("images",)),
        predict(loop, *model, name="a link to itself", named=("loop.mp4",)),
        predict(long, *model, name="a name of 254 bytes", named=("255",)),
        predict(colon, *model, name="a colon in a name", named=()),
        predict(gap, *model, name="a gap of 200 hours", named=("gap.mkv", "200 hours")),
        predict(film, *model, "--formats", "xml", name="a format that is none", named=("xml",)),
        predict(film, *model, name="--out below a file", named=("--out", "is a file"), to=["--out", wall / "a" / "b"]),
        predict(folder / "gone.mp4", colon, *model, name="one bad film of two", named=("gone.mp4", "1 of 2")),
    ]
    for option in ("--end inf", "--start nan", "--fps 1e9", "--length inf", "--hop nan", "--start 500"):
        cases.append(predict(film, *model, *option.split(), name=option, named=(option.split()[0].lstrip("-"),)))
    cases += [
        Case("train --epochs nan", [*world.train, "--out", folder / "t", "--epochs", "nan"], ("--epochs",)),
        Case("train --out below a file", [*world.train, "--out", wall / "run"], ("--out",)),
        Case(
            "synth --neutral inf", ["synth", "casme2-like", "--out", folder / "s", "--neutral", "inf"], ("--neutral",)
        ),
    ]
    return cases


@pytest.mark.slow
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("part", [damaged_files, made_again, sheets, odd_calls])
def test_every_input_is_read_rightly_or_refused_clearly(world, tmp_path, monkeypatch, capfd, part):
    monkeypatch.setenv("AULLM_CACHE", str(world.folder / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    tally = Tally(part.__name__)
    for case in part(world, tmp_path, random.Random(0)):
        tally.add(case.name, *outcome(case, capfd))
    with capfd.disabled():
        print("\n" + tally.table())
    assert not tally.bad()
