"""Whether the computer runs on a battery, and whether the system asks for low power."""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path

from localr1.hardware.finding import Finding
from localr1.hardware.machine import Power
from localr1.hardware.system_files import read_text
from localr1.hardware.system_tool import QUICK_SECONDS, Runner, ToolFailed, run_tool
from localr1.terminal_text import clean_line

_QUIET_PROFILES = ("low-power", "quiet")
"""Of the kernel's platform profiles (Documentation/ABI/testing/sysfs-platform_profile)."""


def read_power(root: Path = Path("/"), run: Runner = run_tool) -> Finding[Power]:
    """The state of this computer; `root` is the folder that stands for / on Linux."""
    if sys.platform == "linux":
        return Finding(linux_power(root))
    if sys.platform == "darwin":
        return _macos_power(run)
    if sys.platform == "win32":
        return Finding(_windows_power())
    return Finding(Power())


def linux_power(root: Path) -> Power:
    """Battery, platform profile and the energy preference of the processor, out of /sys."""
    on_battery, battery = _linux_battery(root / "sys/class/power_supply")
    quiet, profile = _linux_profile(root / "sys")
    told = "; ".join(text for text in (battery, profile) if text)
    return Power(on_battery=on_battery, quiet=quiet, source=clean_line(told) or None)


def _linux_battery(folder: Path) -> tuple[bool | None, str]:
    """Documentation/ABI/testing/sysfs-class-power; a mouse's battery has the scope Device."""
    if not folder.is_dir():
        return None, ""
    supplies = [supply for supply in folder.iterdir() if read_text(supply / "scope") != "Device"]
    kinds = {supply: read_text(supply / "type") or "" for supply in supplies}
    batteries = [supply for supply, kind in kinds.items() if kind in ("Battery", "UPS")]
    if not batteries:
        return False, "no battery"
    plugs = [read_text(supply / "online") for supply in supplies if supply not in batteries]
    if any(online not in (None, "0") for online in plugs):
        return False, "plugged in"
    states = {read_text(battery / "status") for battery in batteries}
    if "Discharging" in states:
        return True, "the battery is discharging"
    if states & {"Charging", "Full", "Not charging"}:
        return False, "the battery is not discharging"
    return (True, "unplugged") if "0" in plugs else (None, "")


def _linux_profile(system: Path) -> tuple[bool | None, str]:
    """The platform profile, which power-profiles-daemon and tuned set where there is one.

    Elsewhere their power saver shows in the processor's energy preference alone.
    """
    profile = read_text(system / "firmware/acpi/platform_profile")
    if profile in _QUIET_PROFILES:
        return True, f"platform_profile is {profile}"
    file = "energy_performance_preference"
    preference = read_text(system / "devices/system/cpu/cpu0/cpufreq" / file)
    if preference == "power":
        return True, f"{file} is power"
    if profile:
        return False, f"platform_profile is {profile}"
    return (False, f"{file} is {preference}") if preference else (None, "")


def _macos_power(run: Runner) -> Finding[Power]:
    import psutil

    battery = psutil.sensors_battery()
    on_battery = battery is not None and battery.power_plugged is False
    try:
        quiet = low_power_mode(run("pmset", ["-g"], QUICK_SECONDS).text)
    except ToolFailed as failure:
        return Finding(Power(on_battery=on_battery, source="IOKit"), (str(failure),))
    return Finding(Power(on_battery=on_battery, quiet=quiet, source="IOKit; pmset -g"))


def low_power_mode(settings: str) -> bool | None:
    """Low Power Mode in what `pmset -g` prints: lowpowermode 1, or powermode 1 (2 is high)."""
    modes = re.findall(r"^\s*(?:lowpowermode|powermode)\s+([0-9])\s*$", settings, re.MULTILINE)
    return "1" in modes if modes else None


def parse_power_status(status: bytes) -> Power:
    """SYSTEM_POWER_STATUS (winbase.h): line status 0 off, 1 on, 255 unknown; battery saver 1."""
    line, _, _, saver = struct.unpack_from("<4B", status)
    on_battery = {0: True, 1: False}.get(line)
    return Power(on_battery=on_battery, quiet=saver == 1, source="GetSystemPowerStatus")


if sys.platform == "win32":

    def _windows_power() -> Power:
        import ctypes

        status = ctypes.create_string_buffer(12)
        told = ctypes.WinDLL("kernel32").GetSystemPowerStatus(status)
        return parse_power_status(status.raw) if told else Power()
