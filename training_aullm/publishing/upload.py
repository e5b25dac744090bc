"""Send a folder to the Hub: one commit a repository, so that nobody ever loads half of it.

    there = look(api, parcel)
    commit = send(api, parcel, there, private=False, say=print)

Large files go ahead, one by one, into the Hub's store, which knows them by their content; the commit that makes them
visible comes last. An upload that was broken off is started again with the same command: the Hub answers for every
file that it has already, and only the rest is sent.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from training_aullm.publishing.repo_folders import Parcel
from training_aullm.publishing.rules import is_ours

LARGE = 1_000_000
SPACE_SDK = {"space": "gradio", "metric": "static"}


@dataclass(frozen=True)
class There:
    """What the Hub holds of a repository before it is sent.

    Attributes:
        exists: whether the repository is there.
        private: whether it is private; None where there is none.
        head: its newest commit.
        same: files that are there already, equal to ours.
        other: files that are there and not equal to ours, or not ours at all.
    """

    exists: bool = False
    private: bool | None = None
    head: str | None = None
    same: frozenset[str] = field(default_factory=frozenset)
    other: frozenset[str] = field(default_factory=frozenset)


def look(api: HfApi, parcel: Parcel) -> There:
    """Compare a folder with its repository; sends nothing.

    Args:
        api: what talks to the Hub.
        parcel: the folder.

    Returns:
        What is there.
    """
    try:
        info = api.repo_info(parcel.repo_id, repo_type=parcel.repo_type)
    except RepositoryNotFoundError:
        return There()
    tree = api.list_repo_tree(parcel.repo_id, repo_type=parcel.repo_type, recursive=True, revision=info.sha)
    files = [entry for entry in tree if isinstance(entry, RepoFile)]
    ours = set(parcel.names())
    same = frozenset(entry.path for entry in files if entry.path in ours and _is_same(parcel, entry))
    return There(True, bool(info.private), info.sha, same, frozenset(entry.path for entry in files) - same)


def send(api: HfApi, parcel: Parcel, there: There, private: bool, say: Callable[[str], None]) -> str:
    """Make the repository what the folder is; files of an earlier version go in the same commit.

    Args:
        api: what talks to the Hub.
        parcel: the folder.
        there: what `look` found.
        private: make a new repository private.
        say: told of each step.

    Returns:
        The commit, 40 hexadecimal digits.

    Raises:
        huggingface_hub.errors.HfHubHTTPError: the Hub refused, or somebody pushed in between.
        PermissionError: a new repository is public although it was to be private.
    """
    if not there.exists:
        sdk = SPACE_SDK.get(parcel.role)
        api.create_repo(parcel.repo_id, repo_type=parcel.repo_type, private=private, exist_ok=True, space_sdk=sdk)
        if private and api.repo_info(parcel.repo_id, repo_type=parcel.repo_type).private is not True:
            raise PermissionError(
                f"{parcel.address} was made public by the Hub although private was asked for; nothing "
                "was sent into it: make it private in its settings, then give the same command again"
            )
    names = [name for name in parcel.names() if name not in there.same]
    stale = [name for name in sorted(there.other) if name not in names and is_ours(parcel.role, name)]
    if not names and not stale:
        say(f"{parcel.address}: everything is there already")
        return there.head
    additions = [CommitOperationAdd(name, str(parcel.folder / name)) for name in names]
    for addition in (each for each in additions if each.upload_info.size >= LARGE):
        say(f"{parcel.address}: {addition.path_in_repo}, {told_size(addition.upload_info.size)}")
        api.preupload_lfs_files(parcel.repo_id, [addition], repo_type=parcel.repo_type, free_memory=False)
    say(f"{parcel.address}: {len(additions)} new files, {len(stale)} old ones removed")
    commit = api.create_commit(
        parcel.repo_id,
        [*additions, *(CommitOperationDelete(name) for name in stale)],
        commit_message=f"{len(additions)} files of aullm publish",
        repo_type=parcel.repo_type,
        parent_commit=there.head,
    )
    return commit.oid


def told_size(size: int) -> str:
    """Bytes as people say them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _is_same(parcel: Parcel, entry: RepoFile) -> bool:
    """Whether a file of ours has the size and the hash that the Hub names for it."""
    path = parcel.folder / entry.path
    if path.stat().st_size != entry.size:
        return False
    if entry.lfs is not None:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == entry.lfs.sha256
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\x00%s" % (len(content), content), usedforsecurity=False).hexdigest() == entry.blob_id
