"""What a set may hold besides grey clips of bare faces with micro-expressions."""

from dataclasses import dataclass, fields, replace

EXPRESSIONS = ("micro", "macro")
_SHARES = ("neutral", "glasses", "beard", "gaze")
_OF_TAKES = ("colour", "everybody", "glasses", "beard")


@dataclass(frozen=True)
class Variety:
    """Options of a set. Each draws from a random stream of its own, so that switching one on changes nothing else.

    Attributes:
        expression: "micro", or "macro" for the same people's expressions at full size.
        colour: three channels, else grey.
        neutral: share of the clips that show no expression, only nuisances; they are added to the others.
        everybody: people of all ancestries and ages, skin of every tone, instead of those of the domain's own set.
        glasses, beard: share of subjects with glasses, and of men with a beard.
        gaze: share of clips in which the eyes turn elsewhere.
        h264: constant rate factor of an H.264 film that the frames are taken from (18 good, 40 bad); None for none.
        lead_in, lead_out: frames before the onset and after the offset, at the same spacing.
    """

    expression: str = "micro"
    colour: bool = False
    neutral: float = 0.0
    everybody: bool = False
    glasses: float = 0.0
    beard: float = 0.0
    gaze: float = 0.0
    h264: int | None = None
    lead_in: int = 0
    lead_out: int = 0

    def __post_init__(self):
        if self.expression not in EXPRESSIONS:
            raise ValueError(f"expression must be one of {EXPRESSIONS}, not {self.expression!r}")
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 <= value <= 1 or (name == "neutral" and value == 1):
                raise ValueError(
                    f"{name} must be a share from 0 to {'below 1' if name == 'neutral' else 1}, not {value!r}"
                )
        if self.h264 is not None and not 0 <= self.h264 <= 51:
            raise ValueError(f"h264 must be a rate factor from 0 to 51, or None, not {self.h264!r}")
        for name in ("lead_in", "lead_out"):
            if not 0 <= getattr(self, name) <= 1000:
                raise ValueError(f"{name} must be a number of frames from 0 to 1000, not {getattr(self, name)!r}")

    def but(self, **options) -> "Variety":
        """A copy with other options.

        Raises:
            ValueError: an option that does not exist, or a value out of range.
        """
        known = [field.name for field in fields(self)]
        unknown = sorted(set(options) - set(known))
        if unknown:
            raise ValueError(f"unknown option {', '.join(unknown)}; there are {', '.join(known)}")
        return replace(self, **options)

    def in_takes(self, **options) -> "Variety":
        """A copy with other options for long takes, in colour unless told otherwise.

        Raises:
            ValueError: as for `but`, and an option of clips: what happens in a take is set by its events.
        """
        of_clips = [field.name for field in fields(self) if field.name in options and field.name not in _OF_TAKES]
        if of_clips:
            raise ValueError(
                f"{', '.join(of_clips)}: options of clips, not of takes, which have {', '.join(_OF_TAKES)}; what "
                "happens in a take is set by events"
            )
        return self.but(**({"colour": True} | options))
