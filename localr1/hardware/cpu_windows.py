"""The processor as Windows tells of it: registry and kernel32."""

from __future__ import annotations

import struct
import sys

from localr1.hardware.cores import Core

_FEATURES = {
    39: "avx",
    40: "avx2",
    41: "avx512f",
    19: "neon",
    43: "dotprod",
    66: "i8mm",
    46: "sve",
    70: "sme",
}
"""PF_... numbers of IsProcessorFeaturePresent (winnt.h); FMA, F16C and VNNI have none."""

_RELATION_PROCESSOR_CORE = 0
_HEAD_BYTES, _MASK_BYTES = 32, 16


def parse_cores(records: bytes) -> tuple[Core, ...]:
    """SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX records of physical cores (winnt.h, 64-bit).

    The highest efficiency class is the fastest kind.
    """
    found: list[tuple[frozenset[int], int]] = []
    start = 0
    while start + _HEAD_BYTES <= len(records):
        relation, size = struct.unpack_from("<II", records, start)
        record = records[start : start + size]
        if size < _HEAD_BYTES or len(record) < size:
            break
        if relation == _RELATION_PROCESSOR_CORE:
            found.append((_cpus(record), record[9]))
        start += size
    best = max((efficiency for _, efficiency in found), default=0)
    return tuple(Core(cpus, fast=efficiency == best) for cpus, efficiency in found if cpus)


def _cpus(record: bytes) -> frozenset[int]:
    """Logical CPUs of a core: a 64-bit mask and the number of its group of 64, for each group."""
    cpus: set[int] = set()
    for start in range(_HEAD_BYTES, len(record) - _MASK_BYTES + 1, _MASK_BYTES):
        mask, group = struct.unpack_from("<QH", record, start)
        cpus.update(group * 64 + bit for bit in range(64) if mask >> bit & 1)
    return frozenset(cpus)


if sys.platform == "win32":
    import ctypes
    import winreg
    from ctypes import wintypes

    import psutil

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)

    def model() -> str:
        """The processor's name."""
        path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
        except OSError:
            return ""

    def cores() -> tuple[Core, ...]:
        """The cores; empty where the system does not tell."""
        ask = _kernel.GetLogicalProcessorInformationEx
        size = wintypes.DWORD(0)
        ask(_RELATION_PROCESSOR_CORE, None, ctypes.byref(size))
        records = ctypes.create_string_buffer(size.value)
        told = ask(_RELATION_PROCESSOR_CORE, records, ctypes.byref(size))
        return parse_cores(records.raw[: size.value]) if told else ()

    def instruction_sets() -> tuple[str, ...]:
        """Those that Windows has a question for."""
        present = _kernel.IsProcessorFeaturePresent
        return tuple(name for feature, name in _FEATURES.items() if present(feature))

    def allowed_cpus() -> frozenset[int] | None:
        """Affinity; None with more than 64 CPUs, where it says nothing of the other groups."""
        if (psutil.cpu_count() or 1) > 64:
            return None
        return frozenset(psutil.Process().cpu_affinity() or ()) or None

else:

    def model() -> str:
        """Unknown on other systems."""
        return ""

    def cores() -> tuple[Core, ...]:
        """Unknown on other systems."""
        return ()

    def instruction_sets() -> tuple[str, ...]:
        """Unknown on other systems."""
        return ()

    def allowed_cpus() -> frozenset[int] | None:
        """Unknown on other systems."""
        return None
