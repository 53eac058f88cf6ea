# What CI runs, and what a developer runs before a commit: `make check`.
BIN ?= .venv/bin
PYTHON ?= python3

.PHONY: venv check format lint types contracts test bench acceptance man picture

# Installs localr1 from the checkout with everything that checks need.
venv:
	$(PYTHON) -m venv .venv
	CMAKE_ARGS="-DCMAKE_PROJECT_INCLUDE=$(CURDIR)/packaging/engine/slim.cmake" \
	  $(BIN)/pip install -c constraints.txt -e '.[dev]'

check: format lint types contracts test

format:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

types:
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin localr1 converters/localr1_convert
	$(BIN)/mypy --platform win32 localr1 converters/localr1_convert

contracts:
	$(BIN)/lint-imports

test:
	$(BIN)/pytest -n 3 --dist loadgroup

# Speed and memory, as ratios measured side by side. Builds llama.cpp's tools on first use.
bench:
	$(BIN)/python -m benchmarks.decode_speed
	$(BIN)/python -m benchmarks.bench_vs_llama_bench
	$(BIN)/python -m benchmarks.overhead_per_token
	$(BIN)/python -m benchmarks.start_up
	$(BIN)/python -m benchmarks.interface_cost
	$(BIN)/python -m benchmarks.chat_streaming
	$(BIN)/python -m benchmarks.chat_speed
	$(BIN)/python -m benchmarks.chat_store
	$(BIN)/python -m benchmarks.history_size
	$(BIN)/python -m benchmarks.cancel_latency
	$(BIN)/python -m benchmarks.turn_times
	$(BIN)/python -m benchmarks.speculation_speed
	$(BIN)/python -m benchmarks.quantize_kernels

# The long proofs; their tables are kept in docs/.
acceptance:
	$(BIN)/python -m benchmarks.damaged_models --output docs/damaged-files.md
	LOCALR1_ALL_VARIANTS=1 $(BIN)/pytest tests/cli/test_damaged_models.py
	$(BIN)/pytest --hypothesis-profile=explore tests/unit
	$(BIN)/python -m benchmarks.chat_kills --output docs/chat-kills.md
	$(BIN)/python -m benchmarks.history_kills --output docs/history-durability.md
	$(BIN)/python -m benchmarks.memory_estimate --output docs/memory.md
	$(BIN)/python -m benchmarks.loop_detection --output docs/loops.md
	$(BIN)/python -m benchmarks.reasoning_control --output docs/reasoning-control.md
	$(BIN)/python -m benchmarks.draw_distribution
	$(BIN)/python -m benchmarks.pull_interruptions --output docs/pull-interruptions.md

# The manual page, from the commands themselves.
man:
	mkdir -p build
	$(BIN)/localr1 man > build/localr1.1

picture:
	$(BIN)/python -m benchmarks.make_picture
