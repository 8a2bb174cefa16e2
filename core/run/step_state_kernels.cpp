#include "core/run/step_state_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo {
namespace {

struct SetLearningRate {
  StepState* state;
  double lr;
  DENOVO_HD void operator()(int64_t) const { state->lr = lr; }
};

}  // namespace

void run_set_learning_rate(Context& ctx, StepState* state, double lr) {
  parallel_for(ctx, 1, SetLearningRate{state, lr});
}

}  // namespace denovo
