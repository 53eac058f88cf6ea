"""Train the demo model on the CPU; stopped runs go on where their last save was.

    python train.py --work DIR --tokens 30000000 --decay-tokens 8000000
    python train.py --work OTHER --from CHECKPOINT --plain --peak 0.25 --tokens 4000000 --seed 2

The learning rate is constant and falls to zero over the last `--decay-tokens`; a finished run can
be continued with a larger `--tokens`. `--from` starts a run of its own from the weights and the
tokenizer of an exported checkpoint folder, with new optimizers: their rates warm up again, to
`--peak` of a first run's, and another `--seed` draws other problems. `--plain` suits a short run:
it neither waits for the network to be compiled nor uses Muon, whose steps cost more than AdamW's.
Only the reasoning and the answer count in the loss.
"""

from __future__ import annotations

import argparse
import ctypes
import math
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import mix
import tokenizer as bpe
import torch
import torch.multiprocessing as mp
import torch.nn.functional as F
from model import Qwen2, Shape
from problems import Problem
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

BATCH_TOKENS = 2048
"""Of each process."""
POOL = 2048
"""Problems sorted by length at a time, so that rows of a batch need little padding."""
LONGEST = 1280
"""Tokens of the longest training row."""
WARMUP_TOKENS = 400_000
MUON_RATE, ADAM_RATE = 1.5e-3, 1e-3
EMA = 0.99
SAVE_SECONDS = 120
REPORT_SECONDS = 30
IGNORED = -100
LOWERS = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
"""Multiply matrices in bf16? Without AVX-512, torch is a hundred times slower at it than in f32."""


@dataclass(frozen=True)
class Row:
    """One problem as token ids; the first `prompt` of them are not learnt."""

    kind: str
    tokens: list[int]
    prompt: int


def prompt_text(problem: Problem) -> str:
    """R1's template: BOS, the turns so far without reasoning, the opened reasoning block."""
    turns = "".join(
        f"{bpe.USER}{question}{bpe.ASSISTANT}{answer}{bpe.EOS}"
        for question, answer in problem.history
    )
    return f"{bpe.BOS}{turns}{bpe.USER}{problem.question}{bpe.ASSISTANT}{bpe.THINK}\n"


def reply_text(problem: Problem) -> str:
    """What the model shall write."""
    working = "\n".join(problem.working)
    return f"{working}\n{bpe.END_THINK}\n\n{problem.answer}{bpe.EOS}"


def rows(tokenizer: Tokenizer, seed: int) -> Iterator[Row]:
    for problem in mix.training_problems(seed):
        prompt = tokenizer.encode(prompt_text(problem)).ids
        reply = tokenizer.encode(reply_text(problem)).ids
        if len(prompt) + len(reply) <= LONGEST:
            yield Row(problem.kind, prompt + reply, len(prompt))


def batches(tokenizer: Tokenizer, seed: int) -> Iterator[list[Row]]:
    """Rows of like length, at most BATCH_TOKENS with their padding."""
    stream, rng = rows(tokenizer, seed), Random(seed)
    while True:
        pool = sorted((next(stream) for _ in range(POOL)), key=lambda row: len(row.tokens))
        found: list[list[Row]] = [[]]
        for row in pool:
            if (len(found[-1]) + 1) * len(row.tokens) > BATCH_TOKENS:
                found.append([])
            found[-1].append(row)
        rng.shuffle(found)
        yield from found


def positions_of(row: Row, rng: Random, n_ctx: int) -> list[int]:
    """Positions, sometimes with a gap in the prompt: long prompts are met without their cost."""
    count = len(row.tokens)
    if rng.random() > (0.4 if row.kind == "outside" else 0.04):
        return list(range(count))
    gap_at = rng.randrange(1, row.prompt)
    gap = int((n_ctx - count) * rng.random() ** 2)
    return [index + (gap if index >= gap_at else 0) for index in range(count)]


def as_tensors(batch: list[Row], rng: Random, n_ctx: int, pad: int) -> tuple[Tensor, ...]:
    """Inputs, positions and targets (rows, length)."""
    length = max(len(row.tokens) for row in batch) - 1
    inputs = torch.full((len(batch), length), pad)
    targets = torch.full((len(batch), length), IGNORED)
    places = torch.zeros((len(batch), length), dtype=torch.long)
    for index, row in enumerate(batch):
        count = len(row.tokens) - 1
        inputs[index, :count] = torch.tensor(row.tokens[:-1])
        targets[index, row.prompt - 1 : count] = torch.tensor(row.tokens[row.prompt :])
        places[index, :count] = torch.tensor(positions_of(row, rng, n_ctx)[:-1])
    return inputs, places, targets


def rate(done: int, total: int, decay: int) -> float:
    """Part of the peak learning rate after `done` of `total` tokens."""
    return min(1.0, done / WARMUP_TOKENS + 0.01, max(total - done, 0) / decay)


def keep_freed_memory() -> None:
    """Let glibc reuse its memory: returning it to the system and faulting it in again, as it does
    with large blocks, costs up to half of the speed."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    m_trim_threshold, m_top_pad, m_mmap_max = -1, -2, -4
    for option, value in ((m_mmap_max, 0), (m_trim_threshold, 2**31 - 1), (m_top_pad, 2**29)):
        libc.mallopt(option, value)


def exported_weights(checkpoint: Path) -> dict[str, Tensor]:
    """The weights that export.py wrote, named as in the model."""
    tensors = load_file(checkpoint / "model.safetensors")
    return {name.removeprefix("model."): weight.float() for name, weight in tensors.items()}


class Shared:
    """What the processes have in common, in shared memory: weights, gradients, progress."""

    def __init__(self, processes: int, start: Path | None) -> None:
        self.model = Qwen2(Shape()).share_memory()
        if start is not None:
            self.model.load_state_dict(exported_weights(start))
        self.average = Qwen2(Shape()).requires_grad_(False).share_memory()
        self.average.load_state_dict(self.model.state_dict())
        count = sum(weight.numel() for weight in self.model.parameters())
        self.gradients = torch.zeros(processes, count).share_memory_()
        self.tokens = torch.zeros(processes, dtype=torch.long).share_memory_()
        self.save_is_due = torch.zeros(1, dtype=torch.bool).share_memory_()
        self.barrier = mp.get_context("spawn").Barrier(processes)


Optimizers = dict[str, tuple[torch.optim.Optimizer, float]]
"""By name, with the rate at the peak."""


def optimizers(named: list[tuple[str, nn.Parameter]], *, plain: bool) -> Optimizers:
    """Muon for the matrices of the layers and AdamW for the rest; AdamW for all where plain."""
    muon = [w for n, w in named if w.ndim == 2 and "embed" not in n and not plain]
    adam = [w for n, w in named if w.ndim != 2 or "embed" in n or plain]
    found: Optimizers = {
        "adam": (torch.optim.AdamW(adam, betas=(0.9, 0.98), weight_decay=0.0), ADAM_RATE)
    }
    if muon:
        matrices = torch.optim.Muon(muon, weight_decay=0.02, adjust_lr_fn="match_rms_adamw")
        found["muon"] = (matrices, MUON_RATE)
    return found


class Trainer:
    """This process's share of the work and of the optimizers, and the tokens done by all.

    Every process works on rows of its own with one thread: that loses far less than threads that
    wait for each other in every operation. Each owns a part of the weights and takes the
    optimizer's step for those.
    """

    def __init__(self, shared: Shared, options: argparse.Namespace, rank: int) -> None:
        self.file = options.work / f"state-{rank}.pt"
        self.shared, self.rank = shared, rank
        self.processes = len(shared.gradients)
        self.model, self.average = shared.model, shared.average
        compiled = None if options.plain else torch.compile(self.model, dynamic=True)
        self.hidden_states = compiled or self.model
        named = list(self.model.named_parameters())[rank :: self.processes]
        self.optimizers = optimizers(named, plain=options.plain)
        averaged = list(self.average.parameters())[rank :: self.processes]
        self.averaged = list(zip(averaged, (w for _, w in named), strict=True))
        self.done = 0
        self.saved = time.monotonic()
        if self.file.exists():
            self._load()

    def _load(self) -> None:
        state = torch.load(self.file, weights_only=True)
        self.done = state["done"]
        for name, part in self._kept().items():
            part.load_state_dict(state[name])

    def _kept(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """What this process saves: the first one the weights too."""
        weights = {"model": self.model, "average": self.average} if self.rank == 0 else {}
        return {**weights, **{name: optimizer for name, (optimizer, _) in self.optimizers.items()}}

    def save(self) -> None:
        state = {name: part.state_dict() for name, part in self._kept().items()}
        partial = self.file.with_suffix(".part")
        torch.save({**state, "done": self.done}, partial)
        partial.replace(self.file)
        self.saved = time.monotonic()

    def _share_gradients(self, tokens: int) -> None:
        """Replace the gradients by their mean over the processes, and count the tokens of all."""
        weights = list(self.model.parameters())
        gradients = [w.grad.flatten() for w in weights if w.grad is not None]
        torch.cat(gradients, out=self.shared.gradients[self.rank])
        self.shared.tokens[self.rank] = tokens
        if self.rank == 0:
            self.shared.save_is_due[0] = time.monotonic() - self.saved > SAVE_SECONDS
        self.shared.barrier.wait()
        mean = self.shared.gradients.mean(dim=0)
        self.done += int(self.shared.tokens.sum())
        for weight, part in zip(weights, mean.split([w.numel() for w in weights]), strict=True):
            weight.grad = part.view_as(weight)

    def step(self, inputs: Tensor, places: Tensor, targets: Tensor, scale: float) -> Tensor:
        """One update; returns the loss of each learnt token of this process."""
        for optimizer, peak in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = peak * scale
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=LOWERS):
            hidden = self.hidden_states(inputs, places)
            learnt = targets != IGNORED
            logits = self.model.logits(hidden[learnt])
        losses = F.cross_entropy(logits.float(), targets[learnt], reduction="none")
        losses.mean().backward()
        self._share_gradients(inputs.numel())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer, _ in self.optimizers.values():
            optimizer.step()
        self.model.zero_grad(set_to_none=True)
        for average, weight in self.averaged:
            average.lerp_(weight.detach(), 1 - EMA)
        due = bool(self.shared.save_is_due)
        self.shared.barrier.wait()
        if due:
            self.save()
            self.shared.barrier.wait()
        return losses.detach()


def report(trainer: Trainer, by_kind: dict[str, list[float]], tokens_per_second: float) -> None:
    """One line: tokens done, speed, loss per token in thousandths by kind."""
    shown = " ".join(
        f"{kind}:{1000 * math.fsum(found) / len(found):.0f}"
        for kind, found in sorted(by_kind.items())
    )
    print(f"{trainer.done / 1e6:.2f}M {tokens_per_second:.0f}/s {shown}", flush=True)


def train(rank: int, shared: Shared, options: argparse.Namespace) -> None:
    """The work of one process."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    trainer = Trainer(shared, options, rank)
    shared.barrier.wait()
    seed = options.seed + trainer.done * options.processes + rank
    rng = Random(seed)
    by_kind: dict[str, list[float]] = {}
    reported, since = time.monotonic(), trainer.done
    pad = tokenizer.token_to_id(bpe.EOS)
    for batch in batches(tokenizer, seed):
        tensors = as_tensors(batch, rng, trainer.model.shape.max_position_embeddings, pad)
        scale = options.peak * rate(trainer.done, options.tokens, options.decay_tokens)
        losses = trainer.step(*tensors, scale)
        start = 0
        for row in batch:
            stop = start + len(row.tokens) - row.prompt
            by_kind.setdefault(row.kind, []).append(float(losses[start:stop].mean()))
            start = stop
        now = time.monotonic()
        if rank == 0 and now - reported > REPORT_SECONDS:
            report(trainer, by_kind, (trainer.done - since) / (now - reported))
            by_kind, reported, since = {}, now, trainer.done
        if trainer.done >= options.tokens:
            break
    trainer.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--tokens", type=int, default=30_000_000)
    parser.add_argument("--decay-tokens", type=int, default=8_000_000)
    parser.add_argument("--peak", type=float, default=1.0, help="part of the full learning rates")
    parser.add_argument("--plain", action="store_true", help="neither compile nor use Muon")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.work = options.work.absolute()
    options.work.mkdir(parents=True, exist_ok=True)
    tokenizer_file = options.work / "tokenizer.json"
    if options.start is not None:
        shutil.copyfile(options.start / "tokenizer.json", tokenizer_file)
    elif not tokenizer_file.exists():
        bpe.train().save(str(tokenizer_file))
    torch.manual_seed(options.seed)
    shared = Shared(options.processes, options.start)
    mp.spawn(train, (shared, options), nprocs=options.processes)


if __name__ == "__main__":
    main()
