"""The two ways to run the embedded weights: ONNX Runtime int8 (default) and torch.

A backend takes token ids and segment numbers (windows × tokens) and returns logits of the
windows (× 73) and of their segments (windows × segments × 63). Heavy imports happen inside.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlp.calibration import Calibration
from nlp.encode import Ids
from nlp.packed import State

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Logits = NDArray[np.float32]
Backend = Callable[[Ids, Ids], tuple[Logits, Logits]]


def physical_cores() -> int:
    """Cores this process may use, hyper-threads counted once (they only slow int8 products)."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    siblings = {_siblings(number) for number in allowed}
    return len(siblings) or os.cpu_count() or 1


def _siblings(cpu: int) -> str:
    topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return topology.read_text()
    except OSError:  # not Linux, or a container that hides it: count each
        return str(cpu)


def session(graph: Path, threads: int | None) -> "InferenceSession":
    """A graph in ONNX Runtime on ``threads`` CPU threads (default: physical cores)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or physical_cores()
    options.log_severity_level = 3
    # Batches differ in shape; a cached plan for each would only hold memory.
    options.enable_mem_pattern = False
    # Waiting threads must sleep: the app, the worker and the database share these cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def onnx_backend(weights: Path, threads: int | None) -> Backend:
    """The int8 graph by ONNX Runtime."""
    model = session(weights / "model.onnx", threads)

    def forward(ids: Ids, segment: Ids) -> tuple[Logits, Logits]:
        document, parts = model.run(["document", "parts"], {"ids": ids, "segment": segment})
        return document, parts

    return forward


def torch_backend(state: State, calibration: Calibration, threads: int | None) -> Backend:
    """A network's weights by torch: on a GPU where there is one, else on the CPU."""
    import torch

    from nlp.network import restore

    if threads:
        torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = restore(state, calibration.heads).to(device)

    @torch.inference_mode()
    def forward(ids: Ids, segment: Ids) -> tuple[Logits, Logits]:
        tensors = (torch.from_numpy(array).to(device) for array in (ids, segment))
        document, parts = network(*tensors, int(segment.max()) + 1)
        return document.cpu().numpy(), parts.cpu().numpy()

    return forward
