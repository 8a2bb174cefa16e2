"""Prints the numbers that tests/ops/*_test.cpp of the losses and of SGD compare with (PyTorch, f64).

Inputs come from one integer formula, which the tests repeat: value(i, salt).
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def value(i, salt):
    return ((i * 37 + salt * 101) % 997 - 498) / 100.0


def tensor(*shape, salt):
    n = 1
    for s in shape:
        n *= s
    return torch.tensor([value(i, salt) for i in range(n)]).reshape(shape)


def show(name, loss, grad):
    print(name, "loss", repr(loss.item()))
    print("  grad", ", ".join(repr(v) for v in grad.flatten().tolist()))


weights = torch.tensor([0.25, 0.5, 0.125])

x = tensor(3, 4, salt=1).requires_grad_()
loss = (weights * F.cross_entropy(x, torch.tensor([2, 0, 3]), reduction="none")).sum()
show("softmax_cross_entropy", loss, torch.autograd.grad(loss, x)[0])

x = tensor(3, salt=2).requires_grad_()
target = torch.tensor([1.0, 0.0, 1.0])
loss = (weights * F.binary_cross_entropy_with_logits(x, target, reduction="none")).sum()
show("sigmoid_bce", loss, torch.autograd.grad(loss, x)[0])

for beta in (0.0, 1.0 / 9):
    x = tensor(3, 8, salt=3).requires_grad_()
    picked = torch.stack([x[0, 4:], x[1, :4], x[2, 4:]])
    target = picked.detach() + tensor(3, 4, salt=4) / 10
    rows = F.smooth_l1_loss(picked, target, reduction="none", beta=beta).sum(1)
    loss = (weights * rows).sum()
    show(f"box_regression_loss beta={beta}", loss, torch.autograd.grad(loss, x)[0])

x = tensor(2, 2, 2, 3, salt=5).requires_grad_()
picked = torch.stack([x[0, :, :, 2], x[1, :, :, 0]])
target = torch.tensor([1.0, 0, 0, 1, 1, 1, 0, 0]).reshape(2, 2, 2)
pixels = F.binary_cross_entropy_with_logits(picked, target, reduction="none")
loss = (weights[:2] * pixels.mean((1, 2))).sum()
show("mask_bce", loss, torch.autograd.grad(loss, x)[0])

x = tensor(2, 2, 3, 2, salt=10).requires_grad_()
maps = x.permute(0, 3, 1, 2).reshape(4, 6)
rows = F.cross_entropy(maps, torch.tensor([4, 0, 5, 2]), reduction="none")
loss = (torch.tensor([0.25, 0.0, 0.125, 0.5]) * rows).sum()
show("heatmap_cross_entropy", loss, torch.autograd.grad(loss, x)[0])

print("softmax", tensor(1, 4, salt=6).softmax(1).tolist())
print("sigmoid", tensor(4, salt=7).sigmoid().tolist())

a, b = tensor(5, salt=8).requires_grad_(), tensor(3, salt=9).requires_grad_()
optimizer = torch.optim.SGD(
    [{"params": [a], "weight_decay": 0.01}, {"params": [b], "weight_decay": 0.0}], lr=0.1, momentum=0.9
)
for step in range(3):
    lr = 0.1 / (step + 1)
    optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = lr, 2 * lr
    a.grad, b.grad = tensor(5, salt=10 + step), tensor(3, salt=20 + step)
    optimizer.step()
print("sgd a", a.tolist(), "b", b.tolist())
print("sgd momentum a", optimizer.state[a]["momentum_buffer"].tolist())
