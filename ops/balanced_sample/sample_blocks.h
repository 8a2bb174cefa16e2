// One block an image chooses the boxes with the smallest ranked keys (key << 32 | index) of each
// label: radix selection from the highest digit down finds the largest number that is chosen, one
// more pass collects what is not above it. Random keys need two digits, rarely three; the digits of
// the index are there for ties.
#pragma once

#include "core/kernels/phases.h"
#include "core/kernels/shared_atomics.h"
#include "ops/balanced_sample/balanced_sample_kernels.h"
#include "ops/balanced_sample/sample_math.h"

namespace denovo::ops {

struct SelectSample : BlockKernel {
  static constexpr int kThreads = 1024;
  static constexpr int kLoopBegin = 0, kLoopEnd = 4, kPhases = 6;
  static constexpr int kDigitBits = 11, kDigits = 6;  // of 64 bits; the last digit has fewer
  static constexpr int kBins = 1 << kDigitBits, kRun = 32, kRuns = kBins / kRun;
  static constexpr int kBatch = 4;  // boxes that a thread fetches together

  /// What is known about the boxes of one label.
  struct Choice {
    uint64_t limit;       // largest ranked key that is chosen, as far as its digits are known
    uint32_t chosen;      // boxes to choose
    uint32_t left;        // of them, those that share the known digits of limit
    uint32_t is_pending;  // whether limit has digits to find
    uint32_t collected;
  };
  struct Shared {
    Choice choices[2];  // negatives, positives
    uint32_t bins[2][kBins], runs[2][kRuns];
    DENOVO_HD bool is_pending() const { return choices[0].is_pending || choices[1].is_pending; }
  };

  const int32_t* labels;
  const uint32_t* keys;  // [N, M]; those of other labels are read, but do not matter
  int64_t num_boxes, num, max_positives;
  uint32_t* collected;  // [N, num], scratch: positives, then negatives
  int32_t *indices, *counts;

  SelectSample(const SampleBalanced& args, const uint32_t* drawn, uint32_t* scratch)
      : labels(args.labels.data<int32_t>()),
        keys(drawn),
        num_boxes(args.labels.size(1)),
        num(args.options.num),
        max_positives(args.max_positives),
        collected(scratch),
        indices(args.sample.indices.data<int32_t>()),
        counts(args.sample.counts.data<int32_t>()) {}
  int64_t shared_bytes() const { return sizeof(Shared); }
  DENOVO_HD int64_t passes(int64_t /*block*/) const { return kDigits; }

  DENOVO_HD static int shift_of(int64_t digit) {
    const int shift = 64 - kDigitBits * (static_cast<int>(digit) + 1);
    return shift > 0 ? shift : 0;
  }
  DENOVO_HD static uint32_t min_of(uint32_t a, int64_t b) {
    return a < b ? a : static_cast<uint32_t>(b);
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    auto& shared = *at.share<Shared>();
    if constexpr (P < 3) {
      if (at.pass > 0 && !shared.is_pending()) return;
    }
    if constexpr (P == 0) {
      if (at.pass == 0 && at.thread < 2) shared.choices[at.thread] = {0, 0, 0, 1, 0};
      for (int i = at.thread; i < 2 * kBins; i += kThreads) shared.bins[i / kBins][i % kBins] = 0;
    } else if constexpr (P == 1) {
      for_each_box(at, CountDigit{shared, at.pass});
    } else if constexpr (P == 2) {
      if (at.thread >= 2 * kRuns) return;
      const int label = at.thread / kRuns, run = at.thread % kRuns;
      uint32_t sum = 0;
      // Each thread starts elsewhere: runs lie in the same banks of shared memory.
      for (int k = 0; k < kRun; ++k) sum += shared.bins[label][run * kRun + (k + run) % kRun];
      shared.runs[label][run] = sum;
    } else if constexpr (P == 3) {
      if (at.thread > 0) return;
      if (at.pass == 0) start(shared);
      for (int label = 0; label < 2; ++label) find_digit(shared, label, at.pass);
    } else if constexpr (P == 4) {
      for_each_box(at, Collect{shared, collected + at.block * num});
    } else {
      write(at, shared);
    }
  }

  /// f(label, ranked key) for this thread's boxes of labels 0 and 1.
  template <class F>
  DENOVO_HD void for_each_box(const PhasePoint& at, const F& f) const {
    const int64_t row = at.block * num_boxes;
    for (int64_t first = at.thread; first < num_boxes; first += kBatch * kThreads) {
      int32_t label[kBatch];
      uint32_t key[kBatch];
      for (int b = 0; b < kBatch; ++b) {
        const int64_t m = first + b * kThreads;
        label[b] = m < num_boxes ? labels[row + m] : -1;
        key[b] = m < num_boxes ? keys[row + m] : 0;
      }
      for (int b = 0; b < kBatch; ++b)
        if (label[b] == 0 || label[b] == 1) f(label[b], ranked(key[b], first + b * kThreads));
    }
  }

  struct CountDigit {
    Shared& shared;
    int64_t digit;
    DENOVO_HD void operator()(int label, uint64_t rank) const {
      const Choice& choice = shared.choices[label];
      if (!choice.is_pending) return;
      // The first digit has no known ones above it, and 64 bits cannot be shifted out.
      const bool counts = digit == 0 || (rank ^ choice.limit) >> shift_of(digit - 1) == 0;
      if (counts) add_shared(&shared.bins[label][rank >> shift_of(digit) & bin_mask(digit)], 1);
    }
  };
  DENOVO_HD static uint32_t bin_mask(int64_t digit) {
    const int bits = digit == 0 ? kDigitBits : shift_of(digit - 1) - shift_of(digit);
    return (uint32_t{1} << bits) - 1;
  }

  /// How many boxes to choose, from the counts of the first digit.
  DENOVO_HD void start(Shared& shared) const {
    uint32_t candidates[2] = {0, 0};
    for (int run = 0; run < kRuns; ++run) {
      candidates[0] += shared.runs[0][run];
      candidates[1] += shared.runs[1][run];
    }
    const uint32_t positives = min_of(candidates[1], max_positives);
    const uint32_t negatives = min_of(candidates[0], num - positives);
    for (int label = 0; label < 2; ++label) {
      Choice& choice = shared.choices[label];
      choice.chosen = choice.left = label == 1 ? positives : negatives;
      choice.is_pending = choice.chosen > 0 && choice.chosen < candidates[label];
      if (!choice.is_pending) choice.limit = ~uint64_t{0};
    }
  }
  /// The bin in which the last chosen box lies. When all of the bin are chosen, the rest of the
  /// digits does not matter.
  DENOVO_HD static void find_digit(Shared& shared, int label, int64_t digit) {
    Choice& choice = shared.choices[label];
    if (!choice.is_pending) return;
    int run = 0;
    while (choice.left > shared.runs[label][run]) choice.left -= shared.runs[label][run++];
    int bin = run * kRun;
    while (choice.left > shared.bins[label][bin]) choice.left -= shared.bins[label][bin++];
    choice.limit |= static_cast<uint64_t>(bin) << shift_of(digit);
    if (choice.left < shared.bins[label][bin]) return;
    choice.is_pending = 0;
    choice.limit |= (uint64_t{1} << shift_of(digit)) - 1;
  }

  struct Collect {
    Shared& shared;
    uint32_t* out;
    DENOVO_HD void operator()(int label, uint64_t rank) const {
      Choice& choice = shared.choices[label];
      if (choice.chosen == 0 || rank > choice.limit) return;
      const uint32_t first = label == 1 ? 0 : shared.choices[1].chosen;
      out[first + add_shared(&choice.collected, 1)] = static_cast<uint32_t>(rank);
    }
  };
  /// Collected boxes arrive in any order: each is written behind those of its label below it.
  DENOVO_HD void write(const PhasePoint& at, const Shared& shared) const {
    const int64_t positives = shared.choices[1].chosen, negatives = shared.choices[0].chosen;
    const uint32_t* boxes = collected + at.block * num;
    int32_t* row = indices + at.block * num;
    for (int64_t j = at.thread; j < num; j += kThreads) {
      if (j >= positives + negatives) {
        row[j] = -1;
        continue;
      }
      const int64_t begin = j < positives ? 0 : positives,
                    end = j < positives ? positives : positives + negatives;
      int64_t slot = begin;
      for (int64_t i = begin; i < end; ++i) slot += boxes[i] < boxes[j];
      row[slot] = static_cast<int32_t>(boxes[j]);
    }
    if (at.thread < 2)
      counts[2 * at.block + at.thread] =
          static_cast<int32_t>(at.thread == 0 ? positives : negatives);
  }
};

}  // namespace denovo::ops
