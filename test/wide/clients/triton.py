"""Drives a running host with NVIDIA's own client of the protocol; prints what it saw as JSON.

Usage: triton.py HOST:PORT
Expects the sample model `digits` to be ready.
"""

import json
import sys

import numpy as np
import tritonclient.http as triton

client = triton.InferenceServerClient(sys.argv[1])
picture = (np.arange(2 * 64) % 17 / 16).astype(np.float32).reshape(2, 1, 8, 8)


def infer(binary_input, binary_output, **options):
    """One inference; label and probabilities as lists."""
    tensor = triton.InferInput("image", list(picture.shape), "FP32")
    tensor.set_data_from_numpy(picture, binary_data=binary_input)
    outputs = [
        triton.InferRequestedOutput(name, binary_data=binary_output)
        for name in ("probabilities", "label")
    ]
    answer = client.infer("digits", [tensor], outputs=outputs, request_id="r1", **options)
    assert answer.get_response()["id"] == "r1"
    return {
        "label": answer.as_numpy("label").tolist(),
        "probabilities": answer.as_numpy("probabilities").astype(np.float64).tolist(),
    }


def refusal(act):
    """The message of the client's own exception."""
    try:
        act()
    except triton.InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}
    return None


seen = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model ready": client.is_model_ready("digits"),
    "nobody ready": client.is_model_ready("nobody"),
    "server": client.get_server_metadata(),
    "metadata": client.get_model_metadata("digits"),
    "config": client.get_model_config("digits"),
    "answers": {
        f"{'binary' if i else 'JSON'} in, {'binary' if o else 'JSON'} out": infer(i, o)
        for i in (True, False)
        for o in (True, False)
    },
    "gzip": infer(True, True, request_compression_algorithm="gzip", response_compression_algorithm="gzip"),
    "deflate": infer(True, True, request_compression_algorithm="deflate", response_compression_algorithm="deflate"),
    "pinned": infer(True, True, model_version="1", priority=1, timeout=10_000_000),
    "statistics": client.get_inference_statistics("digits"),
    "index": client.get_model_repository_index(),
    "unknown model": refusal(lambda: client.infer("nobody", [triton.InferInput("x", [1], "FP32").set_data_from_numpy(np.zeros(1, np.float32))])),
    "wrong shape": refusal(lambda: client.infer("digits", [triton.InferInput("image", [1, 64], "FP32").set_data_from_numpy(np.zeros((1, 64), np.float32))])),
}
client.unload_model("digits")
client.load_model("digits")
seen["after a reload"] = infer(True, True)
print(json.dumps(seen))
