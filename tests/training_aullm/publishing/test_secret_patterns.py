"""Every kind of secret and place is found wherever it hides in a text, and what only looks like one is left alone.

What must not stand in the project's own files is put together from halves here.
"""

import getpass
import socket

import pytest

from training_aullm.publishing.secret_patterns import SecretPatterns, printable

LONG = "a1B2" * 12
HF = "hf_" + LONG[:34]
JWT = "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
HOME = "/ho" + "me/ann/faces"
SECRETS = {
    "Hugging Face": HF,
    "Hugging Face, of an organisation": "api_" + "org_" + LONG[:34],
    "Hugging Face, OAuth": "hf_" + "oauth_" + LONG[:20] + "-" + LONG[:20],
    "GitHub": "gh" + "p_" + LONG[:36],
    "GitHub, fine-grained": "github_" + "pat_" + LONG,
    "GitLab": "gl" + "pat-" + LONG[:20],
    "AWS": "AK" + "IA" + "A1B2" * 4,
    "AWS, for a while": "AS" + "IA" + "A1B2" * 4,
    "Google": "AI" + "za" + LONG[:35],
    "npm": "np" + "m_" + LONG[:36],
    "PyPI": "py" + "pi-AgEIcHlwaS5vcmc" + LONG * 2,
    "OpenAI": "sk" + "-" + LONG[:32],
    "Weights & Biases": "wandb" + "_v1_" + LONG[:32],
    "Slack": "xo" + "xb-1234567890-" + "a1b2c3d4e5",
    "JSON web token": JWT,
    "SSH key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "PEM key": "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----",
    "PGP key": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "password in an address": "https://ann:correct" + "horse@example.org/x",
    "home": HOME,
    "home, as an address": "file://" + HOME,
    "macOS": "/Us" + "ers/ann/faces",
    "macOS, another disk": "/Vol" + "umes/faces/casme2",
    "Windows": "C:" + "\\Users\\ann\\faces",
    "Windows, in JSON": "C:" + "\\\\Users\\\\ann",
    "data disk": "/da" + "ta/casme2/sub01",
    "Colab": "/con" + "tent/drive/faces",
    "root": "/ro" + "ot/runs",
    "temporary": "/t" + "mp/aullm-x",
}
AROUND = {
    "alone": "{}",
    "quoted": 'key = "{}"',
    "a field": '{{"key":"{}","more":1}}',
    "behind an escaped new line": 'template: "Hello\\n{}\\nthere"',
    "behind an escaped tab": 'template: "Hello\\t{} there"',
    "behind a doubly escaped new line": 'template: "Hello\\\\n{} there"',
    "behind an escaped character": 'template: "Hello\\u000a{}\\u0020there"',
    "in a second line": "first\n{}\nthird",
}


@pytest.fixture
def patterns(monkeypatch):
    """Of a machine and a user with names of their own."""
    monkeypatch.setattr(getpass, "getuser", lambda: "annabel")
    monkeypatch.setattr(socket, "gethostname", lambda: "lab-gpu-07.example.org")
    return SecretPatterns.of_this_machine


@pytest.mark.parametrize("what", SECRETS)
@pytest.mark.parametrize("around", AROUND)
def test_a_secret_is_found_once_with_its_line_and_not_told_whole(patterns, what, around):
    text = AROUND[around].format(SECRETS[what])
    (found,) = patterns().search(text)
    assert found.line == (2 if around == "in a second line" else 1)
    assert SECRETS[what] not in found.what


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("before", [b"\0", b"\xff", b"a\0", b"_", b"7"])
def test_a_token_between_bytes_is_found(patterns, encoding, before):
    content = b"\x80\x03" + before + HF.encode(encoding) + b"\0\xf0"
    assert [found.what for found in patterns().search(printable(content))] == [f"a Hugging Face token ({HF[:12]}...)"]


@pytest.mark.parametrize(
    "harmless",
    [
        "see https://huggingface.co/ho" + "me/x and hf_hub_download",
        "a mask-of-twenty-letters-and-more and task-specific-parameters-of-a-model",
        "</con" + "tent/x> is no folder, nor is runs/da" + "ta/train-00000.parquet, nor {folder}/da" + "ta/x.parquet",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709, version 5.13.0, 127.0.0.1",
        "password: ask the owner; token = processor.tokenizer.pad_token; api_key=None",
        "git@github.com:owner/name.git and mailto:ann@example.org",
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(patterns, harmless):
    assert not list(patterns().search(harmless))


@pytest.mark.parametrize("name", ["SOME_SERVICE_TOKEN", "AWS_SECRET_ACCESS_KEY", "DJANGO_SECRET_KEY", "PGPASSWORD"])
def test_values_of_this_environment_are_secret(patterns, monkeypatch, name):
    monkeypatch.setenv(name, "wJalr/XUtn+FEMI/K7MDENG")
    for text in ("with wJalr/XUtn+FEMI/K7MDENG", r"with wJalr\/XUtn+FEMI\/K7MDENG"):
        (found,) = patterns().search(text)
        assert found.what == "a secret of this environment (wJalr/XUtn+...)"


def test_the_user_and_the_machine_are_named_in_no_prose(patterns):
    text = "trained by Annabel\non lab-gpu-07, not by annabelle"
    assert [found.line for found in patterns().search(text)] == [1, 2]
    assert not list(patterns().search(text, names=False))
    assert [found.line for found in patterns(allowed=("annabel",)).search(text)] == [2]
