"""The computer of a report, as the planner wants it."""

from __future__ import annotations

from typing import NamedTuple

from localr1.advice.expected_speed import measured_bandwidth
from localr1.advice.report import Report
from localr1.hardware.machine import Device, Machine


class Computer(NamedTuple):
    """What models are planned for."""

    machine: Machine
    devices: tuple[Device, ...]
    """That the engine can compute on."""
    host_bandwidth: float | None = None
    """Of main memory, in bytes a second; None where it was not measured."""

    def measured(self) -> Computer:
        """The same with its memory's bandwidth; takes up to a second."""
        return self._replace(host_bandwidth=measured_bandwidth(self.machine))


def computer_of(report: Report) -> Computer:
    """The computer that was reported."""
    devices = tuple(
        Device(each.name, each.description, each.kind, each.free_bytes or 0, each.total_bytes or 0)
        for each in report.devices
        if each.usable
    )
    machine = Machine(
        cpu=report.cpu,
        memory=report.memory,
        disks=report.disks,
        graphics=(),
        power=report.power,
    )
    return Computer(machine, devices)
