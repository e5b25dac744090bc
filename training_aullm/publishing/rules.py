"""What may go into each repository: everything that is not named here stays."""

import re

from training_aullm.publishing.repo_folders import Role

ALLOWED: dict[Role, tuple[str, ...]] = {
    "model": (
        r"README\.md|LICENSE|NOTICE",
        r"\w+_aullm\.py",
        r"(config|generation_config|processor_config|preprocessor_config|tokenizer|tokenizer_config)\.json",
        r"(special_tokens_map|added_tokens|vocab|face_networks)\.json|merges\.txt|tokenizer\.model|chat_template\.jinja",
        r"model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json|face_networks\.safetensors",
    ),
    "metric": (r"README\.md|LICENSE|NOTICE|index\.html|requirements\.txt|au_f1\.py|metrics\.py",),
    "clips": (r"README\.md|LICENSE|NOTICE|data/[\w-]+\.parquet",),
    "space": (
        r"README\.md|LICENSE|NOTICE|requirements\.txt|packages\.txt|model\.json",
        r"\w+\.(py|css|js|html)",
        r"examples/[\w-]+\.(mp4|png|jpg|json)",
    ),
}
"""Patterns of file names, as paths in the repository."""

STATE_FILES = re.compile(
    r"training_args\.bin|optimizer\.\w+|scheduler\.\w+|scaler\.pt|rng_state\w*\.pth|trainer_state\.json|.*\.(pkl|pickle|pt|pth|"
    r"ckpt|bin|joblib|npy|npz)",
    re.IGNORECASE,
)
"""What training leaves behind: pickles that hold paths and arguments, and that run code when they are opened."""

PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")
"""First bytes of pickles, and of archives (a file of torch.save is one), whatever a file is called."""


def why_not(role: Role, name: str, beginning: bytes, is_link: bool) -> str | None:
    """Say why a file must not go.

    Args:
        role: of the repository.
        name: path in the repository.
        beginning: first bytes of the file.
        is_link: whether it is a symbolic link.

    Returns:
        The reason, or None where it may go.
    """
    if is_link:
        return "a link: put the file itself there"
    if STATE_FILES.fullmatch(name.rsplit("/", 1)[-1]):
        return "a state of training or a pickle, which holds paths and arguments of this machine"
    if beginning.startswith(PICKLES):
        return "a pickle under another name"
    if beginning.startswith(ARCHIVES):
        return "an archive, whose content would go unseen"
    if not is_ours(role, name):
        return f"not a file of a {role} repository"
    return None


def is_ours(role: Role, name: str) -> bool:
    """Whether a file that stands on the Hub is one of those that we send: then it goes when we send it no longer."""
    return any(re.fullmatch(pattern, name) for pattern in ALLOWED[role])
