"""Builds the benchmark's models, with random weights, into the folder named by the argument.

  mlp.onnx        FP32, 64 -> 128 -> 64 -> 10
  tree.onnx       64 numeric features, 100 trees of depth 5
  cnn.onnx        MobileNetV2's layers (3.5 M parameters), static INT8 in QDQ form
  text.onnx       MiniLM's layers (22.7 M parameters), dynamic INT8
  text-fp32.onnx  the same in FP32: 91 MB

Speed doesn't depend on what the weights are, only on their being of a sane size: activations that
overflow or vanish would make denormal numbers, which are slow. The same seed makes the same models.
"""

import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)

SEED = 4
OPSETS = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 9


class Graph:
    """Collects nodes and weights; each layer answers the name of its result."""

    def __init__(self):
        self.random = np.random.default_rng(SEED)
        self.nodes = []
        self.weights = []

    def node(self, operator, *inputs, domain="", **attributes):
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(
                operator, list(inputs), [name], name=name, domain=domain, **attributes
            )
        )
        return name

    def constant(self, values, dtype=np.float32):
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def noise(self, *shape, scale):
        return self.constant(self.random.normal(0, scale, shape))

    def dense(self, x, inputs, outputs):
        weight = self.noise(inputs, outputs, scale=inputs**-0.5)
        return self.node("Add", self.node("MatMul", x, weight), self.noise(outputs, scale=0.02))

    def save(self, path, inputs, outputs):
        """The nodes that made the outputs' values get the outputs' names."""
        for made, output in outputs.items():
            self.nodes.append(helper.make_node("Identity", [made], [output.name]))
        graph = helper.make_graph(
            self.nodes, path.stem, inputs, list(outputs.values()), self.weights
        )
        imports = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def tensor(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def mlp(path):
    graph = Graph()
    x = graph.node("Relu", graph.dense("features", 64, 128))
    x = graph.node("Relu", graph.dense(x, 128, 64))
    x = graph.node("Softmax", graph.dense(x, 64, 10), axis=-1)
    graph.save(path, [tensor("features", ["N", 64])], {x: tensor("scores", ["N", 10])})


def tree(path, trees=100, depth=5, features=64):
    graph = Graph()
    random = graph.random
    branches = 2**depth - 1
    total = 2 ** (depth + 1) - 1
    nodes = {key: [] for key in ("tree", "node", "feature", "value", "mode", "yes", "no")}
    leaves = {key: [] for key in ("tree", "node", "weight")}
    for index in range(trees):
        for node in range(total):
            branch = node < branches
            nodes["tree"].append(index)
            nodes["node"].append(node)
            nodes["feature"].append(int(random.integers(features)) if branch else 0)
            nodes["value"].append(float(random.normal()) if branch else 0.0)
            nodes["mode"].append("BRANCH_LEQ" if branch else "LEAF")
            nodes["yes"].append(2 * node + 1 if branch else 0)
            nodes["no"].append(2 * node + 2 if branch else 0)
            if not branch:
                leaves["tree"].append(index)
                leaves["node"].append(node)
                leaves["weight"].append(float(random.normal(0, 0.1)))
    x = graph.node(
        "TreeEnsembleRegressor",
        "features",
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=nodes["tree"],
        nodes_nodeids=nodes["node"],
        nodes_featureids=nodes["feature"],
        nodes_values=nodes["value"],
        nodes_modes=nodes["mode"],
        nodes_truenodeids=nodes["yes"],
        nodes_falsenodeids=nodes["no"],
        target_treeids=leaves["tree"],
        target_nodeids=leaves["node"],
        target_ids=[0] * len(leaves["tree"]),
        target_weights=leaves["weight"],
    )
    graph.save(path, [tensor("features", ["N", features])], {x: tensor("score", ["N", 1])})


def convolution(graph, x, inputs, outputs, kernel=1, stride=1, group=1, activate=True):
    fan = inputs // group * kernel * kernel
    weight = graph.noise(outputs, inputs // group, kernel, kernel, scale=(2 / fan) ** 0.5)
    pad = kernel // 2
    x = graph.node(
        "Conv",
        x,
        weight,
        graph.noise(outputs, scale=0.02),
        kernel_shape=[kernel, kernel],
        strides=[stride, stride],
        pads=[pad] * 4,
        group=group,
    )
    if not activate:
        return x
    return graph.node("Clip", x, graph.constant(0.0), graph.constant(6.0))


def cnn(path):
    """MobileNetV2, width 1 (Sandler et al. 2018, table 2), batch normalization folded."""
    graph = Graph()
    x = convolution(graph, "image", 3, 32, kernel=3, stride=2)
    inputs = 32
    # expansion, channels, repeats, first stride
    blocks = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    for expansion, outputs, repeats, first in blocks:
        for repeat in range(repeats):
            stride = first if repeat == 0 else 1
            wide = inputs * expansion
            y = x if expansion == 1 else convolution(graph, x, inputs, wide)
            y = convolution(graph, y, wide, wide, kernel=3, stride=stride, group=wide)
            y = convolution(graph, y, wide, outputs, activate=False)
            x = graph.node("Add", x, y) if stride == 1 and inputs == outputs else y
            inputs = outputs
    x = convolution(graph, x, inputs, 1280)
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x), axis=1)
    x = graph.dense(x, 1280, 1000)
    shape = ["N", 3, 224, 224]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "cnn.onnx"
        graph.save(plain, [tensor("image", shape)], {x: tensor("scores", ["N", 1000])})
        quantize_static(
            plain,
            path,
            Pictures(graph.random),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )


class Pictures(CalibrationDataReader):
    def __init__(self, random, count=4):
        self.left = [random.normal(0, 1, (1, 3, 224, 224)) for _ in range(count)]

    def get_next(self):
        return {"image": self.left.pop().astype(np.float32)} if self.left else None


HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS = 384, 6, 12, 1536, 30522, 512


def text(int8, fp32):
    """BERT's encoder in MiniLM's sizes, its tokens' vectors averaged; as torch exports it."""
    graph = Graph()
    ids = ["input_ids", "attention_mask"]
    length = graph.node("Gather", graph.node("Shape", ids[0]), graph.constant(1, np.int64), axis=0)
    places = graph.node(
        "Range", graph.constant(0, np.int64), length, graph.constant(1, np.int64)
    )
    words = graph.node("Gather", graph.noise(VOCABULARY, HIDDEN, scale=0.05), ids[0], axis=0)
    order = graph.node("Gather", graph.noise(POSITIONS, HIDDEN, scale=0.05), places, axis=0)
    x = normalized(graph, graph.node("Add", words, order))

    kept = graph.node("Cast", ids[1], to=TensorProto.FLOAT)
    bias = graph.node("Sub", graph.constant(1.0), kept)
    bias = graph.node("Mul", bias, graph.constant(-10_000.0))
    bias = graph.node("Unsqueeze", bias, graph.constant([1, 2], np.int64))
    for _ in range(LAYERS):
        x = normalized(graph, graph.node("Add", x, attention(graph, x, bias)))
        y = gelu(graph, graph.dense(x, HIDDEN, INNER))
        x = normalized(graph, graph.node("Add", x, graph.dense(y, INNER, HIDDEN)))

    weights = graph.node("Unsqueeze", kept, graph.constant([2], np.int64))
    axis = graph.constant([1], np.int64)
    total = graph.node("ReduceSum", graph.node("Mul", x, weights), axis, keepdims=0)
    count = graph.node("ReduceSum", weights, axis, keepdims=0)
    x = graph.node("Div", total, graph.node("Max", count, graph.constant(1e-9)))
    inputs = [tensor(name, ["N", "T"], TensorProto.INT64) for name in ids]
    graph.save(fp32, inputs, {x: tensor("embedding", ["N", HIDDEN])})
    quantize_dynamic(fp32, int8, weight_type=QuantType.QInt8)


def attention(graph, x, bias):
    size = HIDDEN // HEADS
    split = graph.constant([0, 0, HEADS, size], np.int64)

    def heads(order):
        y = graph.node("Reshape", graph.dense(x, HIDDEN, HIDDEN), split)
        return graph.node("Transpose", y, perm=order)

    query, keys, values = heads([0, 2, 1, 3]), heads([0, 2, 3, 1]), heads([0, 2, 1, 3])
    scores = graph.node("MatMul", query, keys)
    scores = graph.node("Div", scores, graph.constant(size**0.5))
    scores = graph.node("Softmax", graph.node("Add", scores, bias), axis=-1)
    y = graph.node("Transpose", graph.node("MatMul", scores, values), perm=[0, 2, 1, 3])
    y = graph.node("Reshape", y, graph.constant([0, 0, HIDDEN], np.int64))
    return graph.dense(y, HIDDEN, HIDDEN)


def normalized(graph, x):
    ones, zeros = graph.constant(np.ones(HIDDEN)), graph.constant(np.zeros(HIDDEN))
    return graph.node("LayerNormalization", x, ones, zeros, axis=-1)


def gelu(graph, x):
    y = graph.node("Erf", graph.node("Div", x, graph.constant(2**0.5)))
    y = graph.node("Mul", x, graph.node("Add", y, graph.constant(1.0)))
    return graph.node("Mul", y, graph.constant(0.5))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.WARNING)  # hints about preprocessing, which these graphs don't need
    mlp(folder / "mlp.onnx")
    tree(folder / "tree.onnx")
    cnn(folder / "cnn.onnx")
    text(folder / "text.onnx", folder / "text-fp32.onnx")
    for path in sorted(folder.glob("*.onnx")):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
