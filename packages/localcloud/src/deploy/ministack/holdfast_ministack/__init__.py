"""What the pinned MiniStack leaves out and Holdfast's own policies and machines depend on.

Each module names the gap, and replaces or wraps a few of MiniStack's functions when the module that holds them is first imported.
MiniStack is pinned by hash, so names that are not found mean that somebody changed the pin: that stops the start.
Nothing here changes what an explicit policy says; it makes MiniStack ask where it did not.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from importlib.metadata import version

#: The MiniStack that these were written against.
PINNED = "1.5.33"

#: MiniStack's modules, and ours that complete them.
COMPLETED = {
    "ministack.core.iam_actions": ["conditions"],
    "ministack.services.eventbridge": ["targets", "objects", "rdsevents"],
    "ministack.services.scheduler": ["schedules"],
    "ministack.services.stepfunctions": ["machines"],
    "ministack.services.kms": ["awskeys"],
    "ministack.services.lambda_svc": ["functions"],
    "ministack.services.cloudwatch": ["alarms"],
    "ministack.services.s3": ["locks", "objects"],
}


class _Finder(importlib.abc.MetaPathFinder):
    """Runs our module's `complete(theirs)` after theirs was loaded."""

    def __init__(self):
        self._busy = set()

    def find_spec(self, name, path, target=None):
        if name not in COMPLETED or name in self._busy:
            return None
        self._busy.add(name)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            for ours in COMPLETED[name]:
                importlib.import_module(f"{__name__}.{ours}").complete(module)

        spec.loader.exec_module = exec_module
        return spec


def watch_imports():
    found = version("ministack")
    if found != PINNED:
        sys.exit(f"holdfast_ministack completes ministack {PINNED}; this is {found}. Check each of its modules against the new version.")
    sys.meta_path.insert(0, _Finder())


def replace(module, name, wrap):
    """Puts `wrap(original)` in the place of a function of theirs."""
    setattr(module, name, wrap(getattr(module, name)))
