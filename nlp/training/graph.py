"""The network as an ONNX graph over int8 weights, written node by node.

Writing it out gives what an exporter would not: one weights file shared with the torch path
(initialisers point into the safetensors file), fused attention, and pooling and heads inside.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from nlp.encode import PAD

_TYPES = {"I8": TensorProto.INT8, "F32": TensorProto.FLOAT}
_CONTRIB = "com.microsoft"

#: The least and the largest input of each int8 product, by its name (``layer.0.qkv`` …).
Ranges = Mapping[str, tuple[float, float]]


class _Graph:
    """Nodes under construction; every method returns the name of its output."""

    def __init__(self, weights: Path, ranges: Ranges) -> None:
        self.ranges = ranges
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.weights = weights
        with weights.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            self.header = json.loads(file.read(size))
        self.data_start = 8 + size

    def weight(self, name: str) -> str:
        """An initialiser that lies in the weights file."""
        entry = self.header[name]
        start, stop = entry["data_offsets"]
        tensor = TensorProto(name=name, data_type=_TYPES[entry["dtype"]], dims=entry["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        places = {"location": self.weights.name, "offset": self.data_start + start}
        for key, value in {**places, "length": stop - start}.items():
            tensor.external_data.add(key=key, value=str(value))
        self.constants[name] = tensor
        return name

    def constant(
        self, name: str, values: list[float] | list[int], scalar: bool = False, byte: bool = False
    ) -> str:
        """A small inline initialiser: float32, int64 or (``byte``) uint8."""
        whole = TensorProto.UINT8 if byte else TensorProto.INT64
        kind = TensorProto.FLOAT if isinstance(values[0], float) else whole
        shape = [] if scalar else [len(values)]
        self.constants[name] = helper.make_tensor(name, kind, shape, values)
        return name

    def add(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **more: Any) -> str:
        """A node; further outputs are named ``<name>:1`` and so on."""
        name = f"{kind}_{len(self.nodes)}"
        names = [name, *(f"{name}:{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **more))
        return name

    def linear(self, value: str, name: str) -> str:
        """``value`` @ int8 weight + bias.

        The input's scale is fixed: scaled by its own batch, a text's answer would depend on the
        texts beside it.
        """
        low, high = self.ranges[name]
        step = (high - low) / 255
        scale = self.constant(f"{name}.input.scale", [step], scalar=True)
        zero = self.constant(f"{name}.input.zero", [round(-low / step)], scalar=True, byte=True)
        bytes_ = self.add("QuantizeLinear", value, scale, zero)
        weight, by = self.weight(f"{name}.weight"), self.weight(f"{name}.weight.scale")
        rest = (scale, by, zero, "", self.weight(f"{name}.bias"))
        return self.add("MatMulIntegerToFloat", bytes_, weight, *rest, domain=_CONTRIB)

    def norm(self, value: str, name: str) -> str:
        """Layer normalisation."""
        parts = (self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))
        return self.add("LayerNormalization", value, *parts, axis=-1, epsilon=1e-12)


def _embed(graph: _Graph, ids: str) -> str:
    rows = graph.add("Gather", graph.weight("words"), ids)
    scale = graph.add("Gather", graph.weight("words.scale"), ids)
    words = graph.add("Mul", graph.add("Cast", rows, to=TensorProto.FLOAT), scale)
    width = graph.add("Shape", ids, start=1, end=2)
    zero, axis = graph.constant("zero", [0]), graph.constant("axis", [0])
    places = graph.add("Slice", graph.weight("positions"), zero, width, axis)
    return graph.norm(graph.add("Add", words, places), "embeddings.norm")


def _layer(graph: _Graph, hidden: str, mask: str, name: str, heads: int) -> str:
    joined = graph.linear(hidden, f"{name}.qkv")
    query = graph.add("Split", joined, outputs=3, axis=-1, num_outputs=3)
    inputs = (query, f"{query}:1", f"{query}:2", "", mask)
    seen = graph.add("MultiHeadAttention", *inputs, domain=_CONTRIB, num_heads=heads)
    seen = graph.add("Add", graph.linear(seen, f"{name}.out"), hidden)
    hidden = graph.norm(seen, f"{name}.out.norm")
    inner = graph.add("Gelu", graph.linear(hidden, f"{name}.up"))
    outer = graph.add("Add", graph.linear(inner, f"{name}.down"), hidden)
    return graph.norm(outer, f"{name}.down.norm")


def _mean(graph: _Graph, member: str, hidden: str) -> str:
    """Mean of token vectors per group; ``member`` is windows × groups × tokens, bool."""
    weights = graph.add("Cast", member, to=TensorProto.FLOAT)
    total = graph.add("MatMul", weights, hidden)
    count = graph.add("ReduceSum", weights, graph.constant("last", [-1]))
    return graph.add("Div", total, graph.add("Max", count, graph.constant("one", [1.0])))


def _head(graph: _Graph, value: str, name: str) -> str:
    product = graph.add("MatMul", value, graph.weight(f"{name}.weight"))
    return graph.add("Add", product, graph.weight(f"{name}.bias"))


def _groups(graph: _Graph) -> str:
    """Segment × token membership of each window."""
    top = graph.add("ReduceMax", "segment", keepdims=0)
    count = graph.add("Add", top, graph.constant("step", [1], scalar=True))
    numbers = graph.add("Range", graph.constant("from", [0], scalar=True), count, "step")
    column = graph.add("Unsqueeze", numbers, "last")
    return graph.add("Equal", graph.add("Unsqueeze", "segment", "middle"), column)


def build(weights: Path, layers: int, heads: int, ranges: Ranges) -> onnx.ModelProto:
    """The model: inputs ``ids`` and ``segment`` (windows × tokens, int64); outputs ``document``
    (windows × 73) and ``parts`` (windows × segments × 63), logits as in :mod:`nlp.network`.
    ``ranges`` comes from :mod:`nlp.training.ranges`.
    """
    graph = _Graph(weights, ranges)
    graph.constant("middle", [1])
    graph.constant("last", [-1])
    real = graph.add("Not", graph.add("Equal", "ids", graph.constant("pad", [PAD])))
    mask = graph.add("Cast", real, to=TensorProto.INT32)
    hidden = _embed(graph, "ids")
    for layer in range(layers):
        hidden = _layer(graph, hidden, mask, f"layer.{layer}", heads)
    whole = _mean(graph, graph.add("Unsqueeze", real, "middle"), hidden)
    whole = graph.add("Squeeze", whole, "middle")
    parts = _mean(graph, _groups(graph), hidden)
    document = [_head(graph, whole, name) for name in ("tone", "kind", "intent", "opinion")]
    segment = [_head(graph, parts, name) for name in ("opinion", "tone", "target")]
    graph.nodes.append(helper.make_node("Concat", document, ["document"], axis=-1))
    graph.nodes.append(helper.make_node("Concat", segment, ["parts"], axis=-1))
    return _model(graph, {"ids": 2, "segment": 2}, {"document": 2, "parts": 3})


def vectors(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model cut off before its heads: output ``vectors`` (windows × segments × width).

    These are the mean vectors of the segments that the heads see; weights are shared.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    first_head = makers[makers["parts"].input[0]]  # its product is added to a bias
    pooled, weight = makers[first_head.input[0]].input
    constants = {constant.name: constant for constant in model.graph.initializer}
    needed = {pooled}
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
    nodes = [node for node in model.graph.node if needed.intersection(node.output)]
    shape = ["vectors_0", "vectors_1", constants[weight].dims[0]]
    body = helper.make_graph(
        [*nodes, helper.make_node("Identity", [pooled], ["vectors"])],
        model.graph.name,
        list(model.graph.input),
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, shape)],
        [constant for name, constant in constants.items() if name in needed],
    )
    return helper.make_model(body, opset_imports=model.opset_import, ir_version=model.ir_version)


def _model(graph: _Graph, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> onnx.ModelProto:
    def values(names: Mapping[str, int], kind: int) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, kind, [f"{name}_{axis}" for axis in range(rank)])
            for name, rank in names.items()
        ]

    body = helper.make_graph(
        graph.nodes,
        "otklik",
        values(inputs, TensorProto.INT64),
        values(outputs, TensorProto.FLOAT),
        list(graph.constants.values()),
    )
    versions = [helper.make_opsetid("", 20), helper.make_opsetid(_CONTRIB, 1)]
    return helper.make_model(body, opset_imports=versions, ir_version=9)
