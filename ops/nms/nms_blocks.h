// Suppression on the GPU; the CPU suite runs the same phases. Candidates are ranked by a sort and
// taken in chunks: tiles of a bit matrix say, for every candidate of a chunk, which boxes kept
// before and which earlier candidates of the chunk would suppress it; then one block an image walks
// down the chunk in order. Boxes that an earlier chunk did not keep are never compared again, and
// an image that has its max_output boxes does nothing more.
#pragma once

#include <algorithm>

#include "core/kernels/bits.h"
#include "core/kernels/phases.h"
#include "core/kernels/shared_atomics.h"
#include "ops/nms/nms_math.h"

namespace denovo::ops {

/// A candidate in the place of its rank. group: -1 behind the last candidate.
template <class T>
struct RankedBox {
  NmsBox<T> box;
  int32_t group;
};

/// How the work is cut. A row of the matrix is a box that may suppress: first the boxes kept in
/// earlier chunks, then those of the chunk. A word holds 64 candidates of the chunk.
struct NmsCut {
  static constexpr int kWord = 64;
  static constexpr int64_t kChunk = 4096;  // two or three for proposals; 2 MiB of bits an image
  int64_t num_boxes, max_output, kept_rows, chunk, words, rows;

  NmsCut(int64_t boxes, int64_t max_out) : num_boxes(boxes), max_output(max_out) {
    const auto whole_words = [](int64_t n) { return (n + kWord - 1) / kWord * kWord; };
    kept_rows = whole_words(std::min(num_boxes, max_output));
    chunk = std::min(kChunk, whole_words(num_boxes));
    words = chunk / kWord;
    rows = kept_rows + chunk;
  }
};

/// What the two kernels of a chunk share. Arrays of images: [N][...].
template <class T>
struct NmsChunk {
  NmsCut cut;
  int64_t first;              // rank of the first candidate of the chunk
  const RankedBox<T>* boxes;  // [num_boxes]
  const int32_t* candidates;  // how many of them
  RankedBox<T>* kept;         // [kept_rows]
  uint64_t* bits;             // [words][rows]
  int32_t* counts;            // boxes kept so far

  DENOVO_HD uint64_t* word(int64_t n, int64_t w) const {
    return bits + (n * cut.words + w) * cut.rows;
  }
  /// Candidates of the chunk that are still to be looked at.
  DENOVO_HD int64_t size(int64_t n) const {
    const int64_t left = candidates[n] - first;
    if (left <= 0 || counts[n] >= cut.max_output) return 0;
    return left < cut.chunk ? left : cut.chunk;
  }
};

/// A block fills kWords words of 64 rows, a thread one word. Words that nothing reads (of empty
/// rows, or of candidates before the row's) are not written.
template <class T>
struct SuppressionTiles : BlockKernel {
  static constexpr int kPhases = 2;
  static constexpr int kRows = 64, kWords = kThreads / kRows, kColumns = kWords * NmsCut::kWord;
  NmsChunk<T> chunk;
  int64_t row_tiles, strips;
  T threshold;

  SuppressionTiles(const NmsChunk<T>& c, T iou_threshold)
      : chunk(c),
        row_tiles(c.cut.rows / kRows),
        strips((c.cut.words + kWords - 1) / kWords),
        threshold(iou_threshold) {}
  int64_t blocks(int64_t images) const { return images * strips * row_tiles; }
  int64_t shared_bytes() const { return kColumns * static_cast<int64_t>(sizeof(RankedBox<T>)); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int64_t row_tile = at.block % row_tiles, strip = at.block / row_tiles % strips,
                  n = at.block / (row_tiles * strips);
    const int64_t size = chunk.size(n), first_column = strip * kColumns;
    const int64_t first_row = row_tile * kRows, first_of_chunk = first_row - chunk.cut.kept_rows;
    const bool is_idle =
        first_column >= size || (first_of_chunk < 0 ? first_row >= chunk.counts[n]
                                                    : first_of_chunk >= first_column + kColumns);
    if (is_idle) return;
    const RankedBox<T>* boxes = chunk.boxes + n * chunk.cut.num_boxes + chunk.first;
    auto* columns = at.share<RankedBox<T>>();
    if constexpr (P == 0) {
      const int64_t c = first_column + at.thread;
      columns[at.thread] = c < size ? boxes[c] : RankedBox<T>{{}, -1};
    } else {
      const int64_t row = first_row + at.thread % kRows, r = first_of_chunk + at.thread % kRows;
      const int64_t w = strip * kWords + at.thread / kRows;
      const bool is_read =
          w < chunk.cut.words &&
          (first_of_chunk < 0 ? row < chunk.counts[n] : r < size && r / NmsCut::kWord <= w);
      if (!is_read) return;
      const RankedBox<T> suppressor =
          first_of_chunk < 0 ? chunk.kept[n * chunk.cut.kept_rows + row] : boxes[r];
      const RankedBox<T>* column = columns + at.thread / kRows * NmsCut::kWord;
      uint64_t word = 0;
      for (int c = 0; c < NmsCut::kWord; ++c) {
        const bool overlap = column[c].group == suppressor.group &&
                             overlaps(suppressor.box, column[c].box, threshold);
        word |= static_cast<uint64_t>(overlap) << c;
      }
      chunk.word(n, w)[row] = word;
    }
  }
};

/// One block an image walks over the words of a chunk: which candidates have a suppressor among the
/// boxes kept so far, which of the others suppress each other.
template <class T>
struct WalkChunk : BlockKernel {
  static constexpr int kThreads = 512;
  static constexpr int kLoopBegin = 1, kLoopEnd = 4, kPhases = 5;
  static constexpr int kWord = NmsCut::kWord;
  struct Shared {
    uint64_t among_themselves[kWord];       // the word's rows of the matrix
    uint64_t kept[NmsCut::kChunk / kWord];  // candidates of the chunk
    uint64_t removed;                       // candidates of the word
    int32_t first_slot;                     // of the word's first kept candidate
    int32_t count;                          // boxes kept
  };
  NmsChunk<T> chunk;
  const uint32_t* order;  // index of each candidate
  int32_t* keep;          // [max_output]

  WalkChunk(const NmsChunk<T>& c, const uint32_t* sorted, int32_t* out)
      : chunk(c), order(sorted), keep(out) {}
  int64_t shared_bytes() const { return sizeof(Shared); }
  DENOVO_HD int64_t passes(int64_t n) const { return (chunk.size(n) + kWord - 1) / kWord; }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    auto& shared = *at.share<Shared>();
    const int64_t n = at.block, w = at.pass;
    if constexpr (P == 0) {
      if (at.thread > 0) return;
      shared.removed = 0;
      shared.count = chunk.counts[n];
    } else if constexpr (P == 1) {
      collect(at, shared);
    } else if constexpr (P == 2) {
      if (at.thread == 0) resolve(shared, w, chunk.size(n) - w * kWord);
    } else if constexpr (P == 3) {
      if (at.thread >= kWord || !(shared.kept[w] >> at.thread & 1)) return;
      const int64_t rank = n * chunk.cut.num_boxes + chunk.first + w * kWord + at.thread;
      const uint64_t before = (uint64_t{1} << at.thread) - 1;
      const int32_t slot = shared.first_slot + count_bits(shared.kept[w] & before);
      keep[n * chunk.cut.max_output + slot] = static_cast<int32_t>(order[rank]);
      chunk.kept[n * chunk.cut.kept_rows + slot] = chunk.boxes[rank];
    } else {
      if (at.thread == 0) chunk.counts[n] = shared.count;
    }
  }

  /// removed: the candidates of the word that overlap a box kept before the word.
  DENOVO_HD void collect(const PhasePoint& at, Shared& shared) const {
    if (shared.count >= chunk.cut.max_output) return;
    const uint64_t* rows = chunk.word(at.block, at.pass);
    const uint64_t* rows_of_chunk = rows + chunk.cut.kept_rows;
    uint64_t removed = 0;
    for (int64_t r = at.thread; r < chunk.counts[at.block]; r += kThreads) removed |= rows[r];
    for (int64_t r = at.thread; r < at.pass * kWord; r += kThreads)
      if (shared.kept[r / kWord] >> (r % kWord) & 1) removed |= rows_of_chunk[r];
    if (removed != 0) or_shared(&shared.removed, removed);
    const int64_t own = at.pass * kWord + at.thread;
    if (at.thread < kWord && own < chunk.size(at.block))
      shared.among_themselves[at.thread] = rows_of_chunk[own];
  }
  DENOVO_HD void resolve(Shared& shared, int64_t w, int64_t left) const {
    // From one kept candidate to the next: those between are removed already.
    const uint64_t there = left < kWord ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
    uint64_t candidates = there & ~shared.removed, kept = 0;
    for (int64_t room = chunk.cut.max_output - shared.count; candidates != 0 && room > 0; --room) {
      const int t = lowest_bit(candidates);
      kept |= uint64_t{1} << t;
      candidates &= ~(uint64_t{1} << t | shared.among_themselves[t]);
    }
    shared.kept[w] = kept;
    shared.first_slot = shared.count;
    shared.count += count_bits(kept);
    shared.removed = 0;
  }
};

}  // namespace denovo::ops
