"""Files of the project that stand at its top level and that publishing sends along: card template, licence, Space.

Tested in tests/contract/test_wheel.py.
"""

from importlib.resources import files
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def project_file(name: str) -> Path:
    """Find a file or folder of the project's top level, in a checkout as in an installed wheel.

    Args:
        name: as it is called at the top level: "model_card.md", "LICENSE", "NOTICE" or "space_app".

    Returns:
        Its path. A wheel holds them as data of this package (see `force-include` in pyproject.toml).

    Raises:
        FileNotFoundError: it is in neither place.
    """
    for path in (Path(str(files(__package__))) / "data" / name, CHECKOUT / name):
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is missing from this installation of aullm: install it again")
