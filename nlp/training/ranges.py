"""What goes into each int8 product: input ranges measured on texts, for fixed scales."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nlp.encode import Window, pad
from nlp.network import Network

_INPUTS = {
    "qkv": "attention.self.query",
    "out": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
}


@torch.no_grad()
def measure(network: Network, windows: Sequence[Window]) -> dict[str, tuple[float, float]]:
    """(least, largest) input of every product of ``network`` over ``windows``, by file name."""
    found: dict[str, tuple[float, float]] = {}

    def watch(module: nn.Module, name: str) -> None:
        def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            low, high = found.get(name, (0.0, 0.0))
            found[name] = (min(low, float(inputs[0].min())), max(high, float(inputs[0].max())))

        module.register_forward_pre_hook(see)

    for number, layer in enumerate(network.encoder.encoder.layer):
        for short, path in _INPUTS.items():
            watch(layer.get_submodule(path), f"layer.{number}.{short}")
    ordered = sorted(windows, key=lambda window: len(window.ids))
    for start in range(0, len(ordered), 16):
        ids, segment = (torch.from_numpy(array) for array in pad(ordered[start : start + 16]))
        network(ids, segment, int(segment.max()) + 1)
    return found
