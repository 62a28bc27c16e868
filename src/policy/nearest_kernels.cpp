// One body, compiled for each set of vector instructions and chosen at run time.
//
// Rounding: a term (a - b)^2 in float has a relative error below 3 u (u = 2^-24), a sum of d of them below
// (d + 2) u, which is less than 1e-5 for the 64 features that there may be. So what is more than 1e-5 above
// the distance of the last neighbour is farther; all else is settled in double.
#include "policy/nearest_kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/vector_width.h"

namespace triage {
namespace {

template <std::size_t kLanes>
struct NearLanes {
  typedef float Float __attribute__((vector_size(kLanes * sizeof(float))));
  typedef std::uint32_t Bits __attribute__((vector_size(kLanes * sizeof(float))));
};

bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.squared_distance != b.squared_distance ? a.squared_distance < b.squared_distance : a.row < b.row;
}

// Subtracted and summed in double, in the order of the features. Not in line, since products and sums would
// be contracted where there are instructions for that, and distances would depend on the processor.
[[gnu::noinline]] double exact_distance(const float* query, const float* row, std::size_t d) {
  double sum = 0;
  for (std::size_t f = 0; f < d; ++f) {
    const double difference = static_cast<double>(query[f]) - static_cast<double>(row[f * kBlockRows]);
    sum += difference * difference;
  }
  return sum;
}

// The nearest rows so far, sorted by (distance, row), and how near in float a row has to be to be one.
class NearestSet {
 public:
  explicit NearestSet(std::span<Neighbour> nearest) : nearest_(nearest) {}

  void offer(const Neighbour& added) {
    const bool full = size_ == nearest_.size();
    if (full && !nearer(added, nearest_.back())) return;
    std::size_t i = full ? size_ - 1 : size_++;
    for (; i > 0 && nearer(added, nearest_[i - 1]); --i) nearest_[i] = nearest_[i - 1];
    nearest_[i] = added;
    if (size_ == nearest_.size()) limit_ = limit_of(nearest_.back().squared_distance);
  }
  // Rows at the limit may still come before an equally far one.
  [[nodiscard]] float limit() const { return limit_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
  static float limit_of(double distance) {
    constexpr double kLargest = 1e37, kSmallest = 1e-36;  // beyond, floats overflow, or lose their precision
    return distance < kLargest ? static_cast<float>(distance * (1 + 2e-5) + kSmallest) : kInfinity;
  }

  std::span<Neighbour> nearest_;
  std::size_t size_ = 0;
  float limit_ = kInfinity;
};

// Notes which lanes of a vector are set, as bits from `first` on.
template <std::size_t kLanes>
[[gnu::always_inline]] inline void add_places(const typename NearLanes<kLanes>::Bits& set, std::size_t first,
                                              typename NearLanes<kLanes>::Bits& places) {
  typename NearLanes<kLanes>::Bits bits;
  for (std::size_t i = 0; i < kLanes; ++i) bits[i] = 1U << (first + i);
  places |= set & bits;
}

template <class Bits>
[[gnu::always_inline]] inline std::uint32_t joined(const Bits& bits) {
  std::array<std::uint64_t, sizeof(Bits) / sizeof(std::uint64_t)> words;
  std::memcpy(words.data(), &bits, sizeof bits);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) all |= word;
  return static_cast<std::uint32_t>(all | all >> 32);
}

// Distances of kCount things, the i-th of which has `term(f, i)`: a vector of its terms of feature f.
template <std::size_t kLanes, std::size_t kCount, class Term>
[[gnu::always_inline]] inline std::uint32_t measure(std::size_t d, float limit, float* distances,
                                                    const Term& term) {
  using Float = typename NearLanes<kLanes>::Float;
  using Bits = typename NearLanes<kLanes>::Bits;
  constexpr std::size_t kVectors = kCount / kLanes;
  Float sum[kVectors] = {};
  for (std::size_t f = 0; f < d; ++f) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      Float difference;
      term(f, v * kLanes, difference);
      sum[v] += difference * difference;
    }
  }
  std::memcpy(distances, sum, sizeof sum);
  Bits near = {};
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) add_places<kLanes>(Bits(sum[v] <= limit), v * kLanes, near);
  return joined(near);
}

template <std::size_t kLanes>
class NearestSearcher {
 public:
  using Float = typename NearLanes<kLanes>::Float;

  [[gnu::always_inline]] NearestSearcher(const BlockTree& tree, const float* query,
                                         std::span<Neighbour> nearest)
      : tree_(tree), query_(query), set_(nearest) {}

  [[gnu::always_inline]] std::size_t run() {
    visit_node(tree_.levels.size() - 1, 0);
    while (size_ > 0) {
      const Waiting next = waiting_[--size_];
      if (next.bound > set_.limit()) continue;
      if (next.level == 0) {
        visit_block(next.index);
      } else {
        visit_node(next.level - 1, next.index);
      }
    }
    return set_.size();
  }

 private:
  // A block (level 0) or a node of the level below `level`.
  struct Waiting {
    float bound;
    std::uint32_t level;
    std::uint32_t index;
  };

  // What is near enough waits, the nearest on top.
  [[gnu::always_inline]] void visit_node(std::size_t level, std::size_t node) {
    const float* boxes = tree_.boxes(level, node);
    alignas(64) std::array<float, kBoxChildren> bounds;
    std::uint32_t near = measure<kLanes, kBoxChildren>(
        tree_.d, set_.limit(),
        bounds.data(), [&](std::size_t f, std::size_t i, Float & gap) __attribute__((always_inline)) {
          Float low, high;
          std::memcpy(&low, boxes + 2 * f * kBoxChildren + i, sizeof low);
          std::memcpy(&high, boxes + (2 * f + 1) * kBoxChildren + i, sizeof high);
          low -= query_[f];
          high = query_[f] - high;
          gap = low > high ? low : high;
          gap = gap > 0.0F ? gap : Float{};
        });
    const std::size_t count = tree_.levels[level].n_boxes - node * kBoxChildren;
    if (count < kBoxChildren) near &= (1U << count) - 1;
    // The nearest on top; the order of the others gains nothing.
    std::uint64_t nearest = ~std::uint64_t{0};
    const std::size_t first = size_;
    for (; near != 0; near &= near - 1) {
      const auto child = static_cast<std::uint32_t>(std::countr_zero(near));
      nearest = std::min(nearest, std::uint64_t{std::bit_cast<std::uint32_t>(bounds[child])} << 32 | size_);
      waiting_[size_++] = {bounds[child], static_cast<std::uint32_t>(level),
                           static_cast<std::uint32_t>(node * kBoxChildren + child)};
    }
    if (size_ > first) std::swap(waiting_[static_cast<std::uint32_t>(nearest)], waiting_[size_ - 1]);
  }

  [[gnu::always_inline]] void visit_block(std::size_t index) {
    const float* block = tree_.block(index);
    alignas(64) std::array<float, kBlockRows> distances;
    std::uint32_t near = measure<kLanes, kBlockRows>(
        tree_.d, set_.limit(), distances.data(),
        [&](std::size_t f, std::size_t i, Float & difference) __attribute__((always_inline)) {
          std::memcpy(&difference, block + f * kBlockRows + i, sizeof difference);
          difference -= query_[f];
        });
    const std::size_t count = tree_.n - index * kBlockRows;
    if (count < kBlockRows) near &= (1U << count) - 1;
    for (; near != 0; near &= near - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(near));
      if (distances[i] > set_.limit()) continue;
      set_.offer({tree_.order[index * kBlockRows + i], exact_distance(query_, block + i, tree_.d)});
    }
  }

  const BlockTree& tree_;
  const float* query_;
  NearestSet set_;
  std::size_t size_ = 0;
  std::array<Waiting, kMaxTreeLevels * kBoxChildren> waiting_;
};

template <std::size_t kLanes>
[[gnu::always_inline]] inline void search_tree(const BlockTree* tree, const float* query,
                                               std::span<Neighbour> nearest, std::size_t* found) {
  *found = NearestSearcher<kLanes>(*tree, query, nearest).run();
}

using BlockSearch = void (*)(const BlockTree*, const float*, std::span<Neighbour>, std::size_t*);
template <BlockSearch kBody>
std::size_t search_by(const BlockTree& tree, const float* query, std::span<Neighbour> nearest) {
  std::size_t found = 0;
  if (tree.n > 0 && !nearest.empty()) kBody(&tree, query, nearest, &found);
  return found;
}

// Widest vectors first, so that those of a processor are the last so many.
constexpr std::array kKernels {
#if defined(__x86_64__)
  NearestKernel{"avx512", search_by<for_avx512<search_tree<16>>>},
      NearestKernel{"avx2", search_by<for_avx2<search_tree<8>>>},
#endif
      NearestKernel {
    "baseline", search_by<for_baseline<search_tree<4>>>
  }
};

}  // namespace

std::span<const NearestKernel> nearest_kernels() {
  const std::span<const NearestKernel> all(kKernels);
#if defined(__x86_64__)
  if (!has_avx2()) return all.last(1);
  if (!has_avx512()) return all.last(2);
#endif
  return all;
}

}  // namespace triage
