"""The page's scripts on stand-ins for a browser, run by the node that Playwright brings."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.contract.tree import ROOT


def staged(stage: str, script: str, **plan) -> dict:
    """What happens on a stage of this folder when a script of the page runs on it and a plan unfolds."""
    driver = pytest.importorskip("playwright._impl._driver")
    node, *_ = driver.compute_driver_executable()
    command = [node, str(Path(__file__).with_name(stage)), str(ROOT / "space_app" / script), json.dumps(plan)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
