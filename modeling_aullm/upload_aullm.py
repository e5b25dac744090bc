"""Uploading what `save_pretrained` writes, with the choices it was called with.

options = upload_options(folder, kwargs)                     # of `save_pretrained(folder, push_to_hub=True, ...)`
ModelUpload(partial(model.save_pretrained, full=True)).push_to_hub(**options)
"""

from collections.abc import Callable
from pathlib import Path

from transformers.utils import PushToHubMixin

OPTIONS = ("repo_id", "commit_message", "commit_description", "private", "token", "revision", "create_pr", "tags")


class ModelUpload(PushToHubMixin):
    """Uploads, in one commit, what a function writes. (transformers makes "Upload model" of this class's name.)

    Args:
        save: called with a folder and `max_shard_size`.
    """

    def __init__(self, save: Callable):
        self.save_pretrained = save


def upload_options(folder: str | Path, kwargs: dict) -> dict | None:
    """Take out of the keywords of a `save_pretrained` what is meant for the upload.

    Args:
        folder: that is saved to; its name is the repository's where none is given.
        kwargs: are changed.

    Returns:
        Keywords of `push_to_hub`; None where no upload is asked for.
    """
    if not kwargs.pop("push_to_hub", False):
        return None
    options = {"repo_id": Path(folder).name} | {name: kwargs.pop(name) for name in OPTIONS if name in kwargs}
    return options | {name: kwargs[name] for name in ("max_shard_size",) if name in kwargs}  # of both
