"""Judges ONNX files for test/parity/onnx.test.ts with Python's `onnx`, and makes some."""

import collections
import re

import numpy as np
import onnx
from onnx import TensorProto, defs, helper, numpy_helper, reference
from serving import serve


def graphs(graph):
    """The graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from graphs(attribute.g)


def shape_of(value):
    return [dim.dim_value or None for dim in value.type.tensor_type.shape.dim]


def check(path):
    """The faults of a file, by `onnx.checker`, by ONNX's shape inference, and by names that read badly in Netron."""
    model = onnx.load(path)
    problems = []
    try:
        onnx.checker.check_model(model, full_check=True)
        # Without the outputs' shapes, so that inference has to find them.
        bare = onnx.ModelProto()
        bare.CopyFrom(model)
        for output in bare.graph.output:
            output.type.tensor_type.ClearField("shape")
        inferred = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
        for declared, found in zip(model.graph.output, inferred.graph.output):
            if found.type.tensor_type.HasField("shape"):
                a, b = shape_of(declared), shape_of(found)
                if len(a) != len(b) or any(x and y and x != y for x, y in zip(a, b)):
                    problems.append(f"{declared.name}: declared {a}, inferred {b}")
    except Exception as error:  # noqa: BLE001
        problems.append(str(error))
    nodes = [node for graph in graphs(model.graph) for node in graph.node]
    names = collections.Counter(node.name for node in nodes)
    problems += [f"name {name!r} of {count} nodes" for name, count in names.items() if count > 1 or not name]
    values = [value for node in nodes for value in node.output]
    values += [tensor.name for graph in graphs(model.graph) for tensor in graph.initializer]
    problems += [f"name {name!r}, which ends in a number alone" for name in [*names, *values] if re.fullmatch(r"(.*/)?[\d._]*", name)]
    return {
        "problems": problems,
        "ir": model.ir_version,
        "opsets": {opset.domain: opset.version for opset in model.opset_import},
    }


def changed_operators(first, last):
    """Operations whose attributes or inputs of one set are not all in the next, between two operator sets."""
    history = collections.defaultdict(dict)
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            history[schema.name][schema.since_version] = schema
    changed = set()
    required = defs.OpSchema.FormalParameterOption.Single
    for name, versions in history.items():
        since = sorted(versions)
        for before, after in zip(since, since[1:]):
            old, new = versions[before], versions[after]
            if not first < after <= last:
                continue
            same_defaults = all(
                key in new.attributes and new.attributes[key].default_value == attribute.default_value
                for key, attribute in old.attributes.items()
            )
            more = any(a.required for key, a in new.attributes.items() if key not in old.attributes) or any(
                parameter.option == required for parameter in new.inputs[len(old.inputs) :]
            )
            if not same_defaults or more or len(new.inputs) < len(old.inputs) or new.deprecated or len(new.outputs) < len(old.outputs):
                changed.add(name)
    return sorted(changed)


def make(path, opset, layout, batch):
    """A small network as `onnx.helper` writes it, with what `onnx.reference` computes of two pictures."""
    random = np.random.RandomState(opset)

    def weight(name, *shape):
        return numpy_helper.from_array(random.uniform(-0.4, 0.4, shape).astype(np.float32), name)

    weights = [weight("kernel", 8, 3, 3, 3), weight("depthwise", 8, 1, 3, 3), weight("dense", 8, 5)]
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["conv"], strides=[2, 2], auto_pad="SAME_UPPER"),
        helper.make_node("Clip", ["conv"], ["relu6"], min=0.0, max=6.0)
        if opset < 11
        else helper.make_node("Clip", ["conv", "low", "high"], ["relu6"]),
        helper.make_node("Conv", ["relu6", "depthwise"], ["depthwise_conv"], group=8, pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["depthwise_conv", "relu6"], ["sum"]),
        helper.make_node("ReduceMean", ["sum"], ["mean"], axes=[2, 3], keepdims=0)
        if opset < 18
        else helper.make_node("ReduceMean", ["sum", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "dense"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    if opset >= 11:
        weights += [numpy_helper.from_array(np.float32(value), name) for name, value in (("low", 0), ("high", 6))]
    if opset >= 18:
        weights.append(numpy_helper.from_array(np.array([2, 3]), "axes"))
    shape = [batch, 3, 24, 32] if layout == "nchw" else [batch, 24, 32, 3]
    if layout == "nhwc":
        nodes.insert(0, helper.make_node("Transpose", ["input"], ["x"], perm=[0, 3, 1, 2]))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x" if layout == "nchw" else "input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [batch, 5])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save_model(model, path)
    pixels = (np.arange(2 * 24 * 32 * 3) * 37 % 256).astype(np.float32).reshape(2, 24, 32, 3)
    scaled = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    images = scaled.astype(np.float32) if layout == "nhwc" else scaled.transpose(0, 3, 1, 2).astype(np.float32)
    rows = []
    for image in images:
        run = reference.ReferenceEvaluator(
            helper.make_model(
                helper.make_graph(
                    nodes[:-2], "body", graph.input, [helper.make_tensor_value_info("mean", TensorProto.FLOAT, [batch, 8])], weights
                ),
                opset_imports=model.opset_import,
                ir_version=8,
            )
        )
        rows += run.run(None, {graph.input[0].name: image[None]})[0].ravel().tolist()
    return rows


answers = {"check": check, "changed": changed_operators, "make": make}
serve(lambda requests: [answers[request.pop("ask")](**request) for request in requests])
