// Synthetic pictures and one-line extraction for the feature tests. tools/features_reference.py makes the
// same pictures; keep the two the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "features/extraction.h"
#include "triage/clock.h"
#include "triage/image.h"
#include "triage/tools/features.h"

namespace triage::testing {

inline Image constant(int width, int height, std::vector<std::uint8_t> colour) {
  Image image{width, height, static_cast<int>(colour.size()), {}};
  for (int i = 0; i < width * height; ++i)
    image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
  return image;
}

// Random bytes, each repeated over blocks of `block` x `block` pixels: 1 is noise, more makes edges.
inline Image blocks(int width, int height, int channels, int block, std::uint64_t seed) {
  Image image{width, height, channels, std::vector<std::uint8_t>()};
  image.pixels.resize(image.size_bytes());
  const int columns = (width + block - 1) / block;
  std::size_t at = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const auto cell = static_cast<std::uint64_t>(((y / block) * columns + x / block) * channels + c);
        image.pixels[at++] = static_cast<std::uint8_t>(mix64(seed * 1000003 + cell) >> 56);
      }
    }
  }
  return image;
}

// A filled rectangle [x0, x1) x [y0, y1) on a gray image.
inline void fill(Image& image, int x0, int y0, int x1, int y1, std::uint8_t value) {
  for (int y = y0; y < y1; ++y) {
    const auto row = image.pixels.begin() + static_cast<std::ptrdiff_t>(y) * image.width;
    std::fill(row + x0, row + x1, value);
  }
}

inline Image replicated(const Image& gray) {
  Image image{gray.width, gray.height, 3, {}};
  for (const std::uint8_t value : gray.pixels) image.pixels.insert(image.pixels.end(), 3, value);
  return image;
}

inline std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names;
  for (const FeatureInfo& info : feature_registry()) names.push_back(info.name);
  return names;
}

// All features in registry order.
inline std::vector<float> extract_all(const Image& image, int working_px = 224) {
  const FeatureSchema schema = make_schema(all_names(), working_px);
  std::vector<float> values(schema.size());
  FakeClock clock;
  FeatureExtraction(schema, image, clock).extract(all_features(schema), values);
  return values;
}

inline float extract_one(const Image& image, std::string_view name, int working_px = 224) {
  const FeatureSchema schema = make_schema({&name, 1}, working_px);
  float value = -1;
  FakeClock clock;
  FeatureExtraction(schema, image, clock).extract(1, {&value, 1});
  return value;
}

}  // namespace triage::testing
