"""A recursive-descent parser of FACS cells. It never raises: what it cannot read is in `Coding.unread`.

    coding = parse_cell("(R6 or R12) + R15B")
    coding.text(), states(coding)[15]

    cell   = choice
    choice = sum { "or" sum }                  the loosest: "4+7 or 12" leaves all three open
    sum    = slash { ("+" | "," | ";" | "&" | "and") slash }
    slash  = phrase { "/" phrase }             binds tighter than "+": in "4+12/14" the 4 is sure
    phrase = { item | remark }                 a remark makes the units beside it unclear
    item   = [doubt] ( unit | "(" choice ")" ) [doubt]     brackets without an "or" inside mean doubt, as in 4DME
    doubt  = "?" | "(k)" | "(?)"               on its own it leaves all units open
    unit   = ["AU"] { side | mark } number [intensity] [side]     marks: A, T, B, M, and AD, an action descriptor

A token is a run of letters and digits without a gap, so `12B18` stays one piece and is never taken for two units, or
one sign. Signs of full width, as Chinese keyboards type them, count as their plain twins.

Short forms: in "10A/B" the second branch is AU10 at B, in "A/L12" the first is A12. What all branches share is sure.
"""

from dataclasses import dataclass, field, replace

from dataset_scripts.cells.coding import (
    DEFAULT_POLICY,
    FACS_CODES,
    INTENSITIES,
    MARKS,
    SPOILT,
    CodedUnit,
    Coding,
    Policy,
    states,
)

__all__ = ["DEFAULT_POLICY", "FACS_CODES", "CodedUnit", "Coding", "Policy", "parse_cell", "states"]

NOTHING = ("none", "neutral")
NOT_CODED = ("/", "\\", "-", "--", "n/a", "na", "nan", "null", "unknown")
DEEPEST = 20
"""Brackets within brackets; deeper ones stay unread."""

_PHRASE_ENDS = ("join", "or", "slash", "close")
_SIDES = ("L", "R")
_PREFIXES = {"": ("both", None)}
_PREFIXES |= {side: (side, None) for side in _SIDES} | {mark: ("both", mark) for mark in MARKS}
_PREFIXES |= {pair: (side, mark) for side in _SIDES for mark in MARKS for pair in (side + mark, mark + side)}
_SIGNS = {
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
_WORDS = {"or": "or", "and": "join"}

# U+FF01 to U+FF5E are the printable characters of ASCII at full width; then the ideographic space, comma and full stop.
_PLAIN = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: " ", 0x3001: ",", 0x3002: "."}


def parse_cell(cell: str) -> Coding:
    """Read what a coder wrote.

    Args:
        cell: any text. Empty, "0", "none" and "neutral" mean no unit; "?" and every text of NOT_CODED mean not coded.
    Returns:
        The coding; never raises.
    """
    text = _plain(cell).strip()
    if text == "0":
        return Coding()
    if SPOILT.fullmatch(text):
        return Coding(unread=(text,))
    if text.lower() in NOT_CODED:
        return Coding(rest_unknown=True)
    parser = _Parser(text)
    units = dict.fromkeys(parser.cell())
    return Coding(tuple(units), tuple(parser.unread), parser.rest_unknown)


@dataclass(frozen=True)
class _Token:
    """A piece of a cell: `text[start:end]` of the plain cell.

    kind: "atom", "join", "or", "slash", "open", "close", "doubt", "quoted" (text between double quotes) or "other".
    """

    kind: str
    text: str
    start: int
    end: int


def _plain(cell: str) -> str:
    """The cell with signs, letters and digits of full width replaced by their plain twins.

    Args:
        cell: as the coder wrote it.
    Returns:
        Text of the same length.
    """
    return cell.translate(_PLAIN)


def _tokenize(text: str) -> list[_Token]:
    """Cut a plain cell into tokens; every character that is no blank is in exactly one of them.

    Args:
        text: a cell after `_plain`.
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


def _token_at(text: str, start: int) -> _Token:
    letter = text[start]
    if letter.isalnum():
        return _atom_at(text, start)
    if letter == '"' and (close := text.find('"', start + 1)) > 0:
        return _Token("quoted", text[start + 1 : close], start, close + 1)
    return _Token(_SIGNS.get(letter, "other"), letter, start, start + 1)


def _atom_at(text: str, start: int) -> _Token:
    """A run of letters and digits. "4.0", an integer that went through a spreadsheet library, is the atom 4."""
    end = _run_end(text, start)
    atom = text[start:end]
    if atom.isascii() and atom.isdigit() and text[end : end + 2] == ".0" and _run_end(text, end + 1) == end + 2:
        return _Token("atom", atom, start, end + 2)
    return _Token(_WORDS.get(atom.lower(), "atom"), atom, start, end)


def _run_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end].isalnum():
        end += 1
    return end


@dataclass
class _Branch:
    """Units of one part of a cell. `read` is false where nothing in it could be understood."""

    units: list[CodedUnit] = field(default_factory=list)
    read: bool = False

    def doubt(self, first: int = 0) -> None:
        """Make sure units unclear, from the first-th on."""
        self.units[first:] = [_uncertain(unit, "unclear") for unit in self.units[first:]]

    def add(self, other: "_Branch") -> None:
        self.units += other.units
        self.read = self.read or other.read


class _Parser:
    """Walks the tokens once. Methods are named after the rules of the grammar."""

    def __init__(self, text: str):
        self.text, self.tokens = text, _tokenize(text)
        self.at = self.depth = self.alternatives = 0
        self.unread: list[str] = []
        self.rest_unknown = False

    def peek(self, ahead: int = 0) -> _Token | None:
        place = self.at + ahead
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def kind(self, ahead: int = 0) -> str | None:
        token = self.peek(ahead)
        return None if token is None else token.kind

    def take(self, kind: str) -> bool:
        if self.kind() != kind:
            return False
        self.at += 1
        return True

    def leave_unread(self, piece: str) -> None:
        if piece := piece.replace('"', "'").strip():
            self.unread.append(piece)

    def cell(self) -> list[CodedUnit]:
        whole = self.choice()
        while self.take("close"):  # a bracket that nothing opened
            self.leave_unread(")")
            whole.add(self.choice())
        return whole.units

    def choice(self) -> _Branch:
        branches = [self.sum()]
        while self.take("or"):
            self.alternatives += 1
            branches.append(self.sum())
        return _either(branches)

    def sum(self) -> _Branch:
        whole = self.slash()
        while self.take("join"):
            whole.add(self.slash())
        return whole

    def slash(self) -> _Branch:
        prefixes = []
        while self.prefix_before_slash():
            prefixes.append(self.peek().text.upper())
            self.at += 2
        branches = [self.phrase()]
        branches[:0] = [self.with_prefix(prefix, branches[0]) for prefix in prefixes]
        while self.take("slash"):
            branches.append(self.other_intensity(branches[-1]) or self.phrase())
        self.alternatives += len(branches) - 1
        return _either(branches)

    def prefix_before_slash(self) -> bool:
        """Whether the "A/" of "A/L12" comes next."""
        if [self.kind(ahead) for ahead in range(3)] != ["atom", "slash", "atom"]:
            return False
        prefix, following = self.peek().text.upper(), self.peek(2).text.upper()
        return prefix in _PREFIXES and (following in _PREFIXES or _unit(following) is not None)

    def with_prefix(self, prefix: str, model: _Branch) -> _Branch:
        """The model's unit with another side or mark; the prefix stays unread where there is no such unit."""
        if len(model.units) != 1:
            self.leave_unread(prefix)
            return _Branch()
        side, mark = _PREFIXES[prefix]
        return _Branch([replace(model.units[0], side=side, mark=mark)], read=True)

    def other_intensity(self, model: _Branch) -> _Branch | None:
        """The "B" of "10A/B" as AU10 at B; None where the next piece is anything else."""
        alone = self.kind() == "atom" and self.kind(1) in (None, *_PHRASE_ENDS)
        if not alone or len(model.units) != 1 or self.peek().text.upper() not in tuple(INTENSITIES):
            return None
        intensity = self.peek().text.upper()
        self.at += 1
        return _Branch([replace(model.units[0], intensity=intensity)], read=True)

    def phrase(self) -> _Branch:
        found, remarks, doubts_next = _Branch(), [], False
        while self.kind() not in (None, *_PHRASE_ENDS):
            if width := self.doubt_width():
                doubts_last = bool(found.units) and self.at - 1 not in remarks and self.belongs_before(width)
                found.doubt(first=len(found.units) - 1 if doubts_last else len(found.units))
                doubts_next = doubts_next or not doubts_last
                self.at += width
            elif (item := self.item()) is not None:
                if doubts_next:
                    item.doubt()
                doubts_next = False
                found.add(item)
            else:
                remarks.append(self.at)
                self.at += 1
        self.rest_unknown = self.rest_unknown or doubts_next
        if remarks:
            found.doubt()
            self.leave_remarks(remarks)
        return found

    def doubt_width(self) -> int:
        """Tokens of a mark of doubt that comes next: 1 for "?", 3 for "(k)" and "(?)", else 0."""
        if self.kind() == "doubt":
            return 1
        bracketed = self.kind() == "open" and self.kind(2) == "close"
        return 3 if bracketed and self.peek(1).text.lower() in ("k", "?") else 0

    def belongs_before(self, width: int) -> bool:
        """Whether a mark of doubt belongs to the unit before it: "4?" and "4 ? 7", but not "4 ?7"."""
        before, first, last, after = self.peek(-1), self.peek(), self.peek(width - 1), self.peek(width)
        return before.end == first.start or after is None or after.start > last.end

    def leave_remarks(self, places: list[int]) -> None:
        """Note remarks; tokens that follow each other are one remark, a quoted text is one of its own."""
        start, last = 0, None
        for place in places:
            token = self.tokens[place]
            if token.kind == "quoted":
                self.leave_unread(token.text)
            elif last is not None and place == last + 1 and self.tokens[last].kind != "quoted":
                self.unread[-1] = self.text[start : token.end].replace('"', "'")
            else:
                start = token.start
                self.leave_unread(self.text[start : token.end])
            last = place

    def item(self) -> _Branch | None:
        """A unit, a bracket or the word "none"; None, and nothing taken, where the next token is a remark."""
        if self.kind() == "open" and self.depth < DEEPEST:
            return self.bracket()
        if self.kind() != "atom":
            return None
        if self.peek().text.lower() in NOTHING:
            self.at += 1
            return _Branch(read=True)
        for spaced in (2, 1):  # "R 12" and "12 B" before "12"
            tokens = self.tokens[self.at : self.at + spaced]
            if len(tokens) == spaced and (unit := self.spaced_unit(tokens)):
                self.at += spaced
                return _Branch([unit], read=True)
        return None

    def spaced_unit(self, tokens: list[_Token]) -> CodedUnit | None:
        """The unit that one atom spells, or two with a blank between: a prefix and a number, a number and a letter."""
        texts = [token.text for token in tokens]
        if len(texts) == 1:
            return _unit(texts[0])
        first, second = texts
        if any(token.kind != "atom" for token in tokens):
            return None
        if second[0].isdigit() and first.upper() in ("AU", "AUS", "AD", "L", "R", "T", "M"):
            return _unit(first + second)
        if first[-1].isdigit() and second.upper() in tuple(INTENSITIES) and self.kind(2) in (None, *_PHRASE_ENDS):
            return _unit(first + second)
        return None

    def bracket(self) -> _Branch:
        self.at += 1
        self.depth += 1
        before = self.alternatives
        inside = self.choice()
        self.depth -= 1
        if not self.take("close"):
            self.leave_unread("(")
        if self.alternatives == before:
            inside.doubt()
        return inside


def _uncertain(unit: CodedUnit, certainty: str) -> CodedUnit:
    return replace(unit, certainty=certainty) if unit.certainty == "sure" else unit


def _either(branches: list[_Branch]) -> _Branch:
    """One of several branches holds. Units sure in all of them are sure; what they disagree on is left out."""
    if len(branches) == 1:
        return branches[0]
    readable = [branch for branch in branches if branch.read]
    units = [unit for branch in readable for unit in branch.units]
    if len(readable) < 2:
        alone = _Branch(units, read=bool(readable))
        alone.doubt()
        return alone
    sure = [{unit.number for unit in branch.units if unit.certainty == "sure"} for branch in readable]
    shared = set.intersection(*sure) if len(readable) == len(branches) else set()
    agreed = [_agreed([unit for unit in units if unit.number == number]) for number in sorted(shared)]
    rest = [_uncertain(unit, "alternative") for unit in units if unit.number not in shared]
    return _Branch(agreed + rest, read=True)


def _agreed(units: list[CodedUnit]) -> CodedUnit:
    """One sure unit with the side, intensity and mark that all of these share."""
    sides, intensities, marks = ({getattr(unit, name) for unit in units} for name in ("side", "intensity", "mark"))
    return CodedUnit(
        units[0].number,
        side=sides.pop() if len(sides) == 1 else "both",
        intensity=intensities.pop() if len(intensities) == 1 else None,
        mark=marks.pop() if len(marks) == 1 else None,
    )


def _unit(atom: str) -> CodedUnit | None:
    """The unit that an atom such as "AU4", "R12B" or "12L" spells, or None."""
    head, digits, tail = _split(atom.upper())
    head = head.removeprefix("AU").removeprefix("S") if head.startswith("AU") else head
    known = head in _PREFIXES and 0 < len(digits) <= 4 and int(digits) in FACS_CODES
    intensity = tail[0] if tail and tail[0] in INTENSITIES else None
    after = tail[1:] if intensity else tail
    if not known or after not in ("", *_SIDES):
        return None
    side, mark = _PREFIXES[head]
    if after and side != "both":
        return None
    return CodedUnit(int(digits), after or side, intensity, mark=mark)


def _split(atom: str) -> tuple[str, str, str]:
    """Letters, the first run of digits, and what follows it."""
    start = next((place for place, letter in enumerate(atom) if letter in "0123456789"), len(atom))
    end = start
    while end < len(atom) and atom[end] in "0123456789":
        end += 1
    return atom[:start], atom[start:end], atom[end:]
