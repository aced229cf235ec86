"""Speaks to a running `athanor serve` with the real tritonclient, over HTTP and
gRPC: lists, loads, infers every datatype as JSON and binary, and provokes errors.

The service must hold, or have in its repository, the models echo-<DATATYPE>
(x[N,2] to y[N,2]) and late, as bench/serve writes them. Prints one line for
each exchange and ends with status 1 when one of them went wrong.
"""

import argparse
import sys

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2
from tritonclient.utils import InferenceServerException

FAILED = []

VALUES = {
    "BOOL": np.array([[True, False]]),
    "UINT8": np.array([[0, 255]], np.uint8),
    "UINT16": np.array([[1, 65535]], np.uint16),
    "UINT32": np.array([[1, 2**32 - 1]], np.uint32),
    "UINT64": np.array([[1, 2**64 - 1]], np.uint64),
    "INT8": np.array([[-128, 127]], np.int8),
    "INT16": np.array([[-(2**15), 5]], np.int16),
    "INT32": np.array([[-(2**31), 5]], np.int32),
    "INT64": np.array([[-(2**63), 2**63 - 1]], np.int64),
    "FP16": np.array([[1.5, -2]], np.float16),
    "FP32": np.array([[1.1, -1e-30]], np.float32),
    "FP64": np.array([[1.1, -1e-300]], np.float64),
    "BF16": np.array([[1.5, -2]], np.float32),  # exact in bfloat16
    "BYTES": np.array([["猫".encode(), b"a\xffb"]], dtype=np.object_),
}


def check(what, ok, detail=""):
    print(("ok      " if ok else "FAILED  ") + what + ("" if ok else f"  {detail}"))
    if not ok:
        FAILED.append(what)


def same(a, b):
    return a is not None and a.shape == b.shape and bool((a == b).all())


def infer_http(client, kind, value, binary):
    x = httpclient.InferInput("x", list(value.shape), kind)
    x.set_data_from_numpy(value, binary_data=binary)
    y = httpclient.InferRequestedOutput("y", binary_data=binary)
    return client.infer("echo-" + kind, [x], outputs=[y], request_id="7")


def http(address):
    client = httpclient.InferenceServerClient(address)
    check("http live, ready", client.is_server_live() and client.is_server_ready())
    check("http server metadata", "binary_tensor_data" in client.get_server_metadata()["extensions"])
    index = {m["name"]: m["state"] for m in client.get_model_repository_index()}
    check("http index", index.get("echo-FP32") == "READY" and index.get("late") == "UNAVAILABLE", index)
    check("http late is not ready", not client.is_model_ready("late"))
    client.load_model("late")
    check("http load", client.is_model_ready("late"))
    client.unload_model("late")
    check("http unload", not client.is_model_ready("late"))
    meta = client.get_model_metadata("echo-FP32")
    check("http model metadata", meta["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}], meta)
    check("http config", client.get_model_config("echo-FP32")["max_batch_size"] > 0)
    for kind, value in VALUES.items():
        for binary in (True, False):
            name = f"http {kind} {'binary' if binary else 'JSON'}"
            if not binary and kind in ("FP16", "BF16"):
                continue  # the client itself sends these in binary only
            if not binary and kind == "BYTES":
                value = np.array([["猫".encode(), b"ab"]], dtype=np.object_)
            try:
                result = infer_http(client, kind, value, binary)
                got = result.as_numpy("y")
                if not binary and kind == "BYTES":
                    got = np.array([[s.encode() if isinstance(s, str) else s for s in row] for row in got], dtype=np.object_)
                check(name, same(got, value) and result.get_response()["id"] == "7", got)
            except Exception as err:  # every kind of failure is a line
                check(name, False, err)
    packed = httpclient.InferInput("x", [1, 2], "FP32").set_data_from_numpy(VALUES["FP32"])
    for algorithm in ("gzip", "deflate"):
        got = client.infer("echo-FP32", [packed], request_compression_algorithm=algorithm, response_compression_algorithm=algorithm)
        check(f"http {algorithm}", same(got.as_numpy("y"), VALUES["FP32"]))
    y = httpclient.InferRequestedOutput("y", class_count=2)
    got = client.infer("echo-FP32", [packed], outputs=[y]).as_numpy("y")
    check("http classification", [s.decode().split(":")[1] for s in got[0]] == ["0", "1"], got)
    stats = client.get_inference_statistics("echo-FP32")["model_stats"][0]
    check("http statistics", int(stats["inference_count"]) >= 5, stats)
    errors("http", httpclient, client)


def infer_grpc(client, kind, value):
    x = grpcclient.InferInput("x", list(value.shape), kind)
    x.set_data_from_numpy(value)
    return client.infer("echo-" + kind, [x], request_id="7")


def grpc(address):
    client = grpcclient.InferenceServerClient(address)
    check("grpc live, ready", client.is_server_live() and client.is_server_ready())
    check("grpc server metadata", client.get_server_metadata().name == "athanor")
    index = {m.name: m.state for m in client.get_model_repository_index().models}
    check("grpc index", index.get("echo-FP32") == "READY" and index.get("late") == "UNAVAILABLE", index)
    client.load_model("late")
    check("grpc load", client.is_model_ready("late"))
    client.unload_model("late")
    check("grpc unload", not client.is_model_ready("late"))
    meta = client.get_model_metadata("echo-FP32")
    check("grpc model metadata", list(meta.inputs[0].shape) == [-1, 2] and meta.inputs[0].datatype == "FP32", meta)
    config = client.get_model_config("echo-FP32").config
    check("grpc config", config.max_batch_size > 0 and list(config.input[0].dims) == [2], config)
    for kind, value in VALUES.items():
        try:
            result = infer_grpc(client, kind, value)
            check(f"grpc {kind}", same(result.as_numpy("y"), value) and result.get_response().id == "7", result.as_numpy("y"))
        except Exception as err:
            check(f"grpc {kind}", False, err)
    stats = client.get_inference_statistics("echo-FP32").model_stats[0]
    check("grpc statistics", stats.inference_count >= 1, stats)
    answers = []
    client.start_stream(lambda result, error: answers.append((result, error)))
    x = grpcclient.InferInput("x", [1, 2], "FP32").set_data_from_numpy(VALUES["FP32"])
    for name in ("echo-FP32", "none", "echo-FP32"):
        client.async_stream_infer(name, [x])
    client.stop_stream()
    check("grpc stream", len(answers) == 3 and answers[0][1] is None and answers[1][1] is not None, answers)
    errors("grpc", grpcclient, client)


def errors(name, module, client):
    def provoke(what, model, shape, kind, value, words):
        x = module.InferInput("x", shape, kind)
        x.set_data_from_numpy(value)
        try:
            client.infer(model, [x])
            check(f"{name} error {what}", False, "no error")
        except InferenceServerException as err:
            check(f"{name} error {what}", words in err.message(), err)

    provoke("unknown model", "none", [1, 2], "FP32", VALUES["FP32"], "unknown model: 'none' is not found")
    provoke("shape", "echo-FP32", [1, 3], "FP32", np.zeros((1, 3), np.float32), "shape")
    provoke("datatype", "echo-FP32", [1, 2], "INT32", VALUES["INT32"], "takes float32")
    try:
        client.get_model_metadata("none")
        check(f"{name} error metadata", False, "no error")
    except InferenceServerException as err:
        check(f"{name} error metadata", "unknown model" in err.message(), err)
    try:
        client.load_model("none")
        check(f"{name} error load", False, "no error")
    except InferenceServerException as err:
        check(f"{name} error load", "failed to load 'none'" in err.message(), err)


def config(path):
    """The configuration that athanor export triton wrote, read by Triton's own message."""
    message = text_format.Parse(open(path, encoding="utf-8").read(), model_config_pb2.ModelConfig())
    check("export config.pbtxt", message.backend == "onnxruntime" and len(message.input) > 0, message)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", required=True)
    parser.add_argument("--grpc", required=True)
    parser.add_argument("--config", help="a config.pbtxt to read")
    arguments = parser.parse_args()
    http(arguments.http)
    grpc(arguments.grpc)
    if arguments.config:
        config(arguments.config)
    sys.exit(1 if FAILED else 0)
