"""What a subject wears and grows: glasses and beards, drawn apart from the face they belong to."""

from dataclasses import dataclass

import numpy as np

from dataset_scripts.synthetic.camera.glasses import Glasses, choose, put_on
from dataset_scripts.synthetic.camera.overlay import Overlay
from dataset_scripts.synthetic.camera.shading import Studio
from dataset_scripts.synthetic.people import beards
from dataset_scripts.synthetic.people.head import Traits
from dataset_scripts.synthetic.people.skin import Skin
from dataset_scripts.synthetic.variety import Variety


@dataclass(frozen=True)
class Look:
    """Attributes: glasses: None for none. beard: seed of its hairs, None for none."""

    glasses: Glasses | None
    beard: tuple[int, ...] | None

    def on_skin(self, skin: Skin) -> Skin:
        """The skin with its beard."""
        return skin if self.beard is None else beards.grow(skin, np.random.default_rng(self.beard))

    def worn(self, studio: Studio) -> Overlay | None:
        """The layers of what is worn before the face."""
        return None if self.glasses is None else put_on(studio, self.glasses)


def draw_look(variety: Variety, traits: Traits, seed: tuple[int, ...]) -> Look:
    """Decide what a subject looks like besides the face.

    Args:
        variety: the shares. traits: only men grow beards. seed: integers that name the subject.
    Returns:
        The look. A larger share adds to the subjects that a smaller one had.
    """
    glasses, beard = (np.random.default_rng([*seed, 9, which]) for which in (0, 1))
    has_beard = beard.random() < variety.beard and traits.maleness > 0.5
    return Look(choose(glasses) if glasses.random() < variety.glasses else None, (*seed, 9, 2) if has_beard else None)
