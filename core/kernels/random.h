// Counter-based random numbers (Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", 2011). A draw is a pure function of (seed, purpose, iteration, item, index): the same
// on the CPU and on CUDA, on any number of threads or ranks, and nothing has to be saved in a
// checkpoint.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo {

/// What a draw is for, so that no two uses share numbers. Values are part of the file format of
/// results (changing one changes every run): append only.
enum class RandomPurpose : uint32_t {
  kWeights = 1,        // item = hash of the parameter's name
  kBatchOrder = 2,     // iteration = epoch
  kAugment = 3,        // flip, scale jitter, crop; item = image
  kRpnSample = 4,      // item = image
  kRoiSample = 5,      // item = image
  kGeneratedData = 6,  // make_shapes; item = image
  kBenchmark = 7,
  kTest = 8,
  kSubset = 9,           // choice of the images of a smaller training set
  kImageBootstrap = 10,  // validation images drawn with repetition; item = draw
  kDropout = 11,         // item = image
};

struct PhiloxBlock {
  uint32_t v[4];
};

/// The Philox4x32-10 bijection of a 128-bit counter under a 64-bit key.
DENOVO_HD PhiloxBlock philox(PhiloxBlock counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * counter.v[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * counter.v[2];
    counter = {{static_cast<uint32_t>(product1 >> 32) ^ counter.v[1] ^ key0,
                static_cast<uint32_t>(product1),
                static_cast<uint32_t>(product0 >> 32) ^ counter.v[3] ^ key1,
                static_cast<uint32_t>(product0)}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

/// 64-bit identifiers (image ids, name hashes) folded to the 32 bits of a counter word.
DENOVO_HD uint32_t fold_id(int64_t id) {
  const auto bits = static_cast<uint64_t>(id) * 0x9E3779B97F4A7C15ull;
  // The identity on the low word keeps small ids distinct.
  return static_cast<uint32_t>(id) ^
         static_cast<uint32_t>((static_cast<uint64_t>(id) >> 32) * (bits >> 33 | 1));
}

/// All draws of one (seed, purpose, iteration, item); index selects one of 2^32.
struct RandomStream {
  uint64_t seed;
  RandomPurpose purpose;
  uint32_t iteration = 0;
  uint32_t item = 0;

  DENOVO_HD uint32_t bits(uint32_t index) const {
    const PhiloxBlock block =
        philox({{index, iteration, item, static_cast<uint32_t>(purpose)}},
               static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
    return block.v[0];
  }
  /// Uniform in [0, 1), a multiple of 2^-24.
  DENOVO_HD float uniform(uint32_t index) const {
    return static_cast<float>(bits(index) >> 8) * 0x1p-24f;
  }
  /// Uniform in [low, high).
  DENOVO_HD float uniform(uint32_t index, float low, float high) const {
    return low + (high - low) * uniform(index);
  }
  /// Uniform in 0 .. n-1 (n > 0), by multiplication; the bias is below n / 2^32.
  DENOVO_HD uint32_t below(uint32_t index, uint32_t n) const {
    return static_cast<uint32_t>((uint64_t{bits(index)} * n) >> 32);
  }
};

/// Standard normal by Box-Muller, computed in double on the host (initialisers only).
double normal(const RandomStream& stream, uint32_t index);

/// In-place Fisher-Yates shuffle of n indices.
void shuffle(const RandomStream& stream, uint32_t* values, uint32_t n);

}  // namespace denovo
