"""What a new person is told: the computer in a few lines, and which models fit into it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from localr1.advice.computer import computer_of
from localr1.advice.recommend import row_of
from localr1.advice.report import DeviceReport, Report
from localr1.advice.report_rows import cores_in_words
from localr1.errors import DoesNotFit, Localr1Error
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.plan import make_plan
from localr1.models.catalog import DEFAULT_QUANT, CatalogEntry
from localr1.settings import Settings
from localr1.units import memory_size

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader


def computer_lines(report: Report) -> list[tuple[str, str]]:
    """Names and facts: processor, memory, and each graphics card with what becomes of it."""
    memory = report.memory
    limit = f", limited by {memory.limit_source}" if memory.limit_source else ""
    free, total = memory_size(memory.available_bytes), memory_size(memory.total_bytes)
    cards = [each for each in report.devices if each.kind != "cpu"]
    lines = [
        ("Processor", f"{report.cpu.model}, {cores_in_words(report)}"),
        ("Memory", f"{free} free of {total}{limit}"),
        *(("Graphics", _card(each)) for each in cards),
    ]
    if not cards:
        lines.append(("Graphics", "no card was found; the processor does the work"))
    if not report.engine.works:
        lines.append(("Engine", "does not start; `localr1 doctor` says why"))
    return lines


def _card(card: DeviceReport) -> str:
    memory = f", {memory_size(card.total_bytes)}" if card.total_bytes else ""
    name = card.description if card.usable and card.description else card.name
    if card.usable:
        return f"{name}{memory}: the engine can use it"
    return f"{name}{memory}: {card.why}, so it is not used; `localr1 doctor` says what to do"


class Fitting:
    """Says of model files whether they fit into a computer.

    Args:
        report: of the computer.
        settings: what a person asked for.
    """

    def __init__(self, report: Report, settings: Settings) -> None:
        self._settings = settings
        self.computer = computer_of(report)

    def of_file(self, path: Path) -> str:
        """Whether a file's model fits, in a few words; reads the file's header."""
        from localr1.gguf_header import read_header

        try:
            plan = self.plan_of(read_header(path))
        except DoesNotFit:
            return "does not fit into memory now"
        except Localr1Error:
            return "cannot be used"
        return f"fits, window {plan.n_ctx:,}"

    def plan_of(self, header: GgufHeader) -> LoadPlan:
        """How a model would be loaded.

        Raises:
            DoesNotFit: it would not be.
        """
        settings = self._settings.for_model(header.name, header.path.name)
        return make_plan(header, settings, self.computer.machine, self.computer.devices)

    def of_entry(self, entry: CatalogEntry) -> str:
        """Whether a model of the catalog would fit, in the usual quant."""
        row = row_of(entry, DEFAULT_QUANT, self.computer, self._settings)
        if row.fits:
            return f"fits, window {row.n_ctx:,}"
        return f"needs {memory_size(row.memory_bytes)} of memory: too large here"
