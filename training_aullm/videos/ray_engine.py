"""Jobs over a cluster with Ray Data; the same door as `dataset_scripts.parallel.run_jobs`.

    for record in run_on_ray(read_task, tasks): ...

Ray hands a job out when a worker is free, so that nothing piles up, and holds one worker a core, or one a GPU where the
cluster has some. It runs on this machine, or on the cluster that RAY_ADDRESS names; videos, model and output then lie
where all machines see them.

Tested in tests/training_aullm/videos/test_many.py.
"""

import os
import pickle
from collections.abc import Callable, Iterator, Sequence

import cv2

try:
    import ray
except ImportError:
    ray = None


class _Worker:
    """Does jobs on one core or GPU; what it loads for one job serves the next.

    Args:
        do: what does a job.
        jobs: all of them.
    """

    def __init__(self, do: Callable, jobs: Sequence) -> None:
        cv2.setNumThreads(1)  # of OpenMP's threads Ray takes care itself
        self.do, self.jobs = do, jobs

    def __call__(self, row: dict) -> dict:
        return {"done": pickle.dumps(self.do(self.jobs[row["place"]]))}


def run_on_ray(do: Callable, jobs: Sequence, num_proc: int | None = None) -> Iterator:
    """Do all jobs; results do not depend on the number of workers, their order does not either.

    Args:
        do: what does one job; like its jobs and results it must be picklable.
        jobs: the longest first.
        num_proc: workers at most; None: what the cluster has.

    Yields:
        The result of each job.

    Raises:
        ValueError: Ray is not installed.
    """
    if ray is None:
        raise ValueError("--engine ray needs Ray: pip install '.[ray]' in the checkout")
    if not jobs:
        return
    if not ray.is_initialized():
        here = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": num_proc, "include_dashboard": False}
        ray.init(log_to_driver=False, **here)
    ray.data.DataContext.get_current().enable_progress_bars = False
    resources = ray.cluster_resources()
    most = min(len(jobs), num_proc or int(resources.get("GPU") or resources["CPU"]))
    table = ray.data.from_items([{"place": place} for place in range(len(jobs))], override_num_blocks=len(jobs))
    done = table.map(
        _Worker,
        fn_constructor_args=(do, jobs),
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
        num_cpus=1,
        num_gpus=1 if resources.get("GPU") else 0,
    )
    for row in done.iter_rows():
        yield pickle.loads(row["done"])
