#include "preprocess/convert_row.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/hash.h"

namespace triage {
namespace {

// Buffers end with what may be read, so that the address sanitizer sees reads beyond.
TEST(RowKernels, GiveWhatTheirDefinitionsSay) {
  Random random(1);
  for (const RowKernel& kernel : row_kernels()) {
    for (std::size_t width = 1; width < 150; ++width) {
      std::vector<std::uint8_t> pixels(3 * (width - 1) + 1);
      for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(random.below(256));
      std::vector<std::uint8_t> plane(width);
      kernel.take_channel(pixels.data(), width, plane.data());
      std::vector<float> out(width);
      kernel.normalise(plane.data(), width, 123.675F, 58.395F, out.data());
      for (std::size_t x = 0; x < width; ++x) {
        ASSERT_EQ(plane[x], pixels[3 * x]) << kernel.name << " " << width << " " << x;
        ASSERT_EQ(out[x], (static_cast<float>(plane[x]) - 123.675F) / 58.395F) << kernel.name << " " << x;
      }
    }
  }
}

}  // namespace
}  // namespace triage
