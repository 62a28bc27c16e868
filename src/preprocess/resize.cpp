// One body, compiled for each set of vector instructions and chosen at run time. Rows first: they are
// neighbours in memory, and a picture that shrinks has fewer rows left for the costlier pass over columns.
#include "preprocess/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace triage {
namespace {

typedef float Float4 __attribute__((vector_size(16)));

// ---- Weights

// kAreaGrown: of the side that grows where the other shrinks by area.
enum class Interpolation { kArea, kAreaGrown, kLinear, kCubic, kSmoothLinear, kSmoothCubic };

void reset(ResizeAxis& axis, int to, int n_taps) {
  axis.n_taps = n_taps;
  axis.first.resize(static_cast<std::size_t>(to));
  axis.weights.assign(static_cast<std::size_t>(to) * static_cast<std::size_t>(n_taps), 0.0F);
}

// Adds the weight of source position `at`, which is clamped to the picture's edge.
void add(ResizeAxis& axis, int x, int at, int from, float weight) {
  const int k = std::clamp(at, 0, from - 1) - axis.first[static_cast<std::size_t>(x)];
  axis.weights[static_cast<std::size_t>(x * axis.n_taps + k)] += weight;
}

// The first tap of a result, moved so that all of its taps lie in the source.
void begin(ResizeAxis& axis, int x, int at, int from) {
  axis.first[static_cast<std::size_t>(x)] = std::clamp(at, 0, from - axis.n_taps);
}

// The share of each source position in the stretch that a result covers.
void set_area(ResizeAxis& axis, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  reset(axis, to, std::min(from, static_cast<int>(std::ceil(scale)) + 1));
  for (int x = 0; x < to; ++x) {
    const double left = x * scale;
    const double right = std::min<double>(left + scale, from);
    const int at = std::min(static_cast<int>(left), from - 1);
    begin(axis, x, at, from);
    for (int i = at; i < from && i < right; ++i) {
      const double share = std::min<double>(right, i + 1) - std::max<double>(left, i);
      if (share > 1e-6 * scale) add(axis, x, i, from, static_cast<float>(share / (right - left)));
    }
  }
}

// OpenCV's INTER_AREA where a side grows: a source position keeps its area, and only results between two are
// mixed.
void set_area_grown(ResizeAxis& axis, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  reset(axis, to, std::min(from, 2));
  for (int x = 0; x < to; ++x) {
    const int at = static_cast<int>(std::floor(x * scale));
    const double past = (x + 1) - (at + 1) / scale;
    const auto second = static_cast<float>(past <= 0 ? 0.0 : past - std::floor(past));
    begin(axis, x, at, from);
    add(axis, x, at, from, 1 - second);
    add(axis, x, at + 1, from, second);
  }
}

void set_linear(ResizeAxis& axis, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  reset(axis, to, std::min(from, 2));
  for (int x = 0; x < to; ++x) {
    const double centre = (x + 0.5) * scale - 0.5;
    const int at = static_cast<int>(std::floor(centre));
    const auto second = static_cast<float>(centre - at);
    begin(axis, x, at, from);
    add(axis, x, at, from, 1 - second);
    add(axis, x, at + 1, from, second);
  }
}

// A filter of the distance in source positions, which reaches so far; it widens by as much as the side
// shrinks. What lies outside the picture does not count.
struct SmoothFilter {
  double reach;
  double (*weight)(double distance);
};

constexpr SmoothFilter kTriangle{1, [](double t) { return std::max(0.0, 1 - std::abs(t)); }};
// Keys' cubic convolution with a = -0.5, Pillow's.
constexpr SmoothFilter kSmoothCubic{2, [](double distance) {
                                      const double t = std::abs(distance);
                                      if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
                                      return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0.0;
                                    }};

void set_smooth(ResizeAxis& axis, const SmoothFilter& filter, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  const double reach = filter.reach * stretch;
  reset(axis, to, std::min(from, static_cast<int>(std::ceil(2 * reach)) + 1));
  for (int x = 0; x < to; ++x) {
    const double centre = (x + 0.5) * scale - 0.5;
    const int at = std::max(0, static_cast<int>(std::ceil(centre - reach)));
    const int end = std::min(from - 1, static_cast<int>(std::floor(centre + reach)));
    begin(axis, x, at, from);
    double sum = 0;
    for (int i = at; i <= end; ++i) sum += filter.weight((i - centre) / stretch);
    for (int i = at; i <= end; ++i) {
      add(axis, x, i, from, static_cast<float>(filter.weight((i - centre) / stretch) / sum));
    }
  }
}

// Keys' cubic convolution (1981) with a = -0.75.
void set_cubic(ResizeAxis& axis, int from, int to) {
  constexpr double kA = -0.75;
  const auto inner = [](double t) { return ((kA + 2) * t - (kA + 3)) * t * t + 1; };
  const auto outer = [](double t) { return ((kA * t - 5 * kA) * t + 8 * kA) * t - 4 * kA; };
  const double scale = static_cast<double>(from) / to;
  reset(axis, to, std::min(from, 4));
  for (int x = 0; x < to; ++x) {
    const double centre = (x + 0.5) * scale - 0.5;
    const int at = static_cast<int>(std::floor(centre));
    const double t = centre - at;
    begin(axis, x, at - 1, from);
    const std::array<double, 4> weights{outer(1 + t), inner(t), inner(1 - t), outer(2 - t)};
    for (int k = 0; k < 4; ++k)
      add(axis, x, at - 1 + k, from, static_cast<float>(weights[static_cast<std::size_t>(k)]));
  }
}

void set_axis(ResizeAxis& axis, Interpolation interpolation, int from, int to) {
  switch (interpolation) {
    case Interpolation::kArea:
      return set_area(axis, from, to);
    case Interpolation::kAreaGrown:
      return set_area_grown(axis, from, to);
    case Interpolation::kLinear:
      return set_linear(axis, from, to);
    case Interpolation::kCubic:
      return set_cubic(axis, from, to);
    case Interpolation::kSmoothLinear:
      return set_smooth(axis, kTriangle, from, to);
    case Interpolation::kSmoothCubic:
      return set_smooth(axis, kSmoothCubic, from, to);
  }
}

Interpolation by_size(const Pixels& source, int width, int height) {
  if (width >= source.width && height >= source.height) return Interpolation::kCubic;
  const bool grows = width > source.width || height > source.height;
  return grows ? Interpolation::kAreaGrown : Interpolation::kArea;
}

Interpolation interpolation_of(Resampling resampling, const Pixels& source, int width, int height) {
  switch (resampling) {
    case Resampling::kBySize:
      break;
    case Resampling::kArea:
      return Interpolation::kArea;
    case Resampling::kBilinear:
      return Interpolation::kLinear;
    case Resampling::kBicubic:
      return Interpolation::kCubic;
    case Resampling::kBilinearAntialias:
      return Interpolation::kSmoothLinear;
    case Resampling::kBicubicAntialias:
      return Interpolation::kSmoothCubic;
  }
  return by_size(source, width, height);
}

// ---- Kernels

template <std::size_t kTaps>
[[gnu::always_inline]] inline void blend_some(const std::uint8_t* rows, std::size_t stride,
                                              const float* weights, std::size_t n, bool adds, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    float sum = adds ? out[i] : 0.0F;
    for (std::size_t k = 0; k < kTaps; ++k) sum += weights[k] * static_cast<float>(rows[k * stride + i]);
    out[i] = sum;
  }
}

[[gnu::always_inline]] inline void blend_rows(const std::uint8_t* rows, std::size_t stride,
                                              std::span<const float> weights, std::size_t n, float* out) {
  std::size_t done = 0;
  for (; done + 4 <= weights.size(); done += 4) {
    blend_some<4>(rows + done * stride, stride, weights.data() + done, n, done > 0, out);
  }
  // The rest in one pass too: most pictures shrink by less than a half, to two or three rows for one.
  const std::uint8_t* rest = rows + done * stride;
  switch (weights.size() - done) {
    case 3:
      return blend_some<3>(rest, stride, weights.data() + done, n, done > 0, out);
    case 2:
      return blend_some<2>(rest, stride, weights.data() + done, n, done > 0, out);
    case 1:
      return blend_some<1>(rest, stride, weights.data() + done, n, done > 0, out);
    default:
      return;
  }
}

[[gnu::always_inline]] inline Float4 load(const float* values) {
  Float4 vector;
  std::memcpy(&vector, values, sizeof vector);
  return vector;
}

// Rounded and clamped to four bytes, of which the last belongs to the next pixel, which overwrites it.
[[gnu::always_inline]] inline void store_pixel(const Float4& value, std::uint8_t* out) {
#if defined(__SSE2__)
  const __m128i words = _mm_packs_epi32(_mm_cvtps_epi32(value), __m128i{});
  const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, __m128i{}));
  std::memcpy(out, &bytes, sizeof bytes);
#else
  for (int c = 0; c < 4; ++c) {
    out[c] = static_cast<std::uint8_t>(std::lrintf(std::clamp(value[c], 0.0F, 255.0F)));
  }
#endif
}

template <int kTaps>
[[gnu::always_inline]] inline void blend_pixels(const float* row, const ResizeAxis& axis, std::uint8_t* out) {
  const int n_taps = kTaps > 0 ? kTaps : axis.n_taps;
  const float* weights = axis.weights.data();
  for (const int first : axis.first) {
    const float* from = row + std::ptrdiff_t{3} * first;
    Float4 sum{};
    for (int k = 0; k < n_taps; ++k) sum += weights[k] * load(from + std::ptrdiff_t{3} * k);
    store_pixel(sum, out);
    weights += n_taps;
    out += 3;
  }
}

[[gnu::always_inline]] inline void blend_gray(const float* row, const ResizeAxis& axis, std::uint8_t* out) {
  const float* weights = axis.weights.data();
  for (const int first : axis.first) {
    float sum = 0;
    for (int k = 0; k < axis.n_taps; ++k) sum += weights[k] * row[first + k];
    *out++ = static_cast<std::uint8_t>(std::lrintf(std::clamp(sum, 0.0F, 255.0F)));
    weights += axis.n_taps;
  }
}

[[gnu::always_inline]] inline void blend_columns(const float* row, const ResizeAxis& axis, int channels,
                                                 std::uint8_t* out) {
  if (channels == 1) {
    blend_gray(row, axis, out);
  } else if (axis.n_taps == 4) {
    blend_pixels<4>(row, axis, out);
  } else if (axis.n_taps == 3) {
    blend_pixels<3>(row, axis, out);
  } else {
    blend_pixels<0>(row, axis, out);
  }
}

void blend_rows_baseline(const std::uint8_t* rows, std::size_t stride, std::span<const float> weights,
                         std::size_t n, float* out) {
  blend_rows(rows, stride, weights, n, out);
}
void blend_columns_baseline(const float* row, const ResizeAxis& axis, int channels, std::uint8_t* out) {
  blend_columns(row, axis, channels, out);
}

#if defined(__x86_64__)
// Without FMA, whose rounding differs (the build keeps the compiler from it): results must not depend on the
// processor.
[[gnu::target("avx512f,avx512bw,avx512vl,prefer-vector-width=512")]] void blend_rows_avx512(
    const std::uint8_t* rows, std::size_t stride, std::span<const float> weights, std::size_t n, float* out) {
  blend_rows(rows, stride, weights, n, out);
}
[[gnu::target("avx2")]] void blend_rows_avx2(const std::uint8_t* rows, std::size_t stride,
                                             std::span<const float> weights, std::size_t n, float* out) {
  blend_rows(rows, stride, weights, n, out);
}
// Two pixels at once: rounded, clamped and stored as store_pixel does it.
[[gnu::target("avx2")]] inline void store_pair(__m256 values, std::uint8_t* out) {
  const __m256i rounded = _mm256_cvtps_epi32(values);
  const __m128i words =
      _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
  const __m128i bytes = _mm_packus_epi16(words, words);
  const int first = _mm_cvtsi128_si32(bytes);
  const int second = _mm_extract_epi32(bytes, 1);
  std::memcpy(out, &first, sizeof first);
  std::memcpy(out + 3, &second, sizeof second);
}

template <int kTaps>
[[gnu::target("avx2")]] void blend_pairs(const float* row, const ResizeAxis& axis, std::uint8_t* out) {
  const int n_taps = kTaps > 0 ? kTaps : axis.n_taps;
  const float* weights = axis.pair_weights.data();
  for (std::size_t x = 0; x < axis.first.size(); x += 2, out += 6) {
    const float* from = row + std::ptrdiff_t{3} * axis.first[x];
    // Of an odd number the last is its own neighbour, stored into the padding.
    const float* next = row + std::ptrdiff_t{3} * axis.first[std::min(x + 1, axis.first.size() - 1)];
    __m256 sum = _mm256_setzero_ps();
    for (int k = 0; k < n_taps; ++k, from += 3, next += 3, weights += 8) {
      const __m256 both =
          _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm_loadu_ps(next), 1);
      sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(weights), both));
    }
    store_pair(sum, out);
  }
}

[[gnu::target("avx2")]] void blend_columns_avx2(const float* row, const ResizeAxis& axis, int channels,
                                                std::uint8_t* out) {
  if (channels == 1) {
    blend_gray(row, axis, out);
  } else if (axis.n_taps == 4) {
    blend_pairs<4>(row, axis, out);
  } else if (axis.n_taps == 3) {
    blend_pairs<3>(row, axis, out);
  } else {
    blend_pairs<0>(row, axis, out);
  }
}
#endif

std::vector<ResizeKernel> find_kernels() {
  std::vector<ResizeKernel> kernels;
#if defined(__x86_64__)
  // Columns are made two pixels at a time, which 32 bytes hold.
  if (__builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0) {
    kernels.push_back({"avx512", blend_rows_avx512, blend_columns_avx2});
  }
  if (__builtin_cpu_supports("avx2") != 0) kernels.push_back({"avx2", blend_rows_avx2, blend_columns_avx2});
#endif
  kernels.push_back({"baseline", blend_rows_baseline, blend_columns_baseline});
  return kernels;
}

// The weights as vectors of two pixels take them.
void set_pair_weights(ResizeAxis& axis) {
  const auto n_taps = static_cast<std::size_t>(axis.n_taps);
  const std::size_t n = axis.first.size();
  axis.pair_weights.resize((n + 1) / 2 * n_taps * 8);
  for (std::size_t x = 0; x < n + n % 2; ++x) {
    for (std::size_t k = 0; k < n_taps; ++k) {
      const std::size_t at = (x / 2 * n_taps + k) * 8 + x % 2 * 4;
      std::fill_n(axis.pair_weights.begin() + static_cast<std::ptrdiff_t>(at), 4,
                  axis.weights[std::min(x, n - 1) * n_taps + k]);
    }
  }
}

}  // namespace

std::span<const ResizeKernel> resize_kernels() {
  static const std::vector<ResizeKernel> kernels = find_kernels();
  return kernels;
}

void Resizer::set(const Pixels& source, int width, int height, Resampling resampling,
                  const ResizeKernel& kernel) {
  source_ = source;
  kernel_ = &kernel;
  const Interpolation interpolation = interpolation_of(resampling, source, width, height);
  set_axis(columns_, interpolation, source.width, width);
  if (source.channels == 3) set_pair_weights(columns_);
  set_axis(rows_, interpolation, source.height, height);
  const auto channels = static_cast<std::size_t>(source.channels);
  blended_.resize(static_cast<std::size_t>(source.width) * channels + kResizePadding);
  row_.resize(static_cast<std::size_t>(width) * channels + kResizePadding);
}

const std::uint8_t* Resizer::row(int y) {
  const auto at = static_cast<std::size_t>(y);
  const auto n_taps = static_cast<std::size_t>(rows_.n_taps);
  std::span<const float> weights = std::span(rows_.weights).subspan(at * n_taps, n_taps);
  while (weights.size() > 1 && weights.back() == 0) weights = weights.first(weights.size() - 1);
  kernel_->blend_rows(
      source_.data + static_cast<std::size_t>(rows_.first[at]) * source_.stride, source_.stride, weights,
      static_cast<std::size_t>(source_.width) * static_cast<std::size_t>(source_.channels), blended_.data());
  kernel_->blend_columns(blended_.data(), columns_, source_.channels, row_.data());
  return row_.data();
}

}  // namespace triage
