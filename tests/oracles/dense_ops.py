"""PyTorch's numbers for the dense ops, in f64, as they stand in tests/ops/{group_norm,batch_norm,
max_pool2d,bilinear_resize}_test.cpp. Inputs are ramp(n)[i] = ((37 i + 11) mod 101) / 50 - 1, so that
nothing but outputs needs to be committed. Prints C++ initialisers."""
import sys

import torch
import torch.nn.functional as F


def ramp(*shape, step=37):
    n = 1
    for s in shape:
        n *= s
    values = [((step * i + 11) % 101) / 50 - 1 for i in range(n)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def show(name, x):
    print(f"// {name} {list(x.shape)}")
    print("{" + ", ".join(f"{v:.15g}" for v in x.detach().flatten().tolist()) + "}")


def group_norm():
    x, residual = (ramp(1, 2, 3, 4, step=s).requires_grad_() for s in (37, 53))
    weight, bias = (ramp(4, step=s).requires_grad_() for s in (29, 43))
    y = F.relu(nhwc(F.group_norm(nchw(x), 2, weight, bias)) + residual)
    y.backward(ramp(*y.shape, step=71))
    show("group_norm y", y)
    for name, t in (("x", x), ("weight", weight), ("bias", bias), ("residual", residual)):
        show(f"group_norm grad {name}", t.grad)


def batch_norm():
    x = ramp(2, 2, 1, 3).requires_grad_()
    weight, bias = (ramp(3, step=s).requires_grad_() for s in (29, 43))
    mean, variance = ramp(3, step=17), ramp(3, step=19) + 2
    y = nhwc(F.batch_norm(nchw(x), mean, variance, weight, bias, training=True, momentum=0.1))
    y.backward(ramp(*y.shape, step=71))
    show("batch_norm y", y)
    for name, t in (("x", x), ("weight", weight), ("bias", bias)):
        show(f"batch_norm grad {name}", t.grad)
    show("batch_norm running mean", mean)
    show("batch_norm running variance", variance)
    x = ramp(2, 2, 1, 3).requires_grad_()
    y = nhwc(F.batch_norm(nchw(x), mean, variance, weight, bias, training=False))
    show("batch_norm inference y", y)


def max_pool2d():
    x = ramp(1, 5, 4, 2).requires_grad_()
    y = nhwc(F.max_pool2d(nchw(x), 3, 2, 1))
    y.backward(ramp(*y.shape, step=71))
    show("max_pool2d y", y)
    show("max_pool2d grad x", x.grad)


def bilinear_resize():
    for height, width in ((5, 7), (2, 2)):
        x = ramp(1, 3, 4, 1).requires_grad_()
        y = nhwc(F.interpolate(nchw(x), (height, width), mode="bilinear", align_corners=False))
        y.backward(ramp(*y.shape, step=71))
        show(f"bilinear_resize {height}x{width} y", y)
        show(f"bilinear_resize {height}x{width} grad x", x.grad)


if __name__ == "__main__":
    for op in (group_norm, batch_norm, max_pool2d, bilinear_resize):
        if len(sys.argv) < 2 or op.__name__ in sys.argv[1:]:
            op()
