"""What gives a secret or a machine away: patterns of tokens, paths of this machine, names of its user.

marks = machine_marks(own=("ann",))
for found in marks.search(b"token = 'hf_...'"): ...
"""

import getpass
import mmap
import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import get_token

HF_TOKEN, GITHUB_TOKEN = "a Hugging Face token", "a GitHub token"
CLOUD_KEY, API_KEY = "a cloud access key", "an API key"
TOKENS = (
    (HF_TOKEN, b"hf_", rb"hf_[A-Za-z0-9]{20,}"),
    (HF_TOKEN, b"api_org_", rb"api_org_[A-Za-z0-9]{20,}"),
    (GITHUB_TOKEN, b"gh", rb"gh[pousr]_[A-Za-z0-9]{30,}"),
    (GITHUB_TOKEN, b"github_pat_", rb"github_pat_\w{30,}"),
    (CLOUD_KEY, b"AKIA", rb"AKIA[0-9A-Z]{16}(?![0-9A-Za-z])"),
    (CLOUD_KEY, b"AIza", rb"AIza[0-9A-Za-z_-]{35}"),
    (API_KEY, b"sk-", rb"sk-[A-Za-z0-9_-]{20,}"),
    (API_KEY, b"wandb_v1_", rb"wandb_v1_\w{20,}"),
    (API_KEY, b"xox", rb"xox[abps]-[\w-]{10,}"),
    ("a private key", b"-----BEGIN", rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
)
"""What it is, the bytes that it begins with, and the whole pattern."""

ROOTS = ("home", "Users", "root", "mnt", "tmp", "work", "workspace", "scratch", "private/var", "var/folders")
SECRET_NAMES = re.compile(r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|CREDENTIALS?)$", re.IGNORECASE)
COMMON_NAMES = {"root", "user", "users", "admin", "ubuntu", "debian", "runner", "jovyan", "docker", "localhost", "home"}
SHORTEST_SECRET = 8
SHORTEST_NAME = 3
SHOWN = 12


@dataclass(frozen=True)
class Mark:
    """Something found: where it begins (byte), and what it is, without repeating a secret."""

    start: int
    what: str


@dataclass(frozen=True)
class Pattern:
    """What it is, the bytes that it begins with (found fast, in any amount of data), and the whole of it.

    A pattern that begins a word is not looked for inside words, such as "task-..."; but in a file that is no text, any
    byte may stand before it.
    """

    what: str
    begins: bytes
    whole: re.Pattern
    begins_a_word: bool = False

    def search(self, content: bytes | mmap.mmap, text: bool) -> Iterator[Mark]:
        """Every place in the content."""
        at = content.find(self.begins)
        while at >= 0:
            within = text and self.begins_a_word and at > 0 and re.match(rb"\w", content[at - 1 : at])
            if not within and (match := self.whole.match(content, at)):
                yield Mark(at, f"{self.what} ({_hidden(match.group())})")
            at = content.find(self.begins, at + 1)


@dataclass(frozen=True)
class Marks:
    """Patterns to search for.

    Attributes:
        anywhere: so particular that they never stand in compressed data by chance.
        names: of this machine and its user, for texts only; None where they say nothing.
    """

    anywhere: tuple[Pattern, ...]
    names: re.Pattern | None

    def search(self, content: bytes | mmap.mmap, text: bool = False) -> Iterator[Mark]:
        """Find every mark in some bytes.

        Args:
            content: of a file, or a part of it.
            text: whether it has words; then also look for the names of this machine and its user.

        Yields:
            What was found.
        """
        for pattern in self.anywhere:
            yield from pattern.search(content, text)
        if text and self.names is not None:
            for match in self.names.finditer(content):
                yield Mark(match.start(), f"a name of this machine or its user ({match.group().decode()})")


def machine_marks(own: tuple[str, ...] = ()) -> Marks:
    """The patterns for this machine, at this moment.

    Args:
        own: names that are meant to be seen, as that of the repository's owner.

    Returns:
        Tokens of all kinds, the values of this process's secret variables, and paths; in texts also the names of the
        user and of the machine.
    """
    patterns = [Pattern(what, begins, re.compile(whole), begins_a_word=True) for what, begins, whole in TOKENS]
    patterns += [_path(f"/{root}/".encode()) for root in ROOTS]
    patterns += [_windows_path(begins) for begins in (rb":\Users", rb":\\Users", b":/Users")]
    patterns += [_exactly("a path of this machine", each, rb"(?![\w-])") for each in _folders()]
    patterns += [_exactly("a secret of this environment", each) for each in _secrets()]
    names = [name for name in _names() if name not in {each.lower() for each in own}]
    words = rb"|".join(re.escape(name.encode()) for name in names)
    found = re.compile(rb"(?<![\w-])(?:%s)(?![\w-])" % words, re.IGNORECASE) if names else None
    return Marks(tuple(patterns), found)


def _path(begins: bytes) -> Pattern:
    """An absolute path below a folder that holds people's files; not the path of an address on the web."""
    return Pattern("a path of a machine", begins, re.compile(rb"(?<![\w.<$:/-])" + re.escape(begins) + rb"[\w.@-]"))


def _windows_path(begins: bytes) -> Pattern:
    return Pattern("a path of a machine", begins, re.compile(rb"(?<=[A-Za-z])" + re.escape(begins) + rb"[\\/]+\w"))


def _exactly(what: str, value: bytes, after: bytes = b"") -> Pattern:
    return Pattern(what, value, re.compile(re.escape(value) + after))


def _folders() -> list[bytes]:
    """Folders of this machine that are long enough to mean nothing else."""
    found = {Path.home(), Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix), Path(__file__).parents[2]}
    found |= {Path(os.environ[name]) for name in ("HF_HOME", "AULLM_CACHE", "VIRTUAL_ENV") if os.environ.get(name)}
    return sorted(str(path).encode() for path in found if path.is_absolute() and len(path.parts) > 2)


def _secrets() -> list[bytes]:
    """Values that nobody but this process should know."""
    found = {value for name, value in os.environ.items() if SECRET_NAMES.search(name) and "/" not in value}
    found |= {get_token() or ""}
    return sorted(value.encode() for value in found if len(value) >= SHORTEST_SECRET)


def _names() -> list[str]:
    """The user's and the machine's name, in lower case, where they say something."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    found = {name.lower() for name in (user, Path.home().name, socket.gethostname().split(".")[0])}
    return sorted(name for name in found - COMMON_NAMES if len(name) >= SHORTEST_NAME)


def _hidden(found: bytes) -> str:
    """The beginning of what was found: enough to find it, not enough to use it."""
    text = found.decode("utf-8", "replace")
    return text if len(text) <= SHOWN else f"{text[: min(SHOWN, len(text) // 2)]}..."
