"""Battery and power saving, as each system tells of them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from localr1.hardware.machine import Power
from localr1.hardware.power import linux_power, low_power_mode, parse_power_status
from tests.recorded_trees import recorded_tree, write_tree

SUPPLY = "sys/class/power_supply"
PROFILE = "sys/firmware/acpi/platform_profile"
PREFERENCE = "sys/devices/system/cpu/cpu0/cpufreq/energy_performance_preference"


class TestLinux:
    def test_an_unplugged_laptop_in_power_saver(self, tmp_path: Path) -> None:
        power = linux_power(recorded_tree("linux-hybrid-laptop.txt", tmp_path))
        assert (power.on_battery, power.quiet) == (True, True)
        assert power.source == "the battery is discharging; platform_profile is low-power"

    def test_a_mouse_is_no_laptop(self, tmp_path: Path) -> None:
        power = linux_power(recorded_tree("linux-amd-desktop.txt", tmp_path))
        assert power == Power(on_battery=False, quiet=None, source="no battery")

    @pytest.mark.parametrize(
        ("mains", "status", "on_battery"),
        [
            ("1", "Discharging", False),  # a charger that is too weak still counts
            ("1", "Charging", False),
            ("0", "Discharging", True),
            ("0", "Unknown", True),
            (None, "Full", False),
            (None, "Not charging", False),
            (None, "Unknown", None),
            (None, "\x1b[2J", None),
        ],
    )
    def test_a_battery(
        self, tmp_path: Path, mains: str | None, status: str, on_battery: bool | None
    ) -> None:
        files = {f"{SUPPLY}/BAT0/type": "Battery", f"{SUPPLY}/BAT0/status": status}
        if mains:
            files |= {f"{SUPPLY}/AC/type": "Mains", f"{SUPPLY}/AC/online": mains}
        assert linux_power(write_tree(tmp_path, files)).on_battery is on_battery

    @pytest.mark.parametrize(
        ("profile", "preference", "quiet"),
        [
            ("low-power", None, True),
            ("quiet", "balance_performance", True),
            ("balanced", "balance_performance", False),
            (None, "power", True),
            ("custom", "power", True),
            (None, "balance_power", False),
            (None, None, None),
        ],
    )
    def test_what_the_system_asks_for(
        self, tmp_path: Path, profile: str | None, preference: str | None, quiet: bool | None
    ) -> None:
        files = {PROFILE: profile, PREFERENCE: preference}
        told = {path: content for path, content in files.items() if content is not None}
        assert linux_power(write_tree(tmp_path, told)).quiet is quiet

    def test_nothing_is_told(self, tmp_path: Path) -> None:
        assert linux_power(tmp_path) == Power()

    def test_the_source_is_made_harmless(self, tmp_path: Path) -> None:
        power = linux_power(write_tree(tmp_path, {PROFILE: "fast\x1b[2J"}))
        assert power.source == "platform_profile is fast␛[2J"


@pytest.mark.parametrize(
    ("line", "quiet"),
    [
        (" lowpowermode         1", True),
        (" lowpowermode         0", False),
        (" powermode            1", True),
        (" powermode            2", False),
        (" sleep                1 (sleep prevented by powerd)", None),
        ("", None),
    ],
)
def test_macos(line: str, quiet: bool | None) -> None:
    settings = f"System-wide power settings:\nCurrently in use:\n standby 1\n{line}\n hibernate 3\n"
    assert low_power_mode(settings) is quiet


@pytest.mark.parametrize(
    ("line", "saver", "on_battery", "quiet"),
    [(0, 1, True, True), (1, 0, False, False), (255, 0, None, False)],
)
def test_windows(line: int, saver: int, on_battery: bool | None, quiet: bool) -> None:
    power = parse_power_status(struct.pack("<4BII", line, 8, 70, saver, 3600, 7200))
    assert (power.on_battery, power.quiet) == (on_battery, quiet)
