#include "ops/box_regression_loss/box_regression_loss_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Rows {
  const T* deltas;
  const int32_t* classes;  // null: column block 0
  const Compute<T>*targets, *weights;
  int64_t columns;
  Compute<T> beta;

  /// First of the four columns of row r; -1: there is no such class.
  DENOVO_HD int64_t column(int64_t r) const {
    if (!classes) return 0;
    return classes[r] >= 0 && int64_t{4} * classes[r] < columns ? int64_t{4} * classes[r] : -1;
  }
  DENOVO_HD Compute<T> difference(int64_t r, int64_t column, int j) const {
    return static_cast<Compute<T>>(deltas[r * columns + column + j]) - targets[r * 4 + j];
  }
};

template <class T>
struct Forward {
  Rows<T> rows;
  Compute<T>* losses;

  DENOVO_HD void operator()(int64_t r) const {
    using C = Compute<T>;
    losses[r] = 0;
    if (rows.weights[r] == 0) return;
    const int64_t column = rows.column(r);
    C loss = column < 0 ? C(NAN) : C(0);
    for (int j = 0; j < 4 && column >= 0; ++j) {
      const C distance = std::abs(rows.difference(r, column, j));
      loss += distance < rows.beta ? C(0.5) * distance * distance / rows.beta
                                   : distance - C(0.5) * rows.beta;
    }
    losses[r] = rows.weights[r] * loss;
  }
};

template <class T>
struct Backward {
  Rows<T> rows;
  const Compute<T>* grad_y;
  T* grad_deltas;
  bool accumulate;

  DENOVO_HD void operator()(int64_t r) const {
    using C = Compute<T>;
    T* grad = grad_deltas + r * rows.columns;
    for (int64_t c = 0; c < rows.columns && !accumulate; ++c) grad[c] = static_cast<T>(C(0));
    const int64_t column = rows.column(r);
    if (rows.weights[r] == 0 || column < 0) return;
    const C scale = rows.weights[r] * *grad_y;
    for (int j = 0; j < 4; ++j) {
      const C slope = smooth_sign(rows.difference(r, column, j));
      grad[column + j] = static_cast<T>(static_cast<C>(grad[column + j]) + scale * slope);
    }
  }
  /// In this order of comparisons NaN stays NaN.
  DENOVO_HD Compute<T> smooth_sign(Compute<T> d) const {
    if (d >= rows.beta && d > 0) return 1;
    if (d <= -rows.beta && d < 0) return -1;
    return rows.beta > 0 ? d / rows.beta : d;  // with beta = 0, d is 0 or NaN here
  }
};

template <class T>
Rows<T> rows_of(const BoxRegressionRows& args) {
  return {args.deltas.data<T>(),
          args.classes.defined() ? args.classes.data<int32_t>() : nullptr,
          args.targets.data<Compute<T>>(),
          args.weights.data<Compute<T>>(),
          args.deltas.size(-1),
          static_cast<Compute<T>>(args.beta)};
}

}  // namespace

void run(Context& ctx, const BoxRegressionLossForward& args) {
  dispatch_floating(args.rows.deltas.dtype(), [&]<class T>() {
    parallel_for(ctx, args.losses.numel(),
                 Forward<T>{rows_of<T>(args.rows), args.losses.data<Compute<T>>()}, 4);
  });
}

void run(Context& ctx, const BoxRegressionLossBackward& args) {
  dispatch_floating(args.rows.deltas.dtype(), [&]<class T>() {
    parallel_for(ctx, args.rows.weights.numel(),
                 Backward<T>{rows_of<T>(args.rows), args.grad_y.data<Compute<T>>(),
                             args.grad_deltas.data<T>(), args.accumulate},
                 args.grad_deltas.size(-1));
  });
}

}  // namespace denovo::ops
