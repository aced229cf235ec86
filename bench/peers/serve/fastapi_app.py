"""The service one writes in an afternoon: FastAPI, pydantic and Python's
onnxruntime, speaking the same JSON. MODEL names the file; uvicorn runs it."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
app = FastAPI()


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Request(BaseModel):
    inputs: list[Tensor]


@app.get("/v2/health/ready")
def ready():
    return {"ready": True}


@app.post("/v2/models/mlp/infer")
def infer(request: Request):
    feed = {t.name: np.array(t.data, np.float32).reshape(t.shape) for t in request.inputs}
    outputs = session.run(None, feed)
    return {
        "model_name": "mlp",
        "model_version": "1",
        "outputs": [
            {"name": o.name, "datatype": "FP32", "shape": list(v.shape), "data": v.ravel().tolist()}
            for o, v in zip(session.get_outputs(), outputs)
        ],
    }
