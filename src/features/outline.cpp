#include "features/outline.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "features/edge_kernels.h"

namespace triage {
namespace {

// Bits of a pixel's label; 0 outside of regions.
constexpr std::uint8_t kSet = 1;
constexpr std::uint8_t kVisited = 2;
constexpr std::uint8_t kRightEdge =
    4;  // visited, and seen that the pixel on its right does not belong to the region

// The first set neighbour in a counter-clockwise turn that starts after `direction`.
std::uint32_t next_direction(std::uint8_t around, std::uint32_t direction) {
  const auto first = static_cast<int>(direction + 1);
  return static_cast<std::uint32_t>(first + std::countr_zero(std::rotr(around, first))) & 7U;
}

// The first in a clockwise turn.
std::uint32_t last_direction(std::uint8_t around, std::uint32_t direction) {
  do {
    direction = (direction - 1) & 7U;
  } while ((around >> direction & 1U) == 0);
  return direction;
}

// Measures an outline while it is followed.
class Measure {
 public:
  void step(std::uint32_t direction) {
    const int dx = kDirectionX[direction];
    const int dy = kDirectionY[direction];
    outline_.twice_area += x_ * dy - y_ * dx;
    ++outline_.n_points;
    outline_.n_diagonal += direction & 1U;
    x_ += dx;
    y_ += dy;
    left_ = std::min(left_, x_);
    right_ = std::max(right_, x_);
    top_ = std::min(top_, y_);
    bottom_ = std::max(bottom_, y_);
  }
  [[nodiscard]] Outline result() const {
    Outline outline = outline_;
    outline.n_points = std::max(outline.n_points, 1U);
    outline.twice_area = std::abs(outline.twice_area);
    outline.width = right_ - left_ + 1;
    outline.height = bottom_ - top_ + 1;
    return outline;
  }

 private:
  Outline outline_;
  int x_ = 0, y_ = 0;  // from the first pixel
  int left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
};

// Where outlines start, in the lowest bits of eight labels: at a pixel that has not been visited and has none
// on its left; that of a hole, right of a pixel of which that has not been seen.
std::uint64_t outer_starts(const std::uint8_t* labels) {
  const std::uint64_t here = eight_pixels(labels);
  return here & ~(here >> 1) & ~eight_pixels(labels - 1);
}
std::uint64_t hole_starts(const std::uint8_t* labels) {
  const std::uint64_t before = eight_pixels(labels - 1);
  return before & ~(before >> 2) & ~eight_pixels(labels);
}

// The label of the last visited pixel among those of eight that lie in `mask`; `before` if there is none.
std::uint8_t last_visited_of(const std::uint8_t* labels, std::uint64_t mask, std::uint8_t before) {
  const std::uint64_t visited = eight_pixels(labels) & (low_bits(8) * kVisited) & mask;
  if (visited == 0) return before;
  return labels[(63 - static_cast<std::size_t>(std::countl_zero(visited))) / 8];
}

// Whether what follows this visited pixel in its row, or follows no visited pixel, lies outside of its
// region.
bool ends_region(std::uint8_t label) { return label == 0 || (label & kRightEdge) != 0; }

}  // namespace

double Outline::perimeter() const {
  if (n_points == 1) return 0;
  return n_points - n_diagonal + std::sqrt(2.0) * n_diagonal;
}

Outline OutlineFinder::follow(const Padded& pad, const Start& start) {
  Measure measure;
  if (around_[start.at] == 0) {
    labels_[start.at] = kSet | kVisited | kRightEdge;
    return measure.result();
  }
  const std::array<std::ptrdiff_t, 8> offsets = neighbour_offsets(pad);
  const auto moved = [&](std::size_t at, std::uint32_t direction) {
    return at + static_cast<std::size_t>(offsets[direction]);
  };
  std::uint32_t back = last_direction(around_[start.at], start.direction);
  const std::size_t last = moved(start.at, back);  // from which the outline comes back to its first pixel
  std::size_t at = start.at;
  for (;;) {
    const std::uint32_t direction = next_direction(around_[at], back);
    // Without branches, which would be guessed wrong as often as right. The turn from `back` to `direction`
    // passed the pixel on the right if it went through 0.
    const bool passed_right = direction - 1 < back;
    labels_[at] = static_cast<std::uint8_t>(labels_[at] | kVisited | (passed_right ? kRightEdge : 0));
    measure.step(direction);
    const std::size_t next = moved(at, direction);
    if (next == start.at && at == last) return measure.result();
    at = next;
    back = (direction + 4) & 7U;
  }
}

void OutlineFinder::scan_row(Which which, const Padded& pad, std::size_t y) {
  std::uint8_t last_visited = 0;  // of the row, before these eight
  for (std::size_t x = 0; x < pad.width; x += 8) {
    const std::size_t first = pad.at(x, y);
    const std::uint8_t* labels = &labels_[first];
    std::uint64_t left = low_bits(pad.width - x);
    for (;;) {
      // Anew after each outline, which may have visited pixels further on.
      const std::uint64_t outer = outer_starts(labels) & left;
      const std::uint64_t starts = which == kAll ? outer | (hole_starts(labels) & left) : outer;
      if (starts == 0) break;
      const std::uint64_t lowest = starts & (~starts + 1);
      const std::size_t at = first + static_cast<std::size_t>(std::countr_zero(lowest)) / 8;
      left &= ~(lowest | (lowest - 1));
      if ((lowest & outer) == 0) {
        outlines_.push_back(follow(pad, {at - 1, 0}));
      } else if (which == kAll || ends_region(last_visited_of(labels, lowest - 1, last_visited))) {
        outlines_.push_back(follow(pad, {at, 4}));
      }
    }
    last_visited = last_visited_of(labels, ~std::uint64_t{0}, last_visited);
  }
}

std::span<const Outline> OutlineFinder::find(Which which, const Padded& pad, const std::uint8_t* set) {
  const EdgeKernels& kernels = edge_kernels().front();
  around_.resize(pad.size());
  labels_.resize(pad.size());
  std::memcpy(labels_.data(), set, pad.size());
  const std::size_t first = pad.at(0, 0);
  kernels.look_around(set + first, static_cast<std::ptrdiff_t>(pad.stride), pad.span(), &around_[first]);
  outlines_.clear();
  for (std::size_t y = 0; y < pad.height; ++y) scan_row(which, pad, y);
  return outlines_;
}

}  // namespace triage
