"""Start-up: what a command does not need is not imported."""

import subprocess
import sys


def test_the_help_imports_nothing_heavy():
    heavy = ("torch", "transformers", "numpy", "pandas", "datasets", "cv2", "matplotlib", "scipy", "sklearn")
    code = f"import sys, training_aullm.cli; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
