"""Small synthetic sets, rendered once per test run."""

import pytest

from dataset_scripts.synthetic import load_synthetic

SMALL = {"subjects": 3, "clips": 7, "frames": 3, "size": 96, "progress": False}


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def small_set(cache):
    return load_synthetic("casme2-like", **SMALL, num_proc=1, cache_dir=cache)
