"""A golden fails where the output changed and the version did not, and where only the version changed."""

from dataclasses import replace

import pytest

from tests.golden import Golden


def test_output_and_version_change_together(tmp_path):
    golden = Golden(tmp_path / "golden.json", "SOME_VERSION", "1", "python -m tests.some", 0.01)
    golden.record({"a": [1.0, 2.0], "b": 3})
    golden.check({"a": [1.0, 2.005], "b": 3})
    for changed in ({"a": [1.0, 2.02], "b": 3}, {"a": [1.0], "b": 3}):
        with pytest.raises(AssertionError, match=r"raise SOME_VERSION.*`python -m tests.some`"):
            golden.check(changed)
    with pytest.raises(AssertionError, match="recorded with '1'"):
        replace(golden, version="2").check({"a": [1.0, 2.0], "b": 3})
