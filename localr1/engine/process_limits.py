"""Limits that the system enforces on a child process of localr1; Windows has none of them."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource
    import signal

    CPU_SECONDS: int = resource.RLIMIT_CPU
    ADDRESS_SPACE_BYTES: int = resource.RLIMIT_AS
    PRIVATE_BYTES: int = resource.RLIMIT_DATA
    CORE_BYTES: int = resource.RLIMIT_CORE
    FILE_BYTES: int = resource.RLIMIT_FSIZE
    KILLED: int = signal.SIGKILL
else:
    import signal

    CPU_SECONDS = ADDRESS_SPACE_BYTES = PRIVATE_BYTES = CORE_BYTES = FILE_BYTES = 0
    KILLED = signal.SIGTERM


def limit_this_process(limits: dict[int, int]) -> None:
    """Set these limits, for good; one that is stricter already stays."""
    if sys.platform != "win32":
        for kind, value in limits.items():
            _, hard = resource.getrlimit(kind)
            if hard == resource.RLIM_INFINITY or value < hard:
                resource.setrlimit(kind, (value, value))
