"""Push a prepared data set to the Hub, and keep what must not leave where it is.

push_prepared("runs/clips", "me/rendered-clips")                                  # rendered: anybody may have it
push_prepared("runs/mine", "me/my-clips", licence="cc-by-4.0")                    # your own clips
push_prepared("runs/casme2", "lab/casme2", private=True, licence_allows=True)     # your licence, your word
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from dataset_scripts.cards.data_card import Contents, data_card, read_contents
from dataset_scripts.cards.licences import TERMS, kind_of


class NotAllowedError(PermissionError):
    """A push that a licence, or the lack of one, stands against. The message says what would have to be so."""


class HubApi(Protocol):
    """The four methods of `huggingface_hub.HfApi` that a push needs."""

    def repo_info(self, repo_id: str, *, repo_type: str): ...
    def create_repo(self, repo_id: str, *, repo_type: str, private: bool, exist_ok: bool): ...
    def list_repo_files(self, repo_id: str, *, repo_type: str) -> list[str]: ...
    def create_commit(self, repo_id: str, operations: Iterable, *, repo_type: str, commit_message: str): ...


def push_prepared(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    licence_allows: bool = False,
    licence: str | None = None,
    api: HubApi | None = None,
) -> str:
    """Upload a prepared set with its data card, in one commit.

    Parquet files of an earlier push that are no longer part of the set are removed in the same commit. The builders'
    reports are not uploaded.

    Args:
        folder: of the prepared set.
        repo_id: "owner/name" of the data set repository; made where it does not exist.
        private: make the repository private, or insist that it is.
        licence_allows: your word that the licence you signed allows a private copy on the Hub.
        licence: the Hub's name of the licence of your own clips, as "cc-by-4.0".
        api: what talks to the Hub; a `huggingface_hub.HfApi` with the token of `hf auth login` by default.

    Returns:
        The repository's address.

    Raises:
        NotAllowedError: clips under a signed licence without `private` and `licence_allows`, or into a public
            repository; own clips without `licence`.
        FileNotFoundError, ValueError: the folder holds no prepared set.
    """
    contents = read_contents(folder)
    check_allowed(contents, private=private, licence_allows=licence_allows, licence=licence)
    card = data_card(contents, repo_id, licence)
    api = HfApi() if api is None else api
    _open_repository(api, repo_id, contents, private)
    there = api.list_repo_files(repo_id, repo_type="dataset")
    message = f"{contents.clips} clips of {', '.join(contents.data_sets)}"
    api.create_commit(repo_id, _operations(card, contents, there), repo_type="dataset", commit_message=message)
    return f"https://huggingface.co/datasets/{repo_id}"


def check_allowed(
    contents: Contents, *, private: bool = False, licence_allows: bool = False, licence: str | None = None
) -> None:
    """Stop a push that must not be; asks nobody and reads no network.

    Args:
        contents: what would be pushed.
        private, licence_allows, licence: as in `push_prepared`.

    Raises:
        NotAllowedError: with the terms of every licensed set in `contents` as the reason.
    """
    licensed = [name for name in contents.data_sets if kind_of(name) == "licensed"]
    if licensed and not (private is True and licence_allows is True):
        asked = [word for word, said in (("private", private), ("licence_allows", licence_allows)) if said is not True]
        raise NotAllowedError(
            f"{', '.join(licensed)}: faces under a signed licence are not pushed to the Hub unless the repository is "
            f"private and you say that your licence allows it (missing: {', '.join(asked)}).\n" + _reasons(licensed)
        )
    own = [name for name in contents.data_sets if kind_of(name) == "own"]
    if own and not licence:
        raise NotAllowedError(
            f"{', '.join(own)}: nobody said under which licence these clips may be used, nor whether the people in "
            'them agreed. Name the licence, as licence="cc-by-4.0", or "other" for terms of your own.'
        )


def _operations(card: str, contents: Contents, there: list[str]) -> list[CommitOperationAdd | CommitOperationDelete]:
    """Files to add, and files of an earlier push to remove."""
    names = {f"data/{number:05d}-{path.name}": path for number, path in enumerate(contents.files)}
    stale = [name for name in there if name.startswith("data/") and name.endswith(".parquet") and name not in names]
    added = [CommitOperationAdd("README.md", card.encode())]
    added += [CommitOperationAdd(name, str(path)) for name, path in names.items()]
    return [*added, *(CommitOperationDelete(name) for name in stale)]


def _reasons(licensed: list[str]) -> str:
    lines = [f"  {TERMS[name].sentence()}" for name in licensed]
    return "\n".join(
        [*lines, "Everybody in the repository's organisation can read it: each of them needs the licence too."]
    )


def _open_repository(api: HubApi, repo_id: str, contents: Contents, private: bool) -> None:
    """Make the repository, or look at the one that is there; a licensed set goes into none that is not private."""
    try:
        info = api.repo_info(repo_id, repo_type="dataset")
    except RepositoryNotFoundError:
        api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
        info = api.repo_info(repo_id, repo_type="dataset")
    if private and info.private is not True:
        licensed = [name for name in contents.data_sets if kind_of(name) == "licensed"]
        raise NotAllowedError(
            f"{repo_id} is there already and is public; nothing was uploaded. Make it private in its settings, or "
            "choose another name." + ("\n" + _reasons(licensed) if licensed else "")
        )
