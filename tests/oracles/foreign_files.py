"""Small files as PyTorch and NumPy write them, and their tensors, for tests/core/foreign.

    python tests/oracles/foreign_files.py SUFFIX

writes tests/data_files/foreign/*_SUFFIX.*: the same nested dict by torch.save in both of its
formats, and the same arrays by pickle (protocols 2, 4 and 5) and numpy.savez. The committed ones
were made with torch 1.13.0 and numpy 1.24.2 (SUFFIX old), and the versions of the day (new).
`tensors.safetensors` holds what every reader must find: the tensors of the
dict by "group/name", f16 as f32, i16 and i8 as i32. Both versions of it are the same bytes.
"""

import collections
import pathlib
import pickle
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).parent.parent / "data_files" / "foreign"
suffix = sys.argv[1]


def ramp(*shape):
    count = int(np.prod(shape, dtype=np.int64))
    return ((np.arange(count, dtype=np.float64) * 7 % 23 - 11) / 8).reshape(shape)


def arrays():
    """Of every element type that torch and NumPy share."""
    return collections.OrderedDict(
        f64=ramp(2, 3),
        f32=ramp(3, 2, 2).astype(np.float32),
        f16=(ramp(5) * np.float64(2) ** np.array([-20, -14, 0, 4, 15])).astype(np.float16),
        i64=np.array([-(2**62), 3], np.int64),
        i32=np.array([[-(2**30)], [7]], np.int32),
        i16=np.array([-32768, 300], np.int16),
        i8=np.array([-128, 127], np.int8),
        u8=np.array([0, 255], np.uint8),
        bool=np.array([True, False, True]),
        scalar=np.array(-1.5, np.float32),
        empty=np.zeros((0, 3), np.float32),
        fortran=np.asfortranarray(ramp(3, 4).astype(np.float32)),
    )


def widened(array):
    wide = {"float16": np.float32, "int16": np.int32, "int8": np.int32}.get(str(array.dtype))
    return np.ascontiguousarray(array.astype(wide) if wide else array).reshape(array.shape)


def main():
    FOLDER.mkdir(exist_ok=True)
    plain = arrays()
    state = collections.OrderedDict((k, torch.from_numpy(v.copy(order="K"))) for k, v in plain.items())
    state["bf16"] = torch.tensor([1.0, -3.5, 2.0**-130, float("inf")], dtype=torch.bfloat16)
    whole = torch.from_numpy(ramp(6, 4).astype(np.float32))
    state["transposed"] = whole.t()
    state["rows"] = whole[2:4]
    state["every_other"] = whole[::2, 1::2]
    state["parameter"] = torch.nn.Parameter(torch.from_numpy(ramp(4).astype(np.float32)))
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    checkpoint = {
        "meta": {"epoch": 12, "time": "today", "lr": 0.5, "big": 2**40, "none": None, "yes": True,
                 "classes": ("cat", "dog"), "shape": torch.Size([3, 4])},
        "state_dict": state,
        "optimizer": {
            "state": {0: {"step": 3, "momentum_buffer": torch.arange(3, dtype=torch.float32)}},
            "param_groups": [{"lr": 0.1, "params": [0]}],
        },
    }
    torch.save(checkpoint, FOLDER / f"archive_{suffix}.pth")
    torch.save(checkpoint, FOLDER / f"legacy_{suffix}.pth", _use_new_zipfile_serialization=False)

    blobs = {"blobs": dict(plain), "__author__": "somebody", "number": np.float32(2.5)}
    for protocol in (2, 4, 5):
        (FOLDER / f"arrays_{suffix}_{protocol}.pkl").write_bytes(pickle.dumps(blobs, protocol))
    np.savez(FOLDER / f"arrays_{suffix}.npz", **plain)

    # bf16 by its bits, as NumPy has no such type.
    found = {f"state_dict/{k}": widened(v) for k, v in plain.items()}
    found["state_dict/bf16"] = np.array([1.0, -3.5, 2.0**-130, np.inf], np.float32)
    for name in ("transposed", "rows", "every_other", "parameter"):
        found["state_dict/" + name] = np.ascontiguousarray(state[name].detach().numpy())
    found["optimizer/state/0/momentum_buffer"] = np.arange(3, dtype=np.float32)
    save_file(found, FOLDER / "tensors.safetensors")


main()
