// The vector kernels against the plain definitions, whatever instructions this processor has.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "features/edge_kernels.h"
#include "features/graph.h"
#include "features/pictures.h"

namespace triage {
namespace {

struct Pixel {
  int r, g, b;
};

// Planes of some pixels, with as many as asked for.
struct TestPlanes {
  std::vector<std::uint8_t> red, green, blue;
  explicit TestPlanes(const std::vector<Pixel>& pixels) {
    for (const Pixel& pixel : pixels) {
      red.push_back(static_cast<std::uint8_t>(pixel.r));
      green.push_back(static_cast<std::uint8_t>(pixel.g));
      blue.push_back(static_cast<std::uint8_t>(pixel.b));
    }
  }
  [[nodiscard]] PlanePointers pointers() const { return {red.data(), green.data(), blue.data()}; }
};

std::vector<Pixel> random_pixels(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<Pixel> pixels;
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = [&] { return static_cast<int>(random.below(256)); };
    pixels.push_back({value(), value(), value()});
  }
  return pixels;
}

// Sizes around those of vectors and blocks.
constexpr std::array<std::size_t, 9> kSizes{1, 7, 8, 31, 33, 64, 129, 2048, 5003};

// OpenCV's hue with its table of 30 / chroma, 0..179.
int hue_of(const Pixel& p) {
  const int largest = std::max({p.r, p.g, p.b});
  const int chroma = largest - std::min({p.r, p.g, p.b});
  const auto unit = static_cast<int>(std::lrint((180 << 12) / (6.0 * chroma)));
  const int sixth = largest == p.r   ? p.g - p.b
                    : largest == p.g ? p.b - p.r + 2 * chroma
                                     : p.r - p.g + 4 * chroma;
  const int hue = (sixth * unit + (1 << 11)) >> 12;
  return hue < 0 ? hue + 180 : hue;
}

// All hues there are: whatever the smallest channel, a hue depends on the differences alone.
std::vector<Pixel> all_hues() {
  std::vector<Pixel> pixels{{0, 0, 0}, {255, 255, 255}, {7, 7, 7}};
  for (int chroma = 1; chroma < 256; ++chroma) {
    for (int middle = 0; middle <= chroma; ++middle) {
      pixels.insert(pixels.end(), {{chroma, middle, 0},
                                   {chroma, 0, middle},
                                   {middle, chroma, 0},
                                   {0, chroma, middle},
                                   {middle, 0, chroma},
                                   {0, middle, chroma}});
    }
  }
  return pixels;
}

TEST(PixelKernels, CountEveryHueInItsBin) {
  const std::vector<Pixel> pixels = all_hues();
  std::array<std::uint32_t, 7> expected{};
  for (const Pixel& pixel : pixels) {
    if (pixel.r == pixel.g && pixel.g == pixel.b) continue;
    for (int k = 0; k <= hue_of(pixel) * 7 / 180; ++k) ++expected[static_cast<std::size_t>(k)];
  }
  const TestPlanes planes(pixels);
  for (const PixelKernels& kernels : pixel_kernels()) {
    std::array<std::uint32_t, 7> found{};
    kernels.count_hues(planes.pointers(), pixels.size(), found);
    EXPECT_EQ(found, expected) << kernels.name;
  }
}

TEST(PixelKernels, SplitAndGray) {
  for (const std::size_t n : kSizes) {
    const std::vector<Pixel> pixels = random_pixels(n, n);
    std::vector<std::uint8_t> bytes, gray;
    for (const Pixel& p : pixels) {
      for (const int value : {p.r, p.g, p.b}) bytes.push_back(static_cast<std::uint8_t>(value));
      gray.push_back(static_cast<std::uint8_t>((9798 * p.r + 19235 * p.g + 3735 * p.b + 16384) >> 15));
    }
    const TestPlanes expected(pixels);
    for (const PixelKernels& kernels : pixel_kernels()) {
      TestPlanes planes{std::vector<Pixel>(n)};
      const std::array<std::uint8_t*, 3> out{planes.red.data(), planes.green.data(), planes.blue.data()};
      kernels.split(bytes.data(), n, out.data());
      EXPECT_EQ(planes.red, expected.red) << kernels.name;
      EXPECT_EQ(planes.green, expected.green) << kernels.name;
      EXPECT_EQ(planes.blue, expected.blue) << kernels.name;
      std::vector<std::uint8_t> found(n);
      kernels.to_gray(planes.pointers(), n, found.data());
      EXPECT_EQ(found, gray) << kernels.name;
    }
  }
}

// Integers exactly; of the perceived brightness, whose sum has another order, 15 digits.
TEST(PixelKernels, Sums) {
  for (const std::size_t n : kSizes) {
    const std::vector<Pixel> pixels = random_pixels(n, n);
    PlaneSums red;
    ColourSums colour;
    PerceivedSums perceived;
    for (const Pixel& p : pixels) {
      red = {red.values + p.r, red.squares + p.r * p.r};
      const int rg = p.r - p.g, yb = p.r + p.g - 2 * p.b;
      colour.red_green = {colour.red_green.values + rg, colour.red_green.squares + rg * rg};
      colour.yellow_blue = {colour.yellow_blue.values + yb, colour.yellow_blue.squares + yb * yb};
      colour.n_saturated += std::max({p.r, p.g, p.b}) == 255 ? 1 : 0;
      const int square = 241 * p.r * p.r + 691 * p.g * p.g + 68 * p.b * p.b;
      perceived.thousand_squares += square;
      perceived.values += static_cast<double>(std::sqrt(static_cast<float>(square) * 1e-3F));
    }
    const TestPlanes planes(pixels);
    for (const PixelKernels& kernels : pixel_kernels()) {
      PlaneSums red_found;
      kernels.sum_plane(planes.red.data(), n, red_found);
      EXPECT_EQ(red_found.values, red.values);
      EXPECT_EQ(red_found.squares, red.squares);
      ColourSums found;
      kernels.sum_colour(planes.pointers(), n, found);
      EXPECT_EQ(found.red_green.values, colour.red_green.values);
      EXPECT_EQ(found.red_green.squares, colour.red_green.squares);
      EXPECT_EQ(found.yellow_blue.values, colour.yellow_blue.values);
      EXPECT_EQ(found.yellow_blue.squares, colour.yellow_blue.squares);
      EXPECT_EQ(found.n_saturated, colour.n_saturated);
      PerceivedSums perceived_found, baseline;
      kernels.sum_perceived(planes.pointers(), n, perceived_found);
      pixel_kernels().back().sum_perceived(planes.pointers(), n, baseline);
      EXPECT_EQ(perceived_found.thousand_squares, perceived.thousand_squares);
      EXPECT_NEAR(perceived_found.values, perceived.values, 1e-14 * perceived.values) << kernels.name;
      EXPECT_EQ(perceived_found.values, baseline.values) << kernels.name;
    }
  }
}

// What all kernels make of one plane, one after the other, in the order of the struct.
std::vector<std::vector<std::uint8_t>> edge_planes(const EdgeKernels& kernels, int width, int height,
                                                   int block) {
  const Image image = testing::blocks(width, height, 1, block, 3);
  FeatureWork work;
  work.gray = {width, height, image.pixels.data()};
  work.lay_out();
  const Padded pad = work.padded();
  const auto stride = static_cast<std::ptrdiff_t>(pad.stride);
  const std::size_t at = pad.at(0, 0);
  const std::size_t w = pad.width;
  for (std::size_t y = 1; y + 1 < pad.height; ++y) {
    std::vector<std::int16_t> columns(2 * w + 2);
    const int row = static_cast<int>(y);
    kernels.blend_three(work.gray.row(row - 1), work.gray.row(row), work.gray.row(row + 1), w, &columns[1],
                        &columns[w + 2]);
    columns.push_back(0);
    kernels.gradient(&columns[1], &columns[w + 2], w - 1,
                     {&work.gx[pad.at(0, y)], &work.gy[pad.at(0, y)], &work.magnitudes[pad.at(0, y)]});
  }
  kernels.find_ridges(&work.magnitudes[at], stride, &work.gx[at], &work.gy[at], pad.span(),
                      &work.weak_edges[at], &work.edges[at]);
  kernels.look_around(&work.weak_edges[at], stride, pad.span(), &work.weak_around[at]);
  kernels.find_seeds(&work.edges[at], &work.weak_around[at], pad.span(), &work.seeds[at]);
  kernels.find_gaps(&work.edges[at], stride, pad.span(), &work.gaps[at]);
  const std::size_t first = 3 * w + 3;
  work.corner_scores.assign(work.gray.n_pixels(), 0);
  kernels.score_corners(work.gray.data + first, width, work.gray.n_pixels() - 2 * first,
                        &work.corner_scores[first]);
  work.corner_peaks.assign(work.gray.n_pixels(), 0);
  kernels.find_peaks(&work.corner_scores[first], width, work.gray.n_pixels() - 2 * first,
                     work.corner_peaks.data());
  return {work.weak_edges, work.edges,         work.weak_around, work.seeds,
          work.gaps,       work.corner_scores, work.corner_peaks};
}

// What they are is tested through the nodes, against OpenCV.
TEST(EdgeKernels, AllTheSame) {
  std::array<int, 7> set{};  // in each plane, so that there is something to compare
  for (const int width : {7, 16, 33, 61, 130}) {
    for (const int block : {1, 4, 12}) {
      const auto expected = edge_planes(edge_kernels().back(), width, 40, block);
      for (std::size_t i = 0; i < set.size(); ++i)
        set[i] += std::accumulate(expected[i].begin(), expected[i].end(), 0);
      for (const EdgeKernels& kernels : edge_kernels())
        EXPECT_EQ(edge_planes(kernels, width, 40, block), expected) << kernels.name << ", " << width;
    }
  }
  EXPECT_GT(*std::min_element(set.begin(), set.end()), 0);
}

}  // namespace
}  // namespace triage
