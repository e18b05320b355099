"""Peak memory with few and with many samples: it must not grow."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.measure import Row, default_device, say
from benchmarks.work import explain, network, picture

GOAL = 0.05
FEW, MANY = 25, 250
# glibc keeps freed blocks below a threshold that it raises as it goes, and cuts them up: a process
# then grows a little with every pass, whatever the program does. A fixed threshold gives each large
# block back at once, so that the peak is that of what is in use.
EXACT = {"MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}


def rows(device: torch.device) -> list[Row]:
    """Measure each number of samples in a process of its own: a peak cannot be taken back."""
    found = [_row("peak memory of an explanation", device, {}, True)]
    if device.type == "cpu" and sys.platform == "linux":
        found[0] = _row("peak memory of an explanation", device, EXACT, True)
        found.append(_row("the same with glibc's free lists", device, {}, False))
    return found


def _row(what: str, device: torch.device, environment: dict[str, str], goal: bool) -> Row:
    few, many = (_in_process(samples, device, environment) for samples in (FEW, MANY))
    more = many / few - 1
    return Row(
        f"{what}, {MANY} over {FEW} samples",
        f"{more:+.1%} ({few / 1e6:.0f} → {many / 1e6:.0f} MB)",
        f"within {GOAL:.0%}" if goal else "",
        abs(more) <= GOAL if goal else None,
    )


def _in_process(samples: int, device: torch.device, environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "benchmarks.memory", "--device", str(device)]
    command += ["--samples", str(samples)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(done.stdout)


def added(samples: int, device: torch.device) -> int:
    """Return by how many bytes an explanation raises the peak of this process."""
    model, x = network(device), picture(device)
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        # The package resets this counter to measure its first batch. What comes after is larger,
        # so the peak that is read here is that of the whole.
        torch.cuda.reset_peak_memory_stats(device)
        explain(model, x, samples=samples)
        return torch.cuda.max_memory_allocated(device) - before
    before = peak()
    explain(model, x, samples=samples)
    return peak() - before


def peak() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss would begin with the size of the process that started this one.
        line = next(li for li in status.read_text().splitlines() if li.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else 1024 * usage


def main() -> None:
    """Print the rows, or, in a process of its own, one number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", type=torch.device, default=default_device())
    parser.add_argument("--samples", type=int, help="print the bytes for so many samples")
    options = parser.parse_args()
    if options.samples is not None:
        print(added(options.samples, options.device))
        return
    say(rows(options.device))


if __name__ == "__main__":
    main()
