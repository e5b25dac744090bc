"""Where what was made once is kept.

Tested in tests/dataset_scripts/synthetic/tables/test_clip_table.py.
"""

import os
from pathlib import Path

CACHE_VARIABLE = "AULLM_CACHE"


def default_cache() -> Path:
    """$AULLM_CACHE, else ~/.cache/aullm."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "aullm")
