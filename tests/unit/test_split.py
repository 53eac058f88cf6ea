"""Which device holds which layers: the sentence, and why shares of layers come out exactly."""

from __future__ import annotations

import numpy as np
import pytest

from localr1.hardware.load_plan import DeviceShare
from localr1.hardware.machine import Device
from localr1.hardware.split import (
    device_shares,
    rpc_places,
    split_sentence,
    without_places,
)

CUDA, RPC = "CUDA0", "RPC0"
SERVER = "192.168.1.20:50052"
DEVICES = (
    Device(CUDA, "Some GPU", "gpu", 8, 8),
    Device(RPC, SERVER, "gpu", 8, 8),
    Device("CPU", "Some CPU", "cpu", 8, 8),
)


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ([], "CPU"),
        ([(CUDA, 29)], "29/29 layers on CUDA0"),
        ([(CUDA, 20)], "20/29 layers on CUDA0, 9 on CPU"),
        ([(CUDA, 14), (RPC, 15)], f"14/29 layers on CUDA0, 15 on RPC0 ({SERVER})"),
        ([(RPC, 3), (CUDA, 4)], f"3/29 layers on RPC0 ({SERVER}), 4 on CUDA0, 22 on CPU"),
    ],
)
def test_the_sentence(shares: list[tuple[str, int]], sentence: str) -> None:
    places = rpc_places(DEVICES, (SERVER,))
    assert split_sentence([DeviceShare(*share) for share in shares], 29, places) == sentence


def test_the_sentence_for_narrow_lines() -> None:
    sentence = f"14/29 layers on CUDA0, 10 on RPC0 ({SERVER}), 5 on CPU"
    assert without_places(sentence) == "14/29 layers on CUDA0, 10 on RPC0, 5 on CPU"
    assert without_places("CPU") == "CPU"


def test_shares_are_what_the_engine_reports() -> None:
    layers = ["CPU", "CPU", RPC, RPC, RPC, CUDA]
    assert device_shares(layers, DEVICES) == (DeviceShare(RPC, 3), DeviceShare(CUDA, 1))
    assert device_shares(["CPU"] * 4, DEVICES) == ()
    assert device_shares([], DEVICES) == ()


def test_layer_counts_as_shares_are_exact_in_single_precision() -> None:
    """llama.cpp compares float(i) / n with float(sum of shares) / n for each layer i of n.

    The device of layer i is the first whose summed share exceeds i, exactly, as long as all
    quotients of one n differ: then a comparison of quotients is one of whole numbers.
    """
    whole = np.arange(10_001, dtype=np.float32)
    for n in range(1, 10_001, 7):
        quotients = whole[: n + 1] / np.float32(n)
        assert quotients.dtype == np.float32
        assert bool((np.diff(quotients) > 0).all())
        assert quotients[-1] == 1.0
