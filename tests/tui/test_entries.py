"""Lines of a sheet at any width, and found by words."""

from __future__ import annotations

from rich.cells import cell_len

from localr1.tui.entries import GAP, Entry, entry_rows, matching

ENTRIES = [
    Entry("Fruit", kind="heading"),
    Entry("red and round", "Apple"),
    Entry("yellow", "Lemon"),
    GAP,
    Entry("Other things", kind="heading"),
    Entry("red and fast", "Fire engine"),
]


def test_entries_are_found_with_their_headings() -> None:
    assert matching(ENTRIES, " ") == ENTRIES
    assert matching(ENTRIES, "RED round") == ENTRIES[:2]
    assert matching(ENTRIES, "red") == [*ENTRIES[:2], GAP, *ENTRIES[4:]]
    assert matching(ENTRIES, "fruit") == ENTRIES[:3]
    assert matching(ENTRIES, "blue") == []


def test_words_stand_beside_labels_or_below_them() -> None:
    def lines(width: int, label_cells: int) -> list[str]:
        rows = entry_rows([Entry("one two three four five", "Label")], width, label_cells)
        return ["".join(span.text for span in (*row.margin, *row.spans)) for row in rows]

    assert lines(40, 8) == ["Label   one two three four five"]
    assert lines(27, 8) == ["Label   one two three four", "        five"]
    assert lines(16, 8) == ["Label", "  one two three", "  four five"]
    assert lines(40, 5) == ["Label", "  one two three four five"]
    for width in range(1, 60):
        assert all(cell_len(line) <= max(3, width) for line in lines(width, 8))
