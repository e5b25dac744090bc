"""Jobs in several processes: the same results, errors that name a job, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from dataset_scripts.parallel import run_jobs

ROOT = Path(__file__).parents[2]


def square(number: int) -> int:
    return number * number


def fail_at_two(number: int) -> int:
    if number == 2:
        raise OSError("disk full")
    return number


def die_at_two(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def threads(_: int) -> tuple[str, int]:
    return os.environ["OMP_NUM_THREADS"], cv2.getNumThreads()


def first_quick(path: Path) -> None:
    path.write_text(str(os.getpid()))
    if path.name != "a":
        time.sleep(60)


def alive(process: int) -> bool:
    """Whether a process still runs; one that has ended but was not waited for does not."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(true, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not true():
        time.sleep(0.1)
    return true()


@pytest.mark.parametrize("num_proc", [1, 2])
def test_results_do_not_depend_on_the_number_of_processes(num_proc):
    assert sorted(run_jobs(square, range(7), num_proc)) == [0, 1, 4, 9, 16, 25, 36]
    assert list(run_jobs(square, [], num_proc)) == []


def test_a_process_has_one_thread():
    assert set(run_jobs(threads, range(2), 2)) == {("1", 1)}


@pytest.mark.parametrize("num_proc", [1, 2])
def test_an_error_is_the_jobs_own_and_names_it(num_proc):
    with pytest.raises(OSError, match="disk full") as caught:
        list(run_jobs(fail_at_two, range(4), num_proc))
    assert "while working on 2" in "".join(caught.value.__notes__)


def test_a_process_that_dies_is_told_with_its_job():
    with pytest.raises(RuntimeError, match=r"died while it worked on .*2.*\n?.*finished is kept"):
        list(run_jobs(die_at_two, [0, 1, 2], 2))


def test_a_caller_that_stops_leaves_no_process(tmp_path):
    results = run_jobs(first_quick, [tmp_path / name for name in "abc"], 2)
    next(results)
    results.close()
    pids = [int(path.read_text()) for path in tmp_path.iterdir()]
    assert pids and wait_until(lambda: not any(map(alive, pids)))


def test_a_script_needs_no_guard_and_when_killed_takes_its_processes_with_it(tmp_path):
    script = (
        "import sys; from pathlib import Path\n"
        "from dataset_scripts.parallel import run_jobs\n"
        "def work(number):\n"
        "    import os, time\n"
        f"    (Path({str(tmp_path)!r}) / str(os.getpid())).touch()\n"
        "    time.sleep(60)\n"
        "list(run_jobs(work, range(2), 2))\n"
    )
    started = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        assert wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        started.kill()
        started.wait()
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert wait_until(lambda: not any(map(alive, pids)))
