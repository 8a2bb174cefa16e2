"""Prints the numbers that tests/nn/optimizer/adamw_test.cpp compares with (torch.optim.AdamW, f64).

Inputs come from the integer formula of losses.py, which the test repeats.
"""

import torch

torch.set_default_dtype(torch.float64)


def tensor(n, salt):
    return torch.tensor([((i * 37 + salt * 101) % 997 - 498) / 100.0 for i in range(n)])


for clip in (None, 2.0):
    a, b = tensor(5, 8).requires_grad_(), tensor(3, 9).requires_grad_()
    optimizer = torch.optim.AdamW(
        [{"params": [a], "weight_decay": 0.05}, {"params": [b], "weight_decay": 0.0}],
        betas=(0.9, 0.99),
        eps=1e-3,
    )
    for step in range(20):
        lr = 0.1 / (step + 1)
        optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = lr, 2 * lr
        a.grad, b.grad = tensor(5, 10 + step), tensor(3, 40 + step)
        if clip is not None:
            torch.nn.utils.clip_grad_value_([a, b], clip)
        optimizer.step()
    print("clip value", clip)
    for name, leaf in (("a", a), ("b", b)):
        for what, values in (("weights", leaf), *sorted(optimizer.state[leaf].items())[:2]):
            print(" ", name, what, ", ".join(repr(v) for v in values.tolist()))
