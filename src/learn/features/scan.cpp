// One body, compiled for each set of vector instructions and chosen at run time.
//
// Rounding: a term (a - b)^2 has a relative error below 3 u (u = 2^-24), a sum of d of them below (d + 2) u,
// and the subtraction of the largest adds 4 u of the sum. So a sum that is shrunk by (d + 8) 2 u before the
// subtraction gives a lower bound. Whether the compiler contracts to FMA does not matter.
#include "learn/features/scan.h"

#include <array>
#include <cstring>
#include <vector>

namespace triage {
namespace {

float shrinkage(std::size_t d) { return 1.0F - static_cast<float>(d + 8) * 0x1.0p-23F; }

template <std::size_t kLanes>
struct Vectors {
  typedef float Float __attribute__((vector_size(kLanes * sizeof(float))));
  typedef std::int32_t Int __attribute__((vector_size(kLanes * sizeof(float))));
};

template <class Int>
[[gnu::always_inline]] inline bool any_of(const Int& lanes) {
  std::array<std::int64_t, sizeof(Int) / sizeof(std::int64_t)> words{};
  std::memcpy(words.data(), &lanes, sizeof lanes);
  std::int64_t found = 0;
  for (const std::int64_t word : words) found |= word;
  return found != 0;
}

// Which of a vector of rows are within a limit, given the sums of their terms, shrunk.
template <std::size_t kLanes>
[[gnu::always_inline]] inline std::uint64_t within_limits(const float* rows, const float* query,
                                                          std::size_t d, const float* limits,
                                                          const typename Vectors<kLanes>::Float& sum) {
  using Float = typename Vectors<kLanes>::Float;
  typename Vectors<kLanes>::Int near = sum <= limits[d];
  for (std::size_t f = 0; f < d; ++f) {
    Float x;
    std::memcpy(&x, rows + f * kLeafRows, sizeof x);
    near |= sum - (x - query[f]) * (x - query[f]) <= limits[f];
  }
  if (!any_of(near)) return 0;
  std::uint64_t mask = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    mask |= static_cast<std::uint64_t>(near[lane] & 1) << lane;
  return mask;
}

// kVectors x kLanes rows: the sum less the largest term is a lower bound for every feature left out, and
// rejects nearly all rows.
template <std::size_t kLanes, std::size_t kVectors>
[[gnu::always_inline]] inline std::uint64_t scan_rows(const float* rows, const float* query, std::size_t d,
                                                      float shrink, ScanLimits limits) {
  using Float = typename Vectors<kLanes>::Float;
  Float sum[kVectors] = {}, largest[kVectors] = {};
  for (std::size_t f = 0; f < d; ++f) {
    const float q = query[f];
    for (std::size_t v = 0; v < kVectors; ++v) {
      Float x;
      std::memcpy(&x, rows + f * kLeafRows + v * kLanes, sizeof x);
      const Float term = (x - q) * (x - q);
      sum[v] += term;
      largest[v] = term > largest[v] ? term : largest[v];
    }
  }
  std::uint64_t mask = 0;
  for (std::size_t v = 0; v < kVectors; ++v) {
    sum[v] *= shrink;
    if (!any_of(sum[v] - largest[v] <= limits.largest)) continue;
    mask |= within_limits<kLanes>(rows + v * kLanes, query, d, limits.at, sum[v]) << (v * kLanes);
  }
  return mask;
}

template <std::size_t kLanes, std::size_t kVectors>
[[gnu::always_inline]] inline std::uint64_t scan_leaf(const float* leaf, const float* query, std::size_t d,
                                                      ScanLimits limits) {
  constexpr std::size_t kStep = kLanes * kVectors;
  static_assert(kLeafRows % kStep == 0 && kLeafRows <= 64);
  const float shrink = shrinkage(d);
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < kLeafRows; row += kStep) {
    mask |= scan_rows<kLanes, kVectors>(leaf + row, query, d, shrink, limits) << row;
  }
  return mask;
}

template <std::size_t kLanes>
[[gnu::always_inline]] inline void bound_boxes(const float* boxes, const float* query, std::size_t d,
                                               std::size_t n, float* bounds) {
  using Float = typename Vectors<kLanes>::Float;
  const float shrink = shrinkage(d);
  for (std::size_t box = 0; box < n; box += kLanes) {
    Float sum = {}, largest = {};
    for (std::size_t f = 0; f < d; ++f) {
      Float low, high;
      std::memcpy(&low, boxes + (2 * f) * n + box, sizeof low);
      std::memcpy(&high, boxes + (2 * f + 1) * n + box, sizeof high);
      Float gap = low - query[f] > query[f] - high ? low - query[f] : query[f] - high;
      gap = gap > 0.0F ? gap : Float{};
      const Float term = gap * gap;
      sum += term;
      largest = term > largest ? term : largest;
    }
    const Float bound = sum * shrink - largest;
    std::memcpy(bounds + box, &bound, sizeof bound);
  }
}

std::uint64_t scan_baseline(const float* leaf, const float* query, std::size_t d, ScanLimits limits) {
  return scan_leaf<4, 4>(leaf, query, d, limits);
}
void bound_baseline(const float* boxes, const float* query, std::size_t d, std::size_t n, float* bounds) {
  bound_boxes<4>(boxes, query, d, n, bounds);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] std::uint64_t scan_avx2(const float* leaf, const float* query, std::size_t d,
                                                    ScanLimits limits) {
  return scan_leaf<8, 4>(leaf, query, d, limits);
}
[[gnu::target("avx2,fma")]] void bound_avx2(const float* boxes, const float* query, std::size_t d,
                                            std::size_t n, float* bounds) {
  bound_boxes<8>(boxes, query, d, n, bounds);
}
[[gnu::target("avx512f")]] std::uint64_t scan_avx512(const float* leaf, const float* query, std::size_t d,
                                                     ScanLimits limits) {
  return scan_leaf<16, 4>(leaf, query, d, limits);
}
[[gnu::target("avx512f")]] void bound_avx512(const float* boxes, const float* query, std::size_t d,
                                             std::size_t n, float* bounds) {
  bound_boxes<16>(boxes, query, d, n, bounds);
}
#endif

std::vector<ScanKernel> find_kernels() {
  std::vector<ScanKernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) kernels.push_back({"avx512", scan_avx512, bound_avx512});
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    kernels.push_back({"avx2", scan_avx2, bound_avx2});
  }
#endif
  kernels.push_back({"baseline", scan_baseline, bound_baseline});
  return kernels;
}

}  // namespace

std::span<const ScanKernel> scan_kernels() {
  static const std::vector<ScanKernel> kernels = find_kernels();
  return kernels;
}

}  // namespace triage
