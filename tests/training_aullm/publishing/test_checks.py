"""Nothing secret, licensed or foreign goes: planted in every place where it could hide, and named with file and line.

What must not stand in the project's own files is put together from halves here.
"""

import json
import os
import pickle

import pytest
from datasets import Dataset

from dataset_scripts.labels import label_vector
from dataset_scripts.schema import FEATURES
from training_aullm.publishing.checks import NotForSendingError, inspect, refuse_leaks
from training_aullm.publishing.repo_folders import RepoFolder
from training_aullm.publishing.secret_patterns import SecretPatterns

TOKEN = "hf_" + "a1B2" * 8
HOME = "/ho" + "me/ann/faces"


@pytest.fixture
def folder(tmp_path):
    """A model's folder in which nothing is wrong."""
    (tmp_path / "README.md").write_text("# A model\n\nSee https://huggingface.co/ho" + "me/x and hf_hub_download.\n")
    (tmp_path / "config.json").write_text('{\n "model_type": "aullm",\n "language_model": "bundled"\n}\n')
    (tmp_path / "graph_aullm.py").write_text('"""Relations."""\n\nwidth = 128\n')
    (tmp_path / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0" + os.urandom(4096))
    return tmp_path


def findings(folder, role="model"):
    return list(inspect(RepoFolder(role, "me/aullm", folder), SecretPatterns.of_this_machine(allowed=("me",))))


def test_a_clean_folder_passes(folder):
    assert findings(folder) == []
    refuse_leaks([RepoFolder("model", "me/aullm", folder)], SecretPatterns.of_this_machine())


def test_a_secret_in_a_text_is_named_with_file_and_line_but_not_repeated(folder):
    with (folder / "config.json").open("a") as file:
        file.write(f'\n{{"note": "{TOKEN}"}}\n')
    with pytest.raises(NotForSendingError) as error:
        refuse_leaks([RepoFolder("model", "me/aullm", folder)], SecretPatterns.of_this_machine())
    assert "model: config.json, line 6: a Hugging Face token (hf_" in str(error.value)
    assert TOKEN not in str(error.value) and "nothing was sent" in str(error.value)


def test_a_token_behind_an_escaped_new_line_of_a_chat_template_is_found(folder):
    (folder / "chat_template.jinja").write_text("{{ '\\n" + TOKEN + "' }}")
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": f"Hello\n{HOME}\t{TOKEN}"}))
    assert [each.split(" (")[0] for each in findings(folder)] == [
        "model: chat_template.jinja, line 1: a Hugging Face token",
        "model: tokenizer_config.json, line 1: a Hugging Face token",
        "model: tokenizer_config.json, line 1: a path of a machine",
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_any_unicode_is_read(folder, encoding):
    (folder / "README.md").write_text(f"# A model\n\nsee {HOME}\n", encoding)
    (found,) = findings(folder)
    assert found.startswith("model: README.md, line 3: a path of a machine")


@pytest.mark.parametrize("before", [b"\0", b"a", b"7", b"_"])
def test_a_secret_inside_binary_data_is_found(folder, before):
    """Whatever byte happens to stand before it."""
    content = bytes(range(128, 250)) * 40 + before + TOKEN.encode() + b"\xff" * 5000
    (folder / "model.safetensors").write_bytes(content)
    (found,) = findings(folder)
    assert found.startswith("model: model.safetensors, byte 4881: a Hugging Face token")


def test_a_token_in_a_files_name_is_not_told_whole(folder):
    (folder / f"{TOKEN}.py").write_text("x")
    first, second = findings(folder)
    assert first.startswith("model: hf_a1B2a1B2a....py, its name: a Hugging Face token")
    assert second == "model: hf_a1B2a1B2a....py: not a file of a model repository"


@pytest.mark.parametrize("name", ["optimizer.pt", "training_args.bin", "trainer_state.json", "rng_state.pth", "x.pkl"])
def test_what_training_leaves_behind_stays(folder, name):
    (folder / name).write_bytes(b"{}")
    assert findings(folder) == [f"model: {name}: not a file of a model repository"]


@pytest.mark.parametrize("content", [pickle.dumps({"a": 1}), b"PK\x03\x04" + bytes(40)], ids=["pickle", "torch.save"])
def test_pickles_and_archives_are_seen_by_their_first_bytes(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    (found,) = findings(folder)
    assert "pickle" in found or "archive" in found


@pytest.mark.parametrize("name", [".env", "notes.txt", "samm_006_1.jpg", "clips/face.mp4", ".git/config", "run.log"])
def test_what_is_not_on_the_list_stays(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    (found,) = findings(folder)
    assert found == f"model: {name}: not a file of a model repository"


def test_links_stay(folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "LICENSE"
    secret.write_text("x")
    (folder / "LICENSE").symlink_to(secret)
    assert findings(folder) == ["model: LICENSE: a link: put the file itself there"]


def test_films_of_the_space_are_those_that_its_examples_name(tmp_path):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "examples.json").write_text('{"rendered.mp4": "a rendered face"}')
    for name in ("rendered.mp4", "spontaneous.mp4"):
        (tmp_path / "examples" / name).write_bytes(b"\0\0\0\x20ftypisom")
    (found,) = findings(tmp_path, "space")
    assert found.startswith("space: examples/spontaneous.mp4: a film or picture that examples/examples.json does not")


def clips(folder, *rows):
    (folder / "data").mkdir()
    complete = [dict.fromkeys(FEATURES) | {"action_units": label_vector(())} | row for row in rows]
    Dataset.from_list(complete, features=FEATURES).to_parquet(str(folder / "data" / "train-00000.parquet"))


def row(data_set="casme2-like", path=None, content=b"\xff\xd8jpeg", **more):
    return {"data_set": data_set, "frames": [{"bytes": content, "path": path}], **more}


def test_rendered_and_own_clips_pass(tmp_path):
    clips(tmp_path, row(), row("folder"), row(path="frame_1.jpg"))
    assert findings(tmp_path, "clips") == []


@pytest.mark.parametrize("data_set", ["casme2", "samm", "disfa", None])
def test_a_licensed_face_stays_whatever_stands_around_it(tmp_path, data_set):
    clips(tmp_path, row(), row(), row(data_set))
    (found,) = findings(tmp_path, "clips")
    assert found.startswith("clips: data/train-00000.parquet, row 2: ") and "signed licence" in found


@pytest.mark.parametrize(
    "planted",
    [row(subject=TOKEN), row(coded_text=f"see {HOME}"), row(path=f"{HOME}/EP01/img1.jpg"), row(content=TOKEN.encode())],
    ids=["token", "text", "place of a frame", "inside a frame"],
)
def test_compressed_tables_are_looked_through_row_by_row(tmp_path, planted):
    clips(tmp_path, row(), planted)
    found = findings(tmp_path, "clips")
    assert found and all("train-00000.parquet, row 1: " in each for each in found)


def test_a_table_that_says_not_whose_faces_it_holds_stays(tmp_path):
    (tmp_path / "data").mkdir()
    Dataset.from_dict({"frame": [b"x"]}).to_parquet(str(tmp_path / "data" / "a.parquet"))
    (tmp_path / "data" / "b.parquet").write_bytes(b"no parquet")
    found = findings(tmp_path, "clips")
    assert "without the column data_set" in found[0] and "not a readable parquet file" in found[1]
