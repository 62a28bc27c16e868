// Sums are vectors over the models, whose number is known at compile time, in small steps. A node's rows are
// summed by bin, then the bins that have rows are passed in order; so a small node costs as much as its rows.
#include "learn/forest/split_search.h"

#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace triage {
namespace {

typedef float FourFloats __attribute__((vector_size(16)));

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kRounding =
    1e-5F;  // share of a side's weight up to which a model's is what rounding left of none

[[gnu::always_inline]] inline float sum_of(const FourFloats& v) { return (v[0] + v[2]) + (v[1] + v[3]); }

// Sums over rows: see LaneShape.
template <std::size_t kVectors, bool kSparse>
struct LaneSums {
  static constexpr std::size_t kAll = kVectors * (kSparse ? 2 : 1);
  FourFloats v[kAll] = {};

  [[nodiscard]] float weight() const { return v[0][0]; }
  void add(const float* lanes) {
    for (std::size_t i = 0; i < kAll; ++i) {
      FourFloats x;
      std::memcpy(&x, lanes + 4 * i, sizeof x);
      v[i] += x;
    }
  }
  void add(const LaneSums& other) {
    for (std::size_t i = 0; i < kAll; ++i) v[i] += other.v[i];
  }
  void subtract_from(const LaneSums& total, LaneSums& rest) const {
    for (std::size_t i = 0; i < kAll; ++i) rest.v[i] = total.v[i] - v[i];
  }
};

template <std::size_t kVectors, bool kSparse>
struct VarianceQuality {
  using Sums = LaneSums<kVectors, kSparse>;
  explicit VarianceQuality(std::size_t /*m*/) {}

  // What a split has to exceed: any is better than none.
  [[nodiscard]] float floor(const Sums& /*total*/) const { return -kInfinity; }

  // Squares of the sums by weight: what is between the groups, but for a constant.
  [[gnu::always_inline]] [[nodiscard]] float of_side(const Sums& side) const {
    FourFloats squares{};
    const FourFloats there = FourFloats{} + side.weight() * kRounding;
    for (std::size_t i = 0; i < kVectors; ++i) {
      FourFloats sum = side.v[i];
      if (i == 0) sum[0] = 0;
      if constexpr (kSparse) {
        const FourFloats weight = side.v[kVectors + i];
        squares += weight > there ? sum * sum / weight : FourFloats{};
      } else {
        squares += sum * sum;
      }
    }
    return kSparse ? sum_of(squares) : sum_of(squares) / side.weight();
  }
};

constexpr float kLeastGain = 1e-6F;  // of cost, per weight

template <std::size_t kVectors, bool kSparse>
struct BestSingleQuality {
  using Sums = LaneSums<kVectors, kSparse>;
  explicit BestSingleQuality(std::size_t m) {
    for (std::size_t lane = 0; lane < 4 * kVectors; ++lane) {
      no_model[lane / 4][lane % 4] = lane >= 1 && lane <= m ? 0 : kInfinity;
    }
  }

  // A split where the same model is best on both sides tells nothing; rounding must not make one of it.
  [[nodiscard]] float floor(const Sums& total) const { return of_side(total) + kLeastGain * total.weight(); }

  // The least cost of one model for all rows, negative. A model that is nowhere there costs infinitely much.
  [[gnu::always_inline]] [[nodiscard]] float of_side(const Sums& side) const {
    FourFloats least = FourFloats{} + kInfinity;
    const FourFloats there = FourFloats{} + side.weight() * kRounding;
    for (std::size_t i = 0; i < kVectors; ++i) {
      FourFloats cost = side.v[i];
      if constexpr (kSparse) {
        const FourFloats weight = side.v[kVectors + i];
        cost = weight > there ? cost / weight : FourFloats{} + kInfinity;
      }
      cost += no_model[i];
      least = cost < least ? cost : least;
    }
    const float least_low = least[0] < least[1] ? least[0] : least[1];
    const float least_high = least[2] < least[3] ? least[2] : least[3];
    const float cost = least_low < least_high ? least_low : least_high;
    return -cost * (kSparse ? side.weight() : 1.0F);
  }

  FourFloats no_model[kVectors] = {};
};

template <class Sums>
Sums sums_of(const NodeRows& rows) {
  Sums total;
  for (std::size_t i = 0; i < rows.n; ++i) total.add(rows.lanes + i * 4 * Sums::kAll);
  return total;
}

// Rounding may leave nothing of a side whose rows weigh next to nothing.
template <class Sums>
bool enough_on_both_sides(const Sums& left, const Sums& right, float min_weight) {
  return left.weight() > 0 && right.weight() > 0 && left.weight() >= min_weight &&
         right.weight() >= min_weight;
}

// All thresholds of each candidate.
template <class Quality>
class HistogramSearch final : public SplitSearch {
 public:
  explicit HistogramSearch(std::size_t m) : quality_(m), bins_(256) {}

  TreeSplit best(const NodeRows& rows, std::span<const SplitCandidate> candidates,
                 float min_weight) override {
    total_ = sums_of<Sums>(rows);
    TreeSplit found;
    found.quality = quality_.floor(total_);
    for (const SplitCandidate& candidate : candidates) {
      fill(rows, candidate.column);
      scan(candidate.column, min_weight, found);
    }
    return found;
  }

 private:
  using Sums = typename Quality::Sums;

  void fill(const NodeRows& rows, std::uint32_t column) {
    const std::uint8_t* codes = rows.codes + column;
    const float* lanes = rows.lanes;
    for (std::size_t i = 0; i < rows.n; ++i, codes += rows.stride, lanes += 4 * Sums::kAll) {
      bins_[*codes].add(lanes);
      filled_[*codes / 64] |= std::uint64_t{1} << (*codes % 64);
    }
  }

  // Leaves the bins empty.
  void scan(std::uint32_t column, float min_weight, TreeSplit& found) {
    Sums left, right;
    int last = -1;
    for (std::size_t word = 0; word < filled_.size(); ++word) {
      for (std::uint64_t bits = filled_[word]; bits != 0; bits &= bits - 1) {
        const int bin = static_cast<int>(word * 64) + std::countr_zero(bits);
        if (last >= 0) {
          left.subtract_from(total_, right);
          consider(left, right, {column, static_cast<std::uint8_t>((last + bin - 1) / 2), 0, true},
                   min_weight, found);
        }
        left.add(bins_[static_cast<std::size_t>(bin)]);
        bins_[static_cast<std::size_t>(bin)] = {};
        last = bin;
      }
      filled_[word] = 0;
    }
  }

  void consider(const Sums& left, const Sums& right, TreeSplit split, float min_weight,
                TreeSplit& found) const {
    if (!enough_on_both_sides(left, right, min_weight)) return;
    split.quality = quality_.of_side(left) + quality_.of_side(right);
    if (split.quality > found.quality) found = split;
  }

  Quality quality_;
  Sums total_;
  std::vector<Sums> bins_;                 // by code
  std::array<std::uint64_t, 4> filled_{};  // bit i: whether bin i has rows
};

// One threshold of each candidate.
template <class Quality>
class ThresholdSearch final : public SplitSearch {
 public:
  explicit ThresholdSearch(std::size_t m) : quality_(m) {}

  TreeSplit best(const NodeRows& rows, std::span<const SplitCandidate> candidates,
                 float min_weight) override {
    const Sums total = sums_of<Sums>(rows);
    TreeSplit found;
    found.quality = quality_.floor(total);
    Sums right;
    for (const SplitCandidate& candidate : candidates) {
      const Sums left = left_of(rows, candidate);
      left.subtract_from(total, right);
      if (!enough_on_both_sides(left, right, min_weight)) continue;
      const float quality = quality_.of_side(left) + quality_.of_side(right);
      if (quality > found.quality) found = {candidate.column, candidate.threshold, quality, true};
    }
    return found;
  }

 private:
  using Sums = typename Quality::Sums;

  static Sums left_of(const NodeRows& rows, const SplitCandidate& candidate) {
    Sums left;
    const std::uint8_t* codes = rows.codes + candidate.column;
    const float* lanes = rows.lanes;
    for (std::size_t i = 0; i < rows.n; ++i, codes += rows.stride, lanes += 4 * Sums::kAll) {
      // Without a branch, which would be mispredicted half of the time.
      const std::int32_t mask = -static_cast<std::int32_t>(*codes <= candidate.threshold);
      for (std::size_t v = 0; v < Sums::kAll; ++v) {
        typedef std::int32_t FourBits __attribute__((vector_size(16)));
        FourBits bits;
        std::memcpy(&bits, lanes + 4 * v, sizeof bits);
        bits &= FourBits{} + mask;
        FourFloats x;
        std::memcpy(&x, &bits, sizeof x);
        left.v[v] += x;
      }
    }
    return left;
  }

  Quality quality_;
};

template <std::size_t kVectors, bool kSparse>
std::unique_ptr<SplitSearch> search_of(SplitRule rule, std::size_t m) {
  using Variance = VarianceQuality<kVectors, kSparse>;
  if (rule == SplitRule::kRandomVariance) return std::make_unique<ThresholdSearch<Variance>>(m);
  if (rule == SplitRule::kVariance) return std::make_unique<HistogramSearch<Variance>>(m);
  return std::make_unique<HistogramSearch<BestSingleQuality<kVectors, kSparse>>>(m);
}

constexpr std::array<std::size_t, 7> kCompiledVectors{1, 2, 3, 4, 8, 16, 64};

// The first compiled size from place I on that has room.
template <bool kSparse, std::size_t I = 0>
std::unique_ptr<SplitSearch> search_of_size(SplitRule rule, const LaneShape& shape) {
  if constexpr (I < kCompiledVectors.size()) {
    if (shape.vectors == kCompiledVectors[I]) return search_of<kCompiledVectors[I], kSparse>(rule, shape.m);
    return search_of_size<kSparse, I + 1>(rule, shape);
  } else {
    TRIAGE_CHECK(shape.vectors <= kCompiledVectors.back());
    return nullptr;
  }
}

}  // namespace

LaneShape lane_shape(std::size_t m, bool sparse) {
  for (const std::size_t vectors : kCompiledVectors) {
    if (1 + m <= 4 * vectors) return {m, sparse, vectors};
  }
  TRIAGE_CHECK(m < 4 * kCompiledVectors.back());
  return {};
}

std::unique_ptr<SplitSearch> make_split_search(SplitRule rule, const LaneShape& shape) {
  return shape.sparse ? search_of_size<true>(rule, shape) : search_of_size<false>(rule, shape);
}

}  // namespace triage
