"""The stand-in Hub in a thread of this process, or as a process of its own.

with running(tmp_path / "hub") as hub: HfApi(endpoint=hub.url, token=TOKEN)

python -m tests.hub.server FOLDER PORT
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tests.hub.app import TOKEN, Faults, build
from tests.hub.store import Store


@dataclass(frozen=True)
class Hub:
    """A running stand-in.

    Attributes:
        url: its address.
        store: what it holds.
        faults: what it does wrong, and what it received.
    """

    url: str
    store: Store
    faults: Faults

    def reset(self, folder: Path) -> None:
        """Forget everything and go on with another folder, so that tests need not start a server each."""
        self.store.move(folder)
        vars(self.faults).update(vars(Faults()))

    def environment(self, home: Path) -> dict[str, str]:
        """Variables with which a new process takes it for the Hub, with a cache of its own under `home`."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(home / "hf"),
            "HF_MODULES_CACHE": str(home / "modules"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }


@contextmanager
def running(folder: Path) -> Iterator[Hub]:
    """Serve a folder from a thread, at a free port, until the block ends."""
    faults, store = Faults(), Store(folder)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(build(store, faults), log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Hub(f"http://127.0.0.1:{door.getsockname()[1]}", store, faults)
        finally:
            faults.hold_after = None
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    uvicorn.run(build(Store(Path(sys.argv[1])), Faults()), port=int(sys.argv[2]), log_level="warning")
