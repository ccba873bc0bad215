"""Brian2 standalone, built and run in a process of its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from network import Work


class Standalone:
    """Brian2 standalone in a process of its own, simulating the first candidate."""

    def __init__(self, work: Work, steps: int, folder: Path) -> None:
        self.result_file = folder / "result.npz"
        folder.mkdir()
        np.savez(
            folder / "values.npz",
            **{name: block[0] for name, block in work.blocks.items()},
            inputs=work.trials.inputs,
            bin_ms=work.trials.bin_ms,
            dt_ms=work.size.dt_ms,
            steps=steps,
            v=work.initial_state["v"],
            w=work.initial_state["w"],
        )
        script = Path(__file__).with_name("standalone.py")
        arguments = [folder / "values.npz", self.result_file, folder / "project"]
        self.process = subprocess.Popen(
            [sys.executable, script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._wait("ready")

    def run(self) -> float:
        """Run once and return the CPU seconds that Brian2 reports."""
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return float(self._wait(""))

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()

    def _wait(self, expected: str) -> str:
        line = self.process.stdout.readline().strip()
        if not line or not line.startswith(expected):
            self.process.kill()
            raise RuntimeError(f"Brian2 standalone failed (said {line!r}); its errors are above.")
        return line
