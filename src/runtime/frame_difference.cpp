#include "runtime/frame_difference.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "preprocess/resize.h"

namespace triage {
namespace {

// ITU-R BT.601 luma in 8 bits; the weights sum to 256. `red` and `blue` are places in a pixel.
void to_gray(const std::uint8_t* row, int red, int blue, std::uint8_t* gray) {
  for (int x = 0; x < kThumbnailSide; ++x, row += 3) {
    gray[x] = static_cast<std::uint8_t>((row[red] * 77 + row[1] * 150 + row[blue] * 29 + 128) >> 8);
  }
}

}  // namespace

Thumbnail thumbnail_of(const ImageView& image) {
  check_view(image, "frame");
  thread_local Resizer resizer;
  resizer.set({image.pixels.data(), image.stride, image.width, image.height, image.channels()},
              kThumbnailSide, kThumbnailSide);
  Thumbnail thumbnail;
  const bool is_bgr = image.colour == Colour::kBgr;
  for (int y = 0; y < kThumbnailSide; ++y) {
    const std::uint8_t* row = resizer.row(y);
    std::uint8_t* gray = thumbnail.data() + static_cast<std::ptrdiff_t>(y) * kThumbnailSide;
    if (image.colour == Colour::kGray) {
      std::copy_n(row, kThumbnailSide, gray);
    } else {
      to_gray(row, is_bgr ? 2 : 0, is_bgr ? 0 : 2, gray);
    }
  }
  return thumbnail;
}

double frame_difference(const Thumbnail& a, const Thumbnail& b) {
  int sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return static_cast<double>(sum) / static_cast<double>(a.size());
}

}  // namespace triage
