"""What a campaign counts: how often an input was handled in which way, printed as one table."""

from collections import Counter
from dataclasses import dataclass, field

OUTCOMES = {
    "right": "the answer is the one of the undamaged input, or what was damaged was made again",
    "clear": "refused by a message that names the file, option or field",
    "unclear": "refused, and nothing said what to mend",
    "traceback": "an error that only a programmer understands",
    "hang": "no end within the time limit",
    "silently wrong": "exit status 0 and another answer",
}


@dataclass
class Tally:
    """Outcomes of one part of a campaign.

    Attributes:
        part: its name.
        found: (input, outcome, what was said) in order.
    """

    part: str
    found: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, outcome: str, said: str = "") -> None:
        """Count one input."""
        assert outcome in OUTCOMES
        self.found.append((name, outcome, said))

    def bad(self) -> list[tuple[str, str, str]]:
        """Those that are neither right nor clear."""
        return [each for each in self.found if each[1] not in ("right", "clear")]

    def table(self) -> str:
        """Counts, then each input that was handled badly."""
        counts = Counter(outcome for _, outcome, _ in self.found)
        names = ["inputs", *OUTCOMES]
        numbers = [len(self.found), *(counts[outcome] for outcome in OUTCOMES)]
        rows = [
            f"| {self.part} | {' | '.join(names)} |",
            "|---" * (1 + len(names)) + "|",
            f"| | {' | '.join(map(str, numbers))} |",
        ]
        return "\n".join(rows + [f"{outcome}: {name}: {said}" for name, outcome, said in self.bad()])
