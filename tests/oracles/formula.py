"""Tensors drawn by one integer formula, equal in Python and C++, so that weights need no file.

    key       = fnv1a64(name)                        UTF-8 bytes, offset 0xCBF29CE484222325
    z         = key ^ (index * 0x9E3779B97F4A7C15)   all integers mod 2^64
    z         = (z ^ z >> 30) * 0xBF58476D1CE4E5B9   from here: SplitMix64's finaliser
    z         = (z ^ z >> 27) * 0x94D049BB133111EB
    z         = z ^ z >> 31
    uniform   = (z >> 11) * 2^-53                    exact, in [0, 1)
    symmetric = 2 * uniform - 1                      exact, in [-1, 1)

`index` is the row-major flat index in the shape that the text names (PyTorch's layout for
parameters). Every further step is one rounded f64 operation, so both languages get the same bits.
"""

import numpy as np

_GOLDEN, _MIX1, _MIX2 = (
    np.uint64(v) for v in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def fnv1a64_bytes(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    return np.uint64(value)


def fnv1a64(name):
    return fnv1a64_bytes(name.encode())


def uniform(name, shape):
    count = int(np.prod(shape, dtype=np.int64))
    z = fnv1a64(name) ^ (np.arange(count, dtype=np.uint64) * _GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(shape)


def symmetric(name, shape):
    return 2.0 * uniform(name, shape) - 1.0
