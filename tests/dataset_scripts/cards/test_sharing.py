"""What may go to the Hub and what may not; the card that goes with it. No network: the Hub is a toy."""

from types import SimpleNamespace

import pytest
import yaml
from datasets import Dataset
from huggingface_hub import CommitOperationAdd, CommitOperationDelete
from huggingface_hub.errors import RepositoryNotFoundError

from dataset_scripts.cards.data_card import data_card, read_contents
from dataset_scripts.cards.licences import TERMS, kind_of
from dataset_scripts.cards.sharing import NotAllowedError, push_prepared
from dataset_scripts.labels import ACTION_UNITS, label_vector
from dataset_scripts.registry import MODULES
from dataset_scripts.schema import FEATURES


class ToyHub:
    """Repositories in memory: name -> (private, files)."""

    def __init__(self, forces_public=False, **repositories):
        self.repositories = {name.replace("__", "/"): list(what) for name, what in repositories.items()}
        self.forces_public = forces_public
        self.commits = []

    def repo_info(self, repo_id, *, repo_type):
        assert repo_type == "dataset"
        if repo_id not in self.repositories:
            raise RepositoryNotFoundError(repo_id, response=SimpleNamespace(headers={}, request=None))
        return SimpleNamespace(private=self.repositories[repo_id][0])

    def create_repo(self, repo_id, *, repo_type, private, exist_ok):
        self.repositories[repo_id] = [private and not self.forces_public, []]

    def list_repo_files(self, repo_id, *, repo_type):
        return self.repositories[repo_id][1]

    def create_commit(self, repo_id, operations, *, repo_type, commit_message):
        self.commits.append((repo_id, list(operations), commit_message))


def row(data_set, subject, clip, present, release="r1"):
    values = dict.fromkeys(FEATURES)
    values |= {"sample_id": f"{data_set}/{subject}/{clip}", "data_set": data_set, "label_release": release}
    return values | {"subject": subject, "clip": clip, "frames": [], "action_units": label_vector(present)}


@pytest.fixture
def prepared(tmp_path):
    """A function that writes a prepared folder: one parquet file a data set."""

    def write(**clips):
        for name, rows in clips.items():
            table = Dataset.from_list(rows, features=FEATURES)
            table.to_parquet(tmp_path / f"{name}.parquet")
        return tmp_path

    return write


@pytest.fixture
def casme2(prepared):
    return prepared(
        a=[row("casme2", "01", "EP01", ["AU4", "AU7"]), row("casme2", "02", "EP02", ["AU4"])],
        b=[row("casme2", "02", "EP03", [], "r2")],
    )


def test_every_builder_name_has_terms_and_a_paper():
    assert set(TERMS) == set(MODULES) - {"folder"}
    assert all("doi:" in terms.citation and terms.source.startswith("http") for terms in TERMS.values())
    assert kind_of("samm-like") == "synthetic" and kind_of("folder") == "own"


@pytest.mark.parametrize("said", [{}, {"private": True}, {"licence_allows": True}, {"private": 1, "licence_allows": 1}])
def test_licensed_faces_need_a_private_repository_and_the_users_word(casme2, said):
    hub = ToyHub()
    with pytest.raises(NotAllowedError) as error:
        push_prepared(casme2, "lab/casme2", api=hub, licence="cc-by-4.0", **said)
    assert TERMS["casme2"].statement in str(error.value) and TERMS["casme2"].source in str(error.value)
    assert not hub.repositories and not hub.commits


def test_a_mixture_is_as_restricted_as_its_strictest_part(prepared):
    folder = prepared(a=[row("casme2-like", "s1", "c1", ["AU1"])], b=[row("samm", "006", "006_1_2", ["AU12"])])
    with pytest.raises(NotAllowedError, match="SAMM"):
        push_prepared(folder, "me/mixed", api=ToyHub())


def test_licensed_faces_go_to_a_private_repository_in_one_commit(casme2):
    hub = ToyHub()
    address = push_prepared(casme2, "lab/casme2", private=True, licence_allows=True, api=hub)
    assert address.endswith("datasets/lab/casme2")
    assert hub.repositories["lab/casme2"][0] is True
    ((repo_id, operations, message),) = hub.commits
    assert [each.path_in_repo for each in operations] == ["README.md", "data/00000-a.parquet", "data/00001-b.parquet"]
    assert repo_id == "lab/casme2" and message == "3 clips of casme2"


@pytest.mark.parametrize("hub", [ToyHub(lab__casme2=(False, [])), ToyHub(forces_public=True)], ids=["old", "new"])
def test_a_repository_that_turns_out_public_gets_nothing(casme2, hub):
    with pytest.raises(NotAllowedError, match="is public; nothing was uploaded"):
        push_prepared(casme2, "lab/casme2", private=True, licence_allows=True, api=hub)
    assert not hub.commits


def test_own_clips_need_the_name_of_a_licence(prepared):
    folder = prepared(a=[row("folder", "anna", "smile", ["AU12"])])
    with pytest.raises(NotAllowedError, match="under which licence"):
        push_prepared(folder, "me/mine", api=ToyHub())
    hub = ToyHub()
    push_prepared(folder, "me/mine", licence="cc-by-4.0", api=hub)
    card = hub.commits[0][1][0].path_or_fileobj.decode()
    assert front_matter(card)["license"] == "cc-by-4.0"


def test_rendered_clips_may_go_anywhere_and_say_that_they_are_rendered(prepared):
    hub = ToyHub()
    push_prepared(prepared(a=[row("casme2-like", "s1", "c1", ["AU1"])]), "me/rendered", api=hub)
    card = hub.commits[0][1][0].path_or_fileobj.decode()
    assert "synthetic" in front_matter(card)["tags"] and front_matter(card)["license"] == "apache-2.0"
    assert "**Synthetic" in card and "private" not in card


def test_files_of_an_earlier_push_are_removed(casme2):
    old = ["README.md", "data/00000-a.parquet", "data/00001-old.parquet", "notes.txt"]
    hub = ToyHub(lab__casme2=(True, old))
    push_prepared(casme2, "lab/casme2", private=True, licence_allows=True, api=hub)
    operations = hub.commits[0][1]
    assert [op.path_in_repo for op in operations if isinstance(op, CommitOperationDelete)] == ["data/00001-old.parquet"]
    assert sum(isinstance(op, CommitOperationAdd) for op in operations) == 3


def front_matter(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_the_card_counts_what_is_there(casme2):
    contents = read_contents(casme2)
    card = data_card(contents, "lab/casme2")
    assert "| casme2 | 3 | 2 | r1, r2 |" in card
    assert "| AU4 | brow lowerer | 2 | 1 | 0 |" in card
    assert "Clips without any unit present: 1." in card
    assert TERMS["casme2"].citation in card and 'load_dataset("lab/casme2"' in card
    assert all(f"| `{name}` |" in card for name in FEATURES)
    header = front_matter(card)
    assert header["license"] == "other" and header["license_link"] == TERMS["casme2"].source
    assert header["size_categories"] == ["n<1K"] and "synthetic" not in header["tags"]
    assert header["configs"][0]["data_files"][0]["path"] == "data/*.parquet"


def test_units_that_nobody_coded_are_named_not_counted(prepared):
    unknown = row("smic", "s1", "s1_ne_01", []) | {"action_units": [-1] * len(ACTION_UNITS)}
    card = data_card(read_contents(prepared(a=[unknown])), "lab/smic")
    assert f"Never coded here: {', '.join(ACTION_UNITS)}." in card and "| AU4 |" not in card


def test_what_is_no_prepared_set_is_said(tmp_path, prepared):
    with pytest.raises(FileNotFoundError, match=r"looked for \*.parquet of a prepared data set, found nothing"):
        read_contents(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FileNotFoundError, match=r"notes\.txt"):
        read_contents(tmp_path)
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(ValueError, match=r"broken\.parquet: not a readable parquet file"):
        read_contents(tmp_path)
    (tmp_path / "broken.parquet").unlink()
    Dataset.from_dict({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match=r"other\.parquet: columns .*sample_id"):
        read_contents(tmp_path)


def test_an_empty_set_and_another_vocabulary_are_refused(tmp_path):
    Dataset.from_list([row("samm", "1", "1", [])], features=FEATURES).select([]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="hold no clip"):
        read_contents(tmp_path)
    short = dict.fromkeys(("sample_id", "data_set", "label_release", "subject"), "x") | {"action_units": [1, 0]}
    Dataset.from_list([short]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="label vectors of length \\[2\\]"):
        read_contents(tmp_path)


def test_of_a_prepared_set_only_its_own_shards_are_pushed(casme2):
    (casme2 / "data").mkdir()
    (casme2 / "b.parquet").rename(casme2 / "data" / "subject-02.parquet")
    (casme2 / "prepared.json").write_text('{"shards": ["subject-02.parquet"]}')
    contents = read_contents(casme2)
    assert contents.files == (casme2 / "data" / "subject-02.parquet",) and contents.clips == 1


def test_a_preparation_that_was_broken_off_is_not_pushed(casme2):
    (casme2 / "preparing.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="broken off: run the same `aullm prepare` again"):
        read_contents(casme2)
