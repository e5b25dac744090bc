"""Start-up: no garbage is looked for meanwhile, and everything is as before afterwards."""

import gc
import subprocess
import sys

import pytest

from training_aullm.cli.startup import uncollected


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_garbage_is_looked_for_again_after_a_start():
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() and gc.get_freeze_count()
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled(), "also after a start that failed"


def test_who_has_switched_collecting_off_keeps_it_off():
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_help_imports_nothing_heavy():
    heavy = ("torch", "transformers", "numpy", "pandas", "datasets", "cv2", "matplotlib", "scipy", "sklearn")
    code = f"import sys, training_aullm.cli; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_what_reads_videos_imports_nothing_that_only_training_needs():
    unneeded = ("datasets", "sklearn", "pandas", "matplotlib", "evaluate", "joblib", "gguf", "detect_secrets")
    code = "import sys, training_aullm.videos.video_files, training_aullm.loading\n"
    code += f"print([name for name in {unneeded} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
