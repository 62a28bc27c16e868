#!/usr/bin/env python3
"""Writes the golden file of the .pth reader's tests with PyTorch itself (Debian: python3-torch).

usage: make_tiny_pth.py tests/imagenet/golden/tiny.pth
"""
import collections
import sys

import torch


def main() -> None:
    # Two tensors share a storage (one starts inside it), one is transposed, one a scalar, one an integer counter.
    base = torch.arange(12, dtype=torch.float32) / 4 - 1
    state = collections.OrderedDict()
    state["conv.weight"] = base.reshape(2, 1, 2, 3)
    state["conv.bias"] = base[10:12]
    state["turned"] = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t()
    state["scale"] = torch.tensor(0.5)
    state["steps"] = torch.tensor(7, dtype=torch.int64)
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    torch.save(state, sys.argv[1], _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
