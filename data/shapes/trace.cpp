#include "data/shapes/trace.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/raster/polygon.h"

namespace denovo::data {
namespace {

struct Vertex {
  double x, y;
};

/// A closed walk along pixel edges with the mask on the right: clockwise around a part (y points
/// down), counter-clockwise around a hole.
struct Loop {
  std::vector<Vertex> corners;  // where unit step i begins
  bool is_hole = false;
  // The slit of a hole: from the middle of its step `slit_step` to the middle of step
  // `target_step` of loop `target`, straight to the left.
  size_t slit_step = 0, target = 0, target_step = 0;

  Vertex middle(size_t step) const {
    const Vertex a = corners[step], b = corners[(step + 1) % corners.size()];
    return {(a.x + b.x) / 2, (a.y + b.y) / 2};
  }
};

constexpr std::array<std::array<int, 2>, 4> kSteps = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};

/// Pixel on the right of a step in the given direction from lattice point (x, y).
bool right_inside(MaskView mask, int x, int y, int direction) {
  switch (direction) {
    case 0:
      return mask.inside(y, x);
    case 1:
      return mask.inside(y, x - 1);
    case 2:
      return mask.inside(y - 1, x - 1);
    default:
      return mask.inside(y - 1, x);
  }
}

class Tracer {
 public:
  explicit Tracer(MaskView mask)
      : mask_(mask),
        loop_of_edge_(static_cast<size_t>(mask.height) * (mask.width + 1), kNone),
        step_of_edge_(loop_of_edge_.size(), 0) {
    for (int y = 0; y < mask.height; ++y) {
      for (int x = 0; x <= mask.width; ++x) {
        if (mask.inside(y, x) == mask.inside(y, x - 1) || loop_at(x, y) != kNone) continue;
        // The mask on the right: upwards along a left border, downwards along a right one.
        walk(x, mask.inside(y, x) ? y + 1 : y, mask.inside(y, x) ? 3 : 1);
      }
    }
    for (Loop& loop : loops_) {
      if (loop.is_hole) connect(loop);
    }
  }

  /// tolerance < 0 keeps every corner; otherwise the walk through the middles of the unit steps,
  /// simplified (Douglas and Peucker).
  std::vector<std::vector<double>> polygons(double tolerance) const {
    std::vector<std::vector<double>> result;
    for (size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i].is_hole) continue;
      result.emplace_back();
      emit(i, 0, tolerance, result.back());
    }
    return result;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  size_t edge(int x, int y) const { return static_cast<size_t>(y) * (mask_.width + 1) + x; }
  uint32_t loop_at(int x, int y) const { return loop_of_edge_[edge(x, y)]; }

  void walk(int x, int y, int direction) {
    Loop loop;
    const int start_x = x, start_y = y, start_direction = direction;
    double twice_area = 0;
    do {
      if (direction == 1 || direction == 3) {
        const size_t index = edge(x, direction == 1 ? y : y - 1);
        loop_of_edge_[index] = static_cast<uint32_t>(loops_.size());
        step_of_edge_[index] = static_cast<uint32_t>(loop.corners.size());
      }
      loop.corners.push_back({static_cast<double>(x), static_cast<double>(y)});
      const int next_x = x + kSteps[direction][0], next_y = y + kSteps[direction][1];
      twice_area += static_cast<double>(x) * next_y - static_cast<double>(next_x) * y;
      x = next_x;
      y = next_y;
      // Right first: pixels that touch only at this corner stay apart.
      for (const int turn : {1, 0, 3, 2}) {
        const int candidate = (direction + turn) % 4;
        const int left = (candidate + 3) % 4;
        if (right_inside(mask_, x, y, candidate) && !right_inside(mask_, x, y, left)) {
          direction = candidate;
          break;
        }
      }
    } while (x != start_x || y != start_y || direction != start_direction);
    loop.is_hole = twice_area < 0;
    loops_.push_back(std::move(loop));
  }

  // From the leftmost border of the hole to the left, through the part that surrounds it.
  void connect(Loop& hole) {
    const auto leftmost =
        std::min_element(hole.corners.begin(), hole.corners.end(), [](Vertex a, Vertex b) {
          return a.x < b.x;
        })->x;
    for (size_t step = 0; step < hole.corners.size(); ++step) {
      const Vertex middle = hole.middle(step);
      if (middle.x != leftmost || middle.y == std::floor(middle.y)) continue;
      const int y = static_cast<int>(middle.y);
      int x = static_cast<int>(leftmost) - 1;
      while (mask_.inside(y, x - 1)) --x;
      hole.slit_step = step;
      hole.target = loop_at(x, y);
      hole.target_step = step_of_edge_[edge(x, y)];
      return;
    }
  }

  /// Steps of loop `index` at which slits begin or end, in order.
  std::vector<size_t> pins(size_t index) const {
    std::vector<size_t> steps;
    for (const Loop& loop : loops_) {
      if (loop.is_hole && loop.target == index) steps.push_back(loop.target_step);
    }
    if (loops_[index].is_hole) steps.push_back(loops_[index].slit_step);
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    return steps;
  }

  /// Which of the step middles stay. Pinned ones do, and of the stretches between them whatever
  /// is farther than the tolerance from the chord.
  std::vector<bool> kept_steps(size_t index, double tolerance) const {
    const Loop& loop = loops_[index];
    std::vector<size_t> fixed = pins(index);
    const size_t n = loop.corners.size();
    if (fixed.empty()) fixed = {0};
    if (fixed.size() == 1) fixed.push_back((fixed[0] + n / 2) % n);
    std::sort(fixed.begin(), fixed.end());
    std::vector<bool> keep(n, false);
    for (size_t i = 0; i < fixed.size(); ++i) {
      keep[fixed[i]] = true;
      const size_t end = i + 1 < fixed.size() ? fixed[i + 1] : fixed[0] + n;
      simplify(loop, fixed[i], end, tolerance, keep);
    }
    return keep;
  }

  static void simplify(const Loop& loop, size_t begin, size_t end, double tolerance,
                       std::vector<bool>& keep) {
    const size_t n = loop.corners.size();
    const Vertex a = loop.middle(begin % n), b = loop.middle(end % n);
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    double farthest = tolerance;
    size_t split = end;
    for (size_t i = begin + 1; i < end; ++i) {
      const Vertex p = loop.middle(i % n);
      const double cross = (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
      const double distance =
          length > 0 ? std::abs(cross) / length : std::hypot(p.x - a.x, p.y - a.y);
      if (distance > farthest) {
        farthest = distance;
        split = i;
      }
    }
    if (split == end) return;
    keep[split % n] = true;
    simplify(loop, begin, split, tolerance, keep);
    simplify(loop, split, end, tolerance, keep);
  }

  /// Appends loop `index` from step `first` round to it, with the holes that hang on it.
  void emit(size_t index, size_t first, double tolerance, std::vector<double>& out) const {
    const Loop& loop = loops_[index];
    const size_t n = loop.corners.size();
    const std::vector<size_t> pinned = pins(index);
    const std::vector<bool> keep =
        tolerance >= 0 ? kept_steps(index, tolerance) : std::vector<bool>(n, false);
    for (size_t k = 0; k < n; ++k) {
      const size_t step = (first + k) % n;
      if (tolerance < 0 && k > 0) append(loop, step, out);
      if (!keep[step] && !std::binary_search(pinned.begin(), pinned.end(), step)) continue;
      push(loop.middle(step), out);
      for (size_t i = 0; i < loops_.size(); ++i) {
        const Loop& hole = loops_[i];
        if (!hole.is_hole || hole.target != index || hole.target_step != step) continue;
        emit(i, hole.slit_step, tolerance, out);
        push(hole.middle(hole.slit_step), out);
        push(loop.middle(step), out);
      }
    }
    if (tolerance < 0) append(loop, first, out);
  }

  static void push(Vertex v, std::vector<double>& out) { out.insert(out.end(), {v.x, v.y}); }

  /// The corner before a step, unless the walk goes straight on there.
  static void append(const Loop& loop, size_t step, std::vector<double>& out) {
    const size_t n = loop.corners.size();
    const Vertex before = loop.corners[(step + n - 1) % n], corner = loop.corners[step],
                 after = loop.corners[(step + 1) % n];
    if (after.x - corner.x != corner.x - before.x || after.y - corner.y != corner.y - before.y) {
      push(corner, out);
    }
  }

  MaskView mask_;
  std::vector<Loop> loops_;
  // Of the vertical pixel edge left of pixel (y, x): the loop that walks it, and at which step.
  std::vector<uint32_t> loop_of_edge_, step_of_edge_;
};

double iou_with(const std::vector<std::vector<double>>& polygons, MaskView mask) {
  std::vector<double> xy;
  std::vector<uint32_t> sizes;
  for (const auto& polygon : polygons) {
    xy.insert(xy.end(), polygon.begin(), polygon.end());
    sizes.push_back(static_cast<uint32_t>(polygon.size()));
  }
  std::vector<uint8_t> drawn(static_cast<size_t>(mask.height) * mask.width);
  rle_decode(rle_from_polygons(xy, sizes, mask.height, mask.width), drawn.data(),
             MaskOrder::kRowMajor);
  int64_t both = 0, either = 0;
  for (size_t i = 0; i < drawn.size(); ++i) {
    both += drawn[i] && mask.pixels[i];
    either += drawn[i] || mask.pixels[i];
  }
  return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
}

}  // namespace

std::vector<std::vector<double>> trace_polygons(MaskView mask) {
  const Tracer tracer(mask);
  for (const double tolerance : {0.7, 0.5, 0.3, 0.0}) {
    std::vector<std::vector<double>> polygons = tracer.polygons(tolerance);
    if (iou_with(polygons, mask) >= kTraceIou) return polygons;
  }
  return tracer.polygons(-1);
}

}  // namespace denovo::data
