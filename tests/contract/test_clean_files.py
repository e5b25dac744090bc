"""Nothing of the machine it was written on, nothing heavy, nothing half-done in the project's files."""

import re

from tests.contract.tree import ROOT, project_files

# Put together from halves, so that this file does not hold what it forbids.
FOREIGN = [
    *(rf"(?<![\w.<$-])/{folder}/\w" for folder in ("ro" + "ot", "ho" + "me", "wo" + "rk", "User" + "s", "t" + "mp")),
    *(re.escape(host) for host in ("py" + "pi.org", "pythonhos" + "ted.org", "npm" + "js.org", "deb." + "debian.org")),
    *(re.escape(option) for option in ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links")),
]
MARKS = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "^" + 7 * "<" + " ", "^" + 7 * ">" + " ")))
LARGEST = 3_500_000
CARDS = [ROOT / "model_card.md", ROOT / "training_aullm/released/README.md"]
RELEASED = "training_aullm/released/model.safetensors"  # the checkpoint that comes with the package


def _texts():
    for path in project_files():
        try:
            yield path.relative_to(ROOT), path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue


def _lines_with(pattern: re.Pattern) -> list[str]:
    return [
        f"{path}:{n} {line.strip()[:120]}"
        for path, lines in _texts()
        for n, line in enumerate(lines, 1)
        if pattern.search(line)
    ]


def test_no_path_of_a_machine_and_no_registry_host():
    assert not _lines_with(re.compile("|".join(FOREIGN)))


def test_nothing_is_left_to_do():
    assert not _lines_with(MARKS)


def test_the_patterns_find_what_they_forbid():
    pattern = re.compile("|".join(FOREIGN))
    assert pattern.search("see /ro" + "ot/x") and pattern.search("https://py" + "pi.org/simple")
    assert not pattern.search("runs/demo/model and a/work/tree")
    assert MARKS.search("<" * 7 + " HEAD") and MARKS.search(">" * 7 + " side") and not MARKS.search("a <<<<<<< b")


def test_no_file_is_heavy():
    heavy = {
        str(path.relative_to(ROOT)): path.stat().st_size for path in project_files() if path.stat().st_size > LARGEST
    }
    assert heavy.keys() <= {RELEASED} and heavy.get(RELEASED, 0) < 12_000_000


def test_lines_of_documents_fit_a_screen():
    """120 characters, as in code; rows of tables, pictures and printed messages may be longer."""
    pages = [path for path in project_files() if path.suffix == ".md" and path not in CARDS]
    long = [
        f"{path.relative_to(ROOT)}:{n}"
        for path in pages
        for n, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > 120 and not line.lstrip().startswith(("|", "![", "metadata.csv, line"))
    ]
    assert pages and not long
