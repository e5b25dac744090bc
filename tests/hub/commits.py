"""What a commit's lines do to a repository of the stand-in."""

import base64

from tests.hub.store import LARGE_FILES, Blob, Repo


def upload_mode(file: dict) -> str:
    """Whether a file goes into the large file store: by its name, or because it is no text of moderate size."""
    large = file["path"].endswith(LARGE_FILES) or file["size"] > 10_000_000
    return "lfs" if large else "regular"


def apply_commit(repo: Repo, lines: list[dict]) -> tuple[str | None, str | None]:
    """Make a commit out of the lines that a client sends.

    Args:
        repo: which exists.
        lines: {"key": "header" | "file" | "lfsFile" | "deletedFile" | "deletedFolder", "value": {...}}.

    Returns:
        What is wrong with it, or the new commit.
    """
    added: dict[str, Blob] = {}
    deleted: list[str] = []
    for line in lines:
        value = line["value"]
        if line["key"] == "header":
            if value.get("parentCommit") not in (None, repo.head):
                return "A commit has happened since. Please refresh and try again.", None
        elif line["key"] == "file":
            added[value["path"]] = repo.add(base64.b64decode(value["content"]), lfs=False)
        elif line["key"] == "lfsFile":
            if not repo.store.has(value["oid"]):
                return f"LFS object {value['oid']} has not been uploaded", None
            added[value["path"]] = repo.add(repo.store.read(value["oid"]), lfs=True)
        elif line["key"] == "deletedFile":
            deleted.append(value["path"])
        elif line["key"] == "deletedFolder":
            folder = value["path"].rstrip("/") + "/"
            deleted += [path for path in repo.files(repo.head) if path.startswith(folder)]
    return None, repo.commit(added, tuple(deleted))
