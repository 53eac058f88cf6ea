"""Rows of the models screen: what they say, and that they fit into any width."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from localr1.session.pull_events import Fetched, NotFetched, Planned, Progress, Stopped
from localr1.session.pull_job import PullJob
from localr1.terminal_text import clean
from localr1.tui.marks import one_line
from localr1.tui.model_list.details import details_of_model, details_of_offer
from localr1.tui.model_list.listing import HERE, OFFERED, Heading, Remark, listed, loaded_at
from localr1.tui.model_list.phrases import short_name, speed_words, used_words
from localr1.tui.model_list.progress import FetchWords, fetch_facts, fetch_words, fetches_line
from localr1.tui.model_list.row_words import line_of_model, line_of_offer, rows_of, widths
from localr1.tui.model_list.rows import Fit, ModelHere, Offer, Surveyed

TODAY = date(2026, 11, 26)
GB = 10**9

fits = st.none() | st.builds(
    Fit,
    fits=st.booleans(),
    n_ctx=st.integers(0, 1 << 24),
    tps=st.none() | st.floats(0, 1e4),
    why=st.text(max_size=40),
)
models = st.builds(
    ModelHere,
    path=st.just(Path("/models/x.gguf")),
    name=st.text(max_size=200),
    size_bytes=st.integers(0, 10**15),
    place=st.text(max_size=60),
    quant=st.text(max_size=20),
    n_ctx_train=st.integers(0, 1 << 24),
    fit=fits,
    used_at=st.text(max_size=30),
    problem=st.text(max_size=30),
    facts=st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=3),
)
fetches = st.none() | st.builds(
    FetchWords,
    share=st.floats(0, 1),
    words=st.text(max_size=80).map(one_line),
    is_problem=st.booleans(),
)


@given(st.lists(models, min_size=1, max_size=4), fetches, st.integers(12, 220))
def test_rows_fit_into_every_width(
    here: list[ModelHere], fetch: FetchWords | None, width: int
) -> None:
    offer = Offer("r1", here[0].name, here[0].quant, fit=here[0].fit, quality=here[0].place)
    lines = [line_of_model(each, TODAY, is_loaded=False) for each in here]
    lines.append(line_of_offer(offer, fetch))
    columns = widths(lines, width)
    for line in lines:
        for row in rows_of(line, columns, width):
            assert cell_len(row.text) <= width
            assert row.text == clean(row.text)
            assert "\n" not in row.text
    for entry in details_of_model(here[0], TODAY):
        assert entry.text == clean(entry.text)


def test_columns_go_when_there_is_no_room() -> None:
    model = ModelHere(Path("/m"), "R1-Distill-Qwen-1.5B", GB, "LM Studio", "Q4_K_M")
    line = line_of_model(model._replace(fit=Fit(True, 8192, 21.4)), TODAY, is_loaded=False)

    def shown(width: int) -> list[str]:
        return [row.text.strip() for row in rows_of(line, widths([line], width), width)]

    assert shown(90) == [
        "R1-Distill-Qwen-1.5B  Q4_K_M  1.0 GB  window 8,192  ~21 tokens/s  LM Studio"
    ]
    assert shown(70) == ["R1-Distill-Qwen-1.5B  Q4_K_M  1.0 GB  window 8,192  ~21 tokens/s"]
    assert shown(40) == ["R1-Distill-Qwen-1.5B", "Q4_K_M, 1.0 GB, window 8,192"]
    assert shown(24) == ["R1-Distill-Qwen-1.5B", "Q4_K_M, 1.0 GB"]
    assert widths([], 80) is None


@pytest.mark.parametrize(
    ("used_at", "words"),
    [
        ("", ""),
        ("yesterday", ""),
        ("2026-11-26T10:00:00+00:00", "used today"),
        ("2026-11-25T12:00:00Z", "used yesterday"),
        ("2026-02-03T12:00:00+00:00", "used 3 Feb"),
        ("2024-02-03T12:00:00+00:00", "used Feb 2024"),
        ("2027-01-01T12:00:00+00:00", "used today"),
    ],
)
def test_the_day_of_the_last_use(used_at: str, words: str) -> None:
    assert used_words(used_at, TODAY) == words


def test_names_and_speeds_are_short() -> None:
    assert short_name("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M", "Q4_K_M") == "R1-Distill-Qwen-7B"
    assert short_name("model.q4_k_m", "Q4_K_M") == "model"
    assert short_name("Q4_K_M", "Q4_K_M") == "Q4_K_M"
    assert [speed_words(tps) for tps in (0.44, 9.44, 21.4)] == [
        "~0.4 tokens/s",
        "~9.4 tokens/s",
        "~21 tokens/s",
    ]


def job(progress: Progress | None = None, planned: Planned | None = None) -> PullJob:
    made = PullJob("r1")
    made.progress, made.planned = progress, planned
    return made


def told(progress: Progress) -> str:
    return fetch_words(job(progress)).words


def test_what_is_said_of_a_fetch() -> None:
    halfway = Progress("downloading", 50, 100, 12_500_000.0, 61.0)
    assert fetch_words(job()).words == "asking the hub"
    assert fetch_words(job(planned=Planned("x", (), 100, 25))) == FetchWords(0.25, "beginning")
    assert told(halfway) == "50 %  12.5 MB/s  1 min 1 s left"
    replaced = msgspec.structs.replace
    assert (
        told(replaced(halfway, state="reconnecting", note="try 3")) == "50 %  reconnecting: try 3"
    )
    assert told(replaced(halfway, state="checking")) == "50 %  checking it"
    assert (
        told(replaced(halfway, bytes_per_second=0, seconds_left=None, note="slow")) == "50 %  slow"
    )
    assert told(Progress("downloading", 500, 100, 1e300, float("inf"))) == "100 %"
    assert told(Progress("downloading", -5, 0, float("nan"), float("nan"))) == "0 %"


def test_what_is_said_of_an_end() -> None:
    done = job(Progress("downloading", 50, 100))
    done._is_stopping = True
    assert fetch_words(done).words == "50 %  stopping"
    done.outcome = Stopped()
    assert fetch_words(done).words == "50 %  stopped; Enter goes on"
    done.outcome = NotFetched("the disk is full", "free 2 GB")
    assert fetch_words(done).words == "! The disk is full"
    assert ("What to do", "Free 2 GB") in fetch_facts(done)
    done.outcome = Fetched("/models/x.gguf")
    assert fetch_words(done).words == "fetched"


def test_all_fetches_in_two_words() -> None:
    half, start = job(Progress("downloading", 50, 100)), job()
    assert fetches_line(()) == ""
    assert fetches_line((half,)) == "fetching 50 %"
    assert fetches_line((half, start)) == "fetching 2: 25 %"


def test_the_list_in_its_order() -> None:
    model = ModelHere(Path("/m/own.gguf"), "own", GB)
    usual, other = Offer("a:Q4_K_M", "a"), Offer("a:Q8_0", "a", "Q8_0", is_usual=False)
    surveyed = Surveyed([model], [usual, other], Path("/m"), is_complete=True, problem="no network")

    def shown(words: str = "", *jobs: PullJob, is_offline: bool = False) -> list[object]:
        return [
            each.text if isinstance(each, (Heading, Remark)) else each
            for each in listed(surveyed, jobs, words, is_offline=is_offline)
        ]

    assert shown() == [HERE, model, OFFERED, usual, "no network"]
    assert shown("q8") == [OFFERED, other], "other quants are found by their words"
    assert shown("OWN") == [HERE, model]
    assert shown("nothing") == []
    assert shown(is_offline=True)[:3] == [HERE, model, OFFERED]
    assert usual not in shown(is_offline=True)
    running = PullJob("a:Q8_0")
    assert other in shown("", running), "it is being fetched"
    fetched = PullJob("a:Q4_K_M")
    fetched.outcome = Fetched("/m/a.gguf")
    assert usual not in shown("", fetched)
    unknown = PullJob("hf:org/repo")
    assert Offer("hf:org/repo", "hf:org/repo") in shown("", unknown)
    unknown.planned = Planned("repo-Q4_K_M.gguf", total_bytes=5)
    assert Offer("hf:org/repo", "repo-Q4_K_M", size_bytes=5) in shown("", unknown)


def test_the_model_in_use_is_known_by_its_path() -> None:
    model = ModelHere(Path("/m/own.gguf"), "own", GB)
    assert loaded_at("/m/own.gguf", [model]) == model.key
    assert loaded_at("", [model]) == loaded_at("/m/other.gguf", [model]) == ""


def test_details_tell_why_and_how() -> None:
    offer = Offer("a:Q8_0", "a", fit=Fit(False, why="it needs 40 GiB of memory"), reason="best")
    texts = {entry.label: entry.text for entry in details_of_offer(offer, None)}
    assert texts["Fits"] == "not now: it needs 40 GiB of memory"
    assert texts["Advised"] == "best"
    assert texts["In a shell"] == "localr1 pull a:Q8_0"
