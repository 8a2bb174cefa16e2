#include "core/tensor/tensor.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace denovo;

TEST_CASE("tensor: rows and view share storage, clone does not") {
  const Tensor t = Tensor::from<float>({3, 2}, {0, 1, 2, 3, 4, 5});
  const Tensor row = t.rows(1, 2);
  CHECK(row.shape() == Shape{1, 2});
  fill(row, 9);
  CHECK(t.to_vector<float>() == std::vector<float>{0, 1, 9, 9, 4, 5});
  const Tensor copy = t.view({6}).clone();
  fill(t, 0);
  CHECK(copy.to_vector<float>()[5] == 5);
}

TEST_CASE("tensor: view refuses another number of elements") {
  CHECK_THROWS_WITH_AS(Tensor::zeros({2, 3}, DType::kF32).view({5}),
                       "view: [2, 3] has 6 elements, got new shape [5]", ShapeError);
}

TEST_CASE("tensor: conversion to bf16 rounds to nearest even and keeps NaN and infinity") {
  const Tensor t =
      Tensor::from<float>({4}, {1.00390625f, 1.01171875f, INFINITY, NAN}).to(DType::kBF16);
  const auto values = t.to_vector<float>();
  CHECK(values[0] == 1.0f);       // halfway, to even
  CHECK(values[1] == 1.015625f);  // halfway, to even
  CHECK(std::isinf(values[2]));
  CHECK(std::isnan(values[3]));
}

TEST_CASE("memory: peak counts live tensors, and freed blocks are handed out again") {
  release_cached_memory(kCpu);
  reset_peak_memory(kCpu);
  const size_t before = memory_stats(kCpu).in_use_bytes;
  { const Tensor big = Tensor::empty({1 << 20}, DType::kF32); }
  const auto first = memory_stats(kCpu);
  CHECK(first.in_use_bytes == before);
  CHECK(first.peak_bytes >= before + (4u << 20));
  { const Tensor again = Tensor::empty({1 << 20}, DType::kF32); }
  CHECK(memory_stats(kCpu).cache_misses == first.cache_misses);
}
