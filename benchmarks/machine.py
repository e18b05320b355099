"""What a measurement was made on, in words."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import torch


def describe(device: torch.device) -> str:
    """Return for instance ``2-core x86-64 CPU (model name), 24 GB, no GPU``."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    architecture = platform.machine().lower().replace("amd64", "x86-64").replace("_", "-")
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else "no GPU"
    return f"{cores}-core {architecture} CPU ({_model()}), {_memory()} GB, {gpu}"


def slug(device: torch.device) -> str:
    """Return the name of the machine's file of results, without its ending."""
    words = describe(device)
    if device.type == "cuda":
        words = torch.cuda.get_device_name(device)
    else:
        words = words.split(" (")[0]
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        if found:
            return re.sub(r"\((R|TM)\)", "", found[1]).strip()
    return platform.processor() or "unnamed"


def _memory() -> int:
    if not hasattr(os, "sysconf"):
        return 0
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return round(size / 2**30)
