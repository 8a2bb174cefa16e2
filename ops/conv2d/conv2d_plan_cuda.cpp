#include <fmt/format.h>

#include <array>

#include "ops/conv2d/conv2d_plan.h"

namespace denovo::ops {
namespace {

// Results of an operation that the next one consumes.
constexpr int64_t kConvolved = 5, kBiased = 6;

bool is_double(const Conv2dKey& key) {
  return static_cast<DType>(key.dtype) == DType::kF64;
}

cudnnDataType_t compute_type(const Conv2dKey& key) {
  return is_double(key) ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
}

struct Tensors {
  CudnnTensor x, weight, y, bias;

  explicit Tensors(const Conv2dKey& k) {
    const cudnnDataType_t type = cudnn_type(static_cast<DType>(k.dtype));
    x = {kX, k.n, k.c_in, k.h, k.w, type, k.alignment};
    weight = {kWeight, k.c_out, k.c_in / k.groups, k.kh, k.kw, type, k.alignment};
    y = {kY, k.n, k.c_out, k.out_h, k.out_w, type, k.alignment};
    bias = {kBias, 1, k.c_out, 1, 1, type, k.alignment};
  }
  /// y's sizes in the compute type, between two operations.
  CudnnTensor between(int64_t id, cudnnDataType_t type) const {
    CudnnTensor tensor = y;
    tensor.id = id;
    tensor.type = type;
    tensor.alignment = 16;  // has no address; y's may be less than a number of this type takes
    tensor.is_virtual = true;
    return tensor;
  }
};

CudnnDescriptor convolution(const Conv2dKey& key) {
  CudnnDescriptor descriptor(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  const auto both = [](int64_t value) { return std::array<int64_t, 2>{value, value}; };
  descriptor.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2});
  descriptor.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, compute_type(key));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
  descriptor.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, both(key.padding));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, both(key.padding));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, both(key.stride));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, both(key.dilation));
  descriptor.finalize();
  return descriptor;
}

/// The attribute names of one direction.
struct OperationNames {
  cudnnBackendDescriptorType_t operation;
  cudnnBackendAttributeName_t convolution, x, weight, y, alpha, beta;
};

OperationNames names_of(ConvDirection direction) {
  switch (direction) {
    case ConvDirection::kForward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvDirection::kBackwardData:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case ConvDirection::kBackwardWeight:
      break;
  }
  return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
}

/// result = mode(input), or mode(input, operand) with an operand.
CudnnDescriptor pointwise(cudnnPointwiseMode_t mode, cudnnDataType_t compute,
                          const CudnnDescriptor& input, const CudnnDescriptor* operand,
                          const CudnnDescriptor& result, std::vector<CudnnDescriptor>& parts) {
  CudnnDescriptor& rule = parts.emplace_back(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  rule.set(CUDNN_ATTR_POINTWISE_MODE, mode);
  rule.set(CUDNN_ATTR_POINTWISE_MATH_PREC, compute);
  rule.finalize();
  CudnnDescriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, rule);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, input);
  if (operand) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *operand);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, result);
  operation.finalize();
  return operation;
}

CudnnDescriptor convolve(const Conv2dKey& key, const CudnnDescriptor& rule,
                         const CudnnDescriptor& x, const CudnnDescriptor& weight,
                         const CudnnDescriptor& y) {
  const OperationNames names = names_of(key.direction);
  CudnnDescriptor operation(names.operation);
  operation.set(names.convolution, rule);
  operation.set(names.x, x);
  operation.set(names.weight, weight);
  operation.set(names.y, y);
  if (is_double(key)) {
    operation.set(names.alpha, 1.0);
    operation.set(names.beta, key.accumulate ? 1.0 : 0.0);
  } else {
    operation.set(names.alpha, 1.f);
    operation.set(names.beta, key.accumulate ? 1.f : 0.f);
  }
  operation.finalize();
  return operation;
}

}  // namespace

std::shared_ptr<const CudnnGraph> make_conv2d_graph(const Conv2dKey& key,
                                                    const CudnnTarget& target) {
  const Tensors tensors(key);
  const cudnnDataType_t compute = compute_type(key);
  std::vector<CudnnDescriptor> parts, operations;
  parts.reserve(16);  // references into it are held below
  const auto add = [&](CudnnDescriptor descriptor) -> const CudnnDescriptor& {
    return parts.emplace_back(std::move(descriptor));
  };
  const CudnnDescriptor &rule = add(convolution(key)), &x = add(describe(tensors.x)),
                        &weight = add(describe(tensors.weight)), &y = add(describe(tensors.y));
  if (!key.bias) {
    operations.push_back(convolve(key, rule, x, weight, y));
  } else {
    const CudnnDescriptor &bias = add(describe(tensors.bias)),
                          &convolved = add(describe(tensors.between(kConvolved, compute)));
    operations.push_back(convolve(key, rule, x, weight, convolved));
    if (key.relu) {
      const CudnnDescriptor& biased = add(describe(tensors.between(kBiased, compute)));
      operations.push_back(
          pointwise(CUDNN_POINTWISE_ADD, compute, convolved, &bias, biased, parts));
      operations.push_back(pointwise(CUDNN_POINTWISE_RELU_FWD, compute, biased, nullptr, y, parts));
    } else {
      operations.push_back(pointwise(CUDNN_POINTWISE_ADD, compute, convolved, &bias, y, parts));
    }
  }
  return std::make_shared<const CudnnGraph>(target, std::move(operations), std::move(parts));
}

CudnnRules conv2d_rules(const Conv2dKey& key) {
  return {.tensor_cores = static_cast<DType>(key.dtype) == DType::kBF16 || key.tf32 != 0};
}

std::optional<CudnnPlan> make_conv2d_plan(const Conv2dKey& key, const CudnnTarget& target) {
  auto plans = make_plans(make_conv2d_graph(key, target), conv2d_rules(key), 1);
  if (plans.empty()) return std::nullopt;
  return std::move(plans[0]);
}

bool is_product(const Conv2dKey& k) {
  return k.kh == 1 && k.kw == 1 && k.stride == 1 && k.padding == 0 && k.groups == 1 &&
         static_cast<DType>(k.dtype) != DType::kBF16;
}

std::string to_string(const Conv2dKey& k) {
  const char* direction = k.direction == ConvDirection::kForward        ? "forward"
                          : k.direction == ConvDirection::kBackwardData ? "data gradient"
                                                                        : "weight gradient";
  return fmt::format(
      "x [{}, {}, {}, {}] {}, weight [{}, {}, {}, {}], stride {}, padding {}, {}{}{}", k.n, k.h,
      k.w, k.c_in, name(static_cast<DType>(k.dtype)), k.c_out, k.kh, k.kw, k.c_in / k.groups,
      k.stride, k.padding, direction, k.bias ? k.relu ? " with bias and ReLU" : " with bias" : "",
      k.accumulate ? ", added" : "");
}

}  // namespace denovo::ops
