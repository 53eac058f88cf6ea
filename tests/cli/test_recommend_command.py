"""`localr1 recommend`, run as a person runs it."""

from __future__ import annotations

import json

import pytest

from localr1 import paths
from localr1.advice.recommend import QUANTS
from localr1.models.catalog import load_catalog
from tests.cli.command_line import is_one_line_error, localr1
from tests.hub_server import HubServer

FAMILY = [entry.name for entry in load_catalog()]
CLOSED = "http://127.0.0.1:9"
"""Nothing listens there: whatever asks it, fails."""


def test_the_table_and_the_document_are_of_the_whole_family() -> None:
    """The pick may differ: each call measures the memory, which others use meanwhile."""
    table = localr1("recommend", HF_ENDPOINT=CLOSED)
    text = table.stdout.decode()
    assert table.stderr == b""
    assert all(len(line) <= 80 for line in text.splitlines())
    rows = [line for line in text.splitlines() if ":" in line and line[:2] in ("  ", "* ")]
    assert [row[2:].split(":")[0] for row in rows[: len(FAMILY)]] == FAMILY
    picks = [row[2:].split()[0] for row in rows if row.startswith("* ")]
    assert table.returncode == (0 if picks else 6)
    assert all(f"Take {pick}: " in text for pick in picks)
    assert all(f"localr1 pull {pick}" in text for pick in picks)
    told = localr1("recommend", "--json", HF_ENDPOINT=CLOSED)
    document = json.loads(told.stdout)
    assert told.returncode == (0 if document["pick"] else 6)
    assert len(document["rows"]) == len(FAMILY) * len(QUANTS)
    assert all(row["is_offered"] is None for row in document["rows"])


def test_a_catalog_of_ones_own_that_is_broken_is_told() -> None:
    paths.home().mkdir(parents=True, exist_ok=True)
    paths.catalog_file().write_text("[models.mine]\nfull_name = 7\n")
    done = localr1("recommend", "--n-ctx", "4096")
    assert b"catalog.toml, line 2, models.mine.full_name: expected str" in done.stderr
    assert b"r1-qwen-7b:" in done.stdout


@pytest.mark.parametrize("way", ["flag", "environment", "settings"])
def test_offline_refuses_to_ask_the_hub(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.home().mkdir(parents=True, exist_ok=True)
    arguments = ["recommend", "--refresh"]
    if way == "flag":
        arguments.append("--offline")
    elif way == "environment":
        monkeypatch.setenv("LOCALR1_OFFLINE", "1")
    else:
        paths.settings_file().write_text("offline = true\n")
    done = localr1(*arguments, HF_ENDPOINT=CLOSED)
    assert done.returncode == 9
    assert is_one_line_error(done.stderr)
    assert b"offline" in done.stderr
    assert done.stdout == b""


def test_a_hub_that_cannot_be_reached() -> None:
    done = localr1("recommend", "--refresh", HF_ENDPOINT=CLOSED)
    assert done.returncode not in (0, 1)
    assert is_one_line_error(done.stderr)
    assert b"127.0.0.1" in done.stderr


def test_refresh_takes_what_the_hub_lists() -> None:
    with HubServer() as hub:
        entry = load_catalog().get("r1-qwen-1.5b")
        assert entry is not None
        name = entry.full_name
        hub.add(entry.gguf_repos[0], {f"{name}-Q4_K_M.gguf": b"GGUF" * 1000})
        others = {
            f"{name}-Q4_K_M.gguf": b"GGUF" * 9,
            f"Q8_0/{name}-Q8_0-00001-of-00002.gguf": b"GGUF" * 50,
            f"Q8_0/{name}-Q8_0-00002-of-00002.gguf": b"GGUF" * 50,
            f"{name}-Q6_K-00001-of-00002.gguf": b"GGUF",
            f"{name}-\x1b[2J.gguf": b"GGUF",
        }
        hub.add(entry.gguf_repos[1], others)
        done = localr1("recommend", "--refresh", "--json", HF_ENDPOINT=hub.url)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    found = {row["reference"]: row for row in document["rows"] if row["is_offered"]}
    assert set(found) == {"r1-qwen-1.5b:Q4_K_M", "r1-qwen-1.5b:Q8_0"}
    assert found["r1-qwen-1.5b:Q4_K_M"]["size_bytes"] == 4000
    assert found["r1-qwen-1.5b:Q4_K_M"]["repo"] == entry.gguf_repos[0]
    assert found["r1-qwen-1.5b:Q8_0"]["size_bytes"] == 400
    assert document["pick"] in found
    assert len(document["notices"]) == 4
    assert "more repositories" in document["notices"][3]
