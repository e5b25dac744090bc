"""A FACS cell cut into tokens.

    tokenize("4+R12B?")  # atom 4, join +, atom R12B, doubt ?

An atom is a run of letters and digits without a gap, so `12B18` stays one piece and is never taken for two units.
Signs of full width, as Chinese keyboards type them, count as their plain twins.
"""

from dataclasses import dataclass

SIGNS = {
    "+": "join",
    ",": "join",
    ";": "join",
    "&": "join",
    "/": "slash",
    "|": "slash",
    "(": "open",
    ")": "close",
    "?": "doubt",
}
WORDS = {"or": "or", "and": "join"}

# U+FF01 to U+FF5E are the printable characters of ASCII at full width; then the ideographic space, comma and full stop.
_PLAIN = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: " ", 0x3001: ",", 0x3002: "."}


@dataclass(frozen=True)
class Token:
    """A piece of a cell: `text[start:end]` of the plain cell.

    kind: "atom", "join", "or", "slash", "open", "close", "doubt", "quoted" (text between double quotes) or "other".
    """

    kind: str
    text: str
    start: int
    end: int


def plain(cell: str) -> str:
    """The cell with signs, letters and digits of full width replaced by their plain twins.

    Args:
        cell: as the coder wrote it.
    Returns:
        Text of the same length.
    """
    return cell.translate(_PLAIN)


def tokenize(text: str) -> list[Token]:
    """Cut a plain cell into tokens; every character that is no blank is in exactly one of them.

    Args:
        text: a cell after `plain`.
    Returns:
        Tokens in order.
    """
    tokens, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token_at(text, at)
        tokens.append(token)
        at = token.end
    return tokens


def _token_at(text: str, start: int) -> Token:
    letter = text[start]
    if letter.isalnum():
        return _atom_at(text, start)
    if letter == '"' and (close := text.find('"', start + 1)) > 0:
        return Token("quoted", text[start + 1 : close], start, close + 1)
    return Token(SIGNS.get(letter, "other"), letter, start, start + 1)


def _atom_at(text: str, start: int) -> Token:
    """A run of letters and digits. "4.0", an integer that went through a spreadsheet library, is the atom 4."""
    end = _run_end(text, start)
    atom = text[start:end]
    if atom.isascii() and atom.isdigit() and text[end : end + 2] == ".0" and _run_end(text, end + 1) == end + 2:
        return Token("atom", atom, start, end + 2)
    return Token(WORDS.get(atom.lower(), "atom"), atom, start, end)


def _run_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end].isalnum():
        end += 1
    return end
