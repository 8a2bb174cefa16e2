// V neighbouring channels as one value: loads and stores of 16 bytes on the GPU, scalars (which the
// compiler vectorises over) on the CPU. Values are held in the compute type.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"
#include "core/tensor/dtype.h"

namespace denovo {

template <class T, int V>
struct Pack {
  Compute<T> v[V];

  DENOVO_HD static Pack load(const T* p) {
    Pack pack;
    if constexpr (V == 1) {
      pack.v[0] = static_cast<Compute<T>>(*p);
    } else {
      struct alignas(sizeof(T) * V) Raw {
        T v[V];
      };
      const Raw raw = *reinterpret_cast<const Raw*>(p);
      for (int i = 0; i < V; ++i) pack.v[i] = static_cast<Compute<T>>(raw.v[i]);
    }
    return pack;
  }
  DENOVO_HD static Pack fill(Compute<T> value) {
    Pack pack;
    for (int i = 0; i < V; ++i) pack.v[i] = value;
    return pack;
  }
  DENOVO_HD void store(T* p) const {
    if constexpr (V == 1) {
      *p = static_cast<T>(v[0]);
    } else {
      struct alignas(sizeof(T) * V) Raw {
        T v[V];
      };
      Raw raw;
      for (int i = 0; i < V; ++i) raw.v[i] = static_cast<T>(v[i]);
      *reinterpret_cast<Raw*>(p) = raw;
    }
  }
};

}  // namespace denovo
