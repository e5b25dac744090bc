"""Every number of the clip source that says what a clip looks like, one place.

Tuned so that the problem is hard in the ways real sets are: motion under a pixel or two, neighbouring muscles that join
in, movements nobody coded, and a second domain whose action units move the face differently. Caches follow every number
of a domain by themselves; a change of the code that draws needs another version below.

Tested in tests/dataset_scripts/synthetic/test_golden.py.
"""

from dataclasses import dataclass, field, replace

from dataset_scripts.synthetic.variety import Variety

SOURCE_VERSION = "3"
"""Raised when the same settings render other clips, so that stored ones are made anew; `test_golden.py` asks for it.

Version 3 moves the skin as anatomy has it; versions 1 and 2 differ by rounding only (docs/clip_source.md, "Versions").
"""

TAKES_VERSION = "2"
"""The same for what only long takes use: their script, and faces that blink, talk and turn."""


@dataclass(frozen=True)
class Light:
    """Two lamps and an ambient term. Directions point to the lamp (x right in the picture, y up, z to the camera)."""

    key: tuple[float, float, float]
    key_power: float
    fill: tuple[float, float, float]
    fill_power: float
    ambient: float


@dataclass(frozen=True)
class Motion:
    """Timing in seconds, amplitude in pixels of a 224-pixel crop."""

    rise: tuple[float, float, float, float] = (0.155, 0.33, 0.07, 0.33)  # median, log sigma, least, most
    fall: tuple[float, float, float, float] = (0.165, 0.40, 0.05, 0.40)
    hold_mean: float = 0.02
    hold_max: float = 0.08
    total_max: float = 0.50
    lag_max: float = 0.03  # between the first unit and the others
    power: tuple[float, float] = (0.8, 1.4)  # the quintic ramp is raised to it
    incomplete: float = 0.25  # share of clips that do not return to neutral
    residual: tuple[float, float] = (0.1, 0.6)
    amplitude_sigma: float = 0.42  # log sigma between clips
    unit_sigma: float = 0.25  # log sigma between the units of a clip
    amplitude_range: tuple[float, float] = (0.3, 2.5)
    unit_size: tuple[tuple[str, float], ...] = ()  # of units that move more or less than others, relative to them
    unit_max: tuple[tuple[str, float], ...] = ()  # units that move less than amplitude_range allows
    one_sided: float = 1 / 6  # share of movements that one side of the face does nearly alone
    weak_side: tuple[float, float] = (0.0, 0.3)  # how far the other side then goes along
    parted: float = 0.2  # share of smiles in which the lips part, uncoded
    held: float = 0.0  # share of movements that are held
    held_s: tuple[float, float] = (1.0, 4.0)
    uncoded: float = 0.25  # share of clips with one more movement that is not labelled


@dataclass(frozen=True)
class Nuisance:
    """What the camera and the rest of the face do."""

    tremor_units: int = 3
    tremor_px: float = 0.07
    slow_px: float = 0.12  # how far those units stray within a second or two
    drift_px: float = 0.12  # spread of the skin's own drift where it sits loosely, of each of its grains
    stray_px: float = 0.3  # the same for what takes a second or two, in clips
    take_stray_px: float = 0.8  # and in takes
    drift_sigma: float = 0.5  # log sigma of that between clips
    mouth: float = 0.12  # share of clips in which the mouth does something of its own
    wink: float = 0.1  # share of blinks that one eye does
    blink: float = 0.30
    blink_px: float = 4.5  # a lid that travels further is beyond what the linearised renderer can show
    walk: tuple[float, ...] = (0.0013, 0.0017, 0.0009, 0.18, 0.18, 0.0007)  # rx ry rz (rad), tx ty (px), log scale
    walk_sigma: float = 0.5
    walk_jitter: float = 0.08
    registration: tuple[float, ...] = (0.0, 0.0, 0.01, 1.2, 1.2, 0.008)
    gain_sigma: float = 0.06
    flicker: float = 0.008
    pulse: tuple[float, float] = (0.001, 0.004)
    fixed_pattern: float = 0.004
    gaze: tuple[float, float] = (0.15, 0.06)  # sigma of a gaze shift, sideways and up (rad)
    shot_sigma: float = 0.25  # log sigma of the noise level between clips


STILL = Nuisance(
    tremor_px=0,
    slow_px=0,
    drift_px=0,
    stray_px=0,
    take_stray_px=0,
    mouth=0,
    walk=(0,) * 6,
    registration=(0,) * 6,
    gain_sigma=0,
    flicker=0,
    pulse=(0, 0),
    fixed_pattern=0,
)
"""A face and a camera that do nothing of their own but blink; pictures and tests switch single things on."""


@dataclass(frozen=True)
class Face:
    """How subjects differ."""

    shape_sigma: float = 0.16  # 0.35 is grotesque
    placement_sigma: float = 0.08
    asymmetry: float = 0.18
    furrow_sigma: float = 0.4
    leak: tuple[float, float] = (0.2, 0.6)  # mean and sigma of a neighbouring muscle's share, times LEAKAGE
    warp: float = 0.13  # smooth subject-specific change of a unit's strength over the face


COMPANY = Motion(
    rise=(0.25, 0.40, 0.10, 0.7),
    fall=(0.30, 0.40, 0.12, 1.0),
    hold_mean=0.3,
    hold_max=1.5,
    total_max=3.0,
    amplitude_sigma=0.6,
    amplitude_range=(0.3, 8.0),
    one_sided=0.0,
    uncoded=0.0,
)
"""What the mouth does beside expressions."""

COMPANY_PX = 0.9
"""Median of that in a clip; in a take, where there is time for more, see `script`."""

MACRO = Motion(
    rise=(0.45, 0.35, 0.2, 1.2),
    fall=(0.6, 0.40, 0.25, 1.6),
    hold_mean=0.7,
    hold_max=2.5,
    total_max=4.0,
    lag_max=0.08,
    incomplete=0.1,
    amplitude_range=(2.0, 6.0),
    unit_max=(("AU5", 3.0), ("AU7", 3.0)),
    uncoded=0.0,
)
"""An expression at full size of the same muscles. Beyond 6 px the linearised renderer shows lips and lids wrongly."""

MACRO_PX = 3.5
"""Median amplitude of a macro-expression at the apex, in pixels of the standard crop."""


GRAND = replace(
    MACRO,
    total_max=4.0,
    held=0.3,
    incomplete=0.2,
    residual=(0.05, 0.3),
    amplitude_sigma=0.55,
    amplitude_range=(1.5, 25.0),
    unit_size=(("AU12", 1.9), ("AU1", 1.2), ("AU2", 1.2), ("AU26", 1.8), ("AU25", 1.2), ("AU20", 1.1)),
    unit_max=(
        *(("AU5", 3.0), ("AU7", 4.0), ("AU6", 7.0), ("AU1", 12.0), ("AU2", 12.0), ("AU4", 8.0), ("AU9", 7.0)),
        *(("AU10", 8.0), ("AU14", 8.0), ("AU15", 9.0), ("AU17", 8.0), ("AU20", 12.0), ("AU23", 5.0), ("AU24", 5.0)),
        *(("AU25", 8.0), ("AU26", 20.0), ("AU28", 5.0)),
    ),
    parted=0.6,
)
"""Macro-expressions of takes, up to a grin that moves the corners by 25 px, some of them held for seconds."""

GRAND_PX = 4.5
"""Their median amplitude."""


@dataclass(frozen=True)
class Domain:
    """A laboratory: its people, camera, light, coding, and its basis of facial movements."""

    name: str
    basis: str  # "arkit", "makehuman" or "mixed": which expression shapes its action units are built from
    subjects: int
    clips: int
    clips_per_subject: tuple[int, int]  # fewest, most
    ancestry: tuple[float, float, float]  # Dirichlet weights over asset.ANCESTRIES
    age: tuple[float, float]  # Beta weights, young to old
    amplitude_px: float  # median at the apex
    noise: float
    jpeg: tuple[int, int]
    blur: tuple[float, float]
    gamma: float
    background: float
    light: Light
    camera_fps: float = 200
    on_grid: bool = False  # frames lie on the camera's own clock; else the camera is fast enough not to matter
    motion: Motion = field(default_factory=Motion)
    macro: Motion = field(default_factory=lambda: MACRO)
    grand: Motion = field(default_factory=lambda: GRAND)  # macro-expressions of takes
    variety: Variety = field(default_factory=Variety)
    nuisance: Nuisance = field(default_factory=Nuisance)
    face: Face = field(default_factory=Face)


DOMAINS: dict[str, Domain] = {
    "casme2-like": Domain(
        name="casme2-like",
        basis="arkit",
        subjects=26,
        clips=255,
        clips_per_subject=(2, 36),
        ancestry=(0.15, 6, 0.15),
        age=(1.2, 4),
        amplitude_px=0.75,
        noise=0.010,
        jpeg=(70, 92),
        blur=(0.45, 0.75),
        gamma=1 / 1.9,
        background=0.3,
        light=Light((0.25, 0.35, 0.9), 0.75, (-0.5, 0.25, 0.8), 0.5, 0.22),
    ),
    "samm-like": Domain(
        name="samm-like",
        basis="makehuman",
        subjects=29,
        clips=159,
        clips_per_subject=(1, 20),
        ancestry=(0.6, 0.8, 2.5),
        age=(1.2, 2.2),
        amplitude_px=0.65,
        noise=0.016,
        jpeg=(90, 98),
        blur=(0.3, 0.55),
        gamma=1 / 1.6,
        background=0.45,
        light=Light((0.6, 0.45, 0.65), 0.85, (-0.6, 0.1, 0.7), 0.4, 0.18),
    ),
    "casme3-like": Domain(
        name="casme3-like",
        basis="mixed",
        subjects=100,
        clips=860,
        clips_per_subject=(1, 40),
        ancestry=(0.1, 6, 0.15),
        age=(1.0, 7),
        amplitude_px=0.70,
        noise=0.013,
        jpeg=(75, 92),
        blur=(0.5, 0.8),
        gamma=1 / 2.1,
        background=0.55,
        light=Light((-0.35, 0.6, 0.8), 0.65, (0.6, 0.1, 0.75), 0.45, 0.30),
        camera_fps=30,
        on_grid=True,
        variety=Variety(colour=True, glasses=0.25, beard=0.15, gaze=0.2),
    ),
}


def get_domain(name: str) -> Domain:
    """Look a domain up.

    Raises:
        ValueError: no such domain.
    """
    if name not in DOMAINS:
        raise ValueError(f"unknown domain {name!r}; there are {', '.join(map(repr, DOMAINS))}")
    return DOMAINS[name]
