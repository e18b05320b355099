"""Hatchling hook: build the front end when the tree does not hold an up-to-date one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "scripts"))

import front_end


class FrontEndHook(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        """Ask for Node from the package index only where it is needed and missing."""
        if front_end.is_current() or front_end.find_node() is not None:
            return []
        return [front_end.NODE_REQUIREMENT]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not front_end.is_current():
            front_end.build()
