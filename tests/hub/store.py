"""Repositories in a folder, as the Hub keeps them: blobs by content, commits as listings, branches as names of commits.

FOLDER/blobs/SHA256                        contents
FOLDER/repos/models/owner/name/repo.json   {"private": ..., "head": COMMIT}
FOLDER/repos/models/owner/name/COMMIT.json {"parent": ..., "files": {path: Blob fields}}
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

GITATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.parquet filter=lfs diff=lfs merge=lfs -text\n"
LARGE_FILES = (".safetensors", ".parquet", ".mp4", ".png", ".jpg", ".bin", ".pt", ".pkl")


@dataclass(frozen=True)
class Blob:
    """A file's content: hash of its bytes, git's own hash, size, and whether it is a large file (LFS)."""

    sha256: str
    git: str
    size: int
    lfs: bool

    @property
    def oid(self) -> str:
        """What git calls it: for a large file the hash of the pointer that stands for it."""
        return git_hash(self.pointer) if self.lfs else self.git

    @property
    def pointer(self) -> bytes:
        """The few lines that git keeps of a large file."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n"
        return text.encode()

    @property
    def etag(self) -> str:
        """What downloads are told it is."""
        return self.sha256 if self.lfs else self.git


def git_hash(content: bytes) -> str:
    """Git's hash of a file."""
    return hashlib.sha1(b"blob %d\x00%s" % (len(content), content)).hexdigest()


class Store:
    """All repositories below one folder.

    Args:
        folder: made where it is missing; what an earlier process left there is served again.
    """

    def __init__(self, folder: Path):
        self.move(folder)

    def move(self, folder: Path) -> None:
        """Go on with another folder."""
        self.folder = folder
        (folder / "blobs").mkdir(parents=True, exist_ok=True)

    def repo(self, kind: str, name: str) -> "Repo":
        """A repository, there or not; kind is "models", "datasets" or "spaces"."""
        return Repo(self, self.folder / "repos" / kind / name)

    def repos(self) -> list[tuple[str, str]]:
        """Kind and name of each."""
        root = self.folder / "repos"
        found = sorted(root.rglob("repo.json"))
        return [(path.relative_to(root).parts[0], "/".join(path.relative_to(root).parts[1:3])) for path in found]

    def has(self, sha256: str) -> bool:
        """Whether a content has arrived."""
        return (self.folder / "blobs" / sha256).is_file()

    def put(self, content: bytes) -> str:
        """Keep a content, whole or not at all."""
        name = hashlib.sha256(content).hexdigest()
        unfinished = self.folder / "blobs" / f".{name}.{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.rename(self.folder / "blobs" / name)
        return name

    def read(self, sha256: str) -> bytes:
        """A content."""
        return (self.folder / "blobs" / sha256).read_bytes()


class Repo:
    """One repository."""

    def __init__(self, store: Store, folder: Path):
        self.store, self.folder = store, folder

    @property
    def exists(self) -> bool:
        """Whether it was made."""
        return (self.folder / "repo.json").is_file()

    @property
    def private(self) -> bool:
        """Whether only its owner sees it."""
        return self._state()["private"]

    @property
    def head(self) -> str:
        """The newest commit."""
        return self._state()["head"]

    def create(self, private: bool) -> None:
        """Make it, with the Hub's own first commit."""
        self.folder.mkdir(parents=True)
        self._save(private, "")
        self.commit({".gitattributes": self.add(GITATTRIBUTES, lfs=False)}, (), private)

    def add(self, content: bytes, lfs: bool) -> Blob:
        """A blob of a content, which is kept."""
        return Blob(self.store.put(content), git_hash(content), len(content), lfs)

    def files(self, revision: str) -> dict[str, Blob] | None:
        """The files of a branch or a commit; None where there is none of that name."""
        path = self.folder / f"{self.resolve(revision)}.json"
        if not path.is_file():
            return None
        return {name: Blob(**fields) for name, fields in json.loads(path.read_text())["files"].items()}

    def resolve(self, revision: str) -> str:
        """The commit that a name stands for."""
        return self.head if revision in ("main", "HEAD", "refs/heads/main") else revision

    def commit(self, added: dict[str, Blob], deleted: tuple[str, ...], private: bool | None = None) -> str:
        """Put files in and take files out, at once."""
        parent = self.head
        files = (self.files(parent) or {}) if parent else {}
        files = {name: blob for name, blob in (files | added).items() if name not in deleted}
        listing = json.dumps({"parent": parent, "files": {name: asdict(files[name]) for name in sorted(files)}})
        commit = hashlib.sha1(listing.encode()).hexdigest()
        (self.folder / f"{commit}.json").write_text(listing)
        self._save(self.private if private is None else private, commit)
        return commit

    def _state(self) -> dict:
        return json.loads((self.folder / "repo.json").read_text())

    def _save(self, private: bool, head: str) -> None:
        unfinished = self.folder / ".repo.json"
        unfinished.write_text(json.dumps({"private": private, "head": head}))
        unfinished.rename(self.folder / "repo.json")
