"""What gives a secret or a machine away in a text: tokens, paths of a machine, names of this machine and its user.

patterns = SecretPatterns.of_this_machine(allowed=("me",))
for found in patterns.search(text):
    print(found.line, found.what)
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

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from huggingface_hub import get_token

NOT_SECRET = {"Public IP (ipv4)", "Artifactory Credentials"}  # version numbers, and any word that begins with AP1
DETECTORS = tuple(
    detector()
    for kind, detector in get_mapping_from_secret_type_to_class().items()
    if issubclass(detector, RegexBasedDetector) and kind not in NOT_SECRET
)
"""Those of detect-secrets that know a form; those that measure entropy take every hash for a secret."""

FOLDERS = "home|Users|root|mnt|tmp|work|workspace|scratch|data|content|media|Volumes|private/var|var/folders"
FORMS = {
    "a Hugging Face token": r"hf_oauth_[\w.-]{20,}|(?:hf|api_org)_[A-Za-z0-9]{20,}",
    "a GitHub token": r"github_pat_\w{30,}",
    "a cloud access key": r"AIza[\w-]{35}",
    "an API key": r"(?<![\w-])sk-[\w-]{20,}|wandb_v1_\w{20,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}",
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----",
    "a path of a machine": rf"(?:(?<![\w.<$/}}>)-])|(?<=file://))/(?:{FOLDERS})/[\w.@-][\w.@/-]*|[A-Za-z]:[\\/]+Users\b",
}
"""Of our own, where detect-secrets has none or a narrower one."""

SECRET_NAMES = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|(?:API|ACCESS|SECRET|PRIVATE)_?KEY)$", re.IGNORECASE
)
COMMON_NAMES = {"root", "user", "users", "admin", "ubuntu", "debian", "runner", "jovyan", "docker", "localhost", "home"}
MIN_SECRET, MIN_NAME, MAX_SHOWN = 8, 3, 12
ESCAPES = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtfvb])|/)")
PRINTABLE = re.compile(rb"[\x20-\x7e]{8,}"), re.compile(rb"[\x20-\x7e]\0(?:[\x20-\x7e]\0){7,}")  # one would be slower


@dataclass(frozen=True)
class Found:
    """Something found: its line (from 1), the very text, and what it is, without repeating a secret."""

    line: int
    value: str
    what: str


@dataclass(frozen=True)
class SecretPatterns:
    """What to look for.

    Attributes:
        forms: what it is -> pattern.
        names: of this machine and its user; None where they say nothing.
    """

    forms: dict[str, re.Pattern]
    names: re.Pattern | None

    @classmethod
    def of_this_machine(cls, allowed: tuple[str, ...] = ()) -> "SecretPatterns":
        """Known forms, and what this process, at this moment, should keep to itself.

        Args:
            allowed: names that are meant to be seen, as that of the repository's owner.
        """
        forms = {what: re.compile(form) for what, form in FORMS.items()}
        for what, values, end in (
            ("a path of this machine", _folders(), r"(?![\w-])"),
            ("a secret of this environment", _secrets(), ""),
        ):
            if values:
                forms[what] = re.compile(f"(?:{'|'.join(map(re.escape, values))}){end}")
        names = _names() - {each.lower() for each in allowed}
        words = rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])"
        return cls(forms, re.compile(words, re.IGNORECASE) if names else None)

    def search(self, text: str, names: bool = True) -> Iterator[Found]:
        """Find everything in a text, whether it stands there plainly or behind escapes as JSON and Python write them.

        Args:
            text: of a file, or a part of it.
            names: look for the user's and the machine's name too.

        Yields:
            What was found, each value once.
        """
        seen: list[str] = []
        plain = ESCAPES.sub(_unescaped, text)
        for version in dict.fromkeys((text, plain)):
            for what, value in self._in(version, names):
                if not any(value in other or other in value for other in seen):
                    seen.append(value)
                    yield Found(version.count("\n", 0, version.find(value)) + 1, value, f"{what} ({hidden(value)})")

    def _in(self, text: str, names: bool) -> Iterator[tuple[str, str]]:
        for what, form in self.forms.items():
            yield from ((what, value) for value in form.findall(text))
        for detector in DETECTORS:
            yield from ((f"a secret, {detector.secret_type}", value) for value in detector.analyze_string(text))
        if names and self.names is not None:
            yield from (("a name of this machine or its user", name) for name in self.names.findall(text))


def printable(content: bytes | mmap.mmap) -> str:
    """Everything in binary data that a person could read, one byte or two bytes a letter, with a zero between."""
    runs = (found.group().replace(b"\0", b"") for form in PRINTABLE for found in form.finditer(content))
    return b"\0".join(runs).decode("ascii")


def hidden(value: str) -> str:
    """The beginning of what was found: enough to find it, not enough to use it."""
    return f"{value[: min(MAX_SHOWN, len(value) // 2)]}..."


def _unescaped(escape: re.Match) -> str:
    """What an escape stands for; a space for any that is no letter, so that lines keep their numbers."""
    code = escape[1] or escape[2]
    letter = chr(int(code, 16)) if code else " " if escape[3] else "/"
    return letter if letter.isprintable() else " "


def _folders() -> list[str]:
    """Folders of this machine that are long enough to mean nothing else."""
    found = {Path.home(), Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix), Path(__file__).parents[2]}
    found |= {Path(os.environ[name]) for name in ("HF_HOME", "AULLM_CACHE", "VIRTUAL_ENV") if os.environ.get(name)}
    return sorted(str(path) for path in found if path.is_absolute() and len(path.parts) > 2)


def _secrets() -> list[str]:
    """Values that nobody but this process should know."""
    found = {value for name, value in os.environ.items() if SECRET_NAMES.search(name)} | {get_token() or ""}
    return sorted(value for value in found if len(value) >= MIN_SECRET)


def _names() -> set[str]:
    """The user's and the machine's name, in lower case, where they say something."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    found = {name.lower() for name in (user, Path.home().name, socket.gethostname().split(".")[0])}
    return {name for name in found - COMMON_NAMES if len(name) >= MIN_NAME}
