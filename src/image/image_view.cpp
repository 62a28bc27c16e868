#include <fmt/format.h>

#include "triage/error.h"
#include "triage/image.h"

namespace triage {

ImageView::ImageView(std::span<const std::uint8_t> bytes, int width_px, int height_px,
                     std::size_t stride_bytes, Colour order)
    : pixels(bytes), width(width_px), height(height_px), stride(stride_bytes), colour(order) {
  if (stride == 0 && width > 0) stride = row_bytes();
}

ImageView::ImageView(const Image& image)
    : ImageView(image.pixels, image.width, image.height, 0,
                image.channels == 1 ? Colour::kGray : Colour::kRgb) {
  const bool whole = (image.channels == 1 || image.channels == 3) &&
                     image.pixels.size() == image.size_bytes() && width > 0 && height > 0;
  if (!whole) {
    throw Error(ErrorCode::kUsage,
                fmt::format("image: {} x {} pixels of {} channels in {} bytes, expected a whole gray or RGB "
                            "image; decode it with read_image",
                            image.width, image.height, image.channels, image.pixels.size()));
  }
}

void check_view(const ImageView& view, std::string_view owner) {
  if (view.width < 1 || view.height < 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: {} x {} pixels, expected at least 1 x 1", owner, view.width, view.height));
  }
  if (view.stride < view.row_bytes()) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: a stride of {} bytes, expected at least the {} of a row",
                                               owner, view.stride, view.row_bytes()));
  }
  const std::size_t needed = view.stride * (static_cast<std::size_t>(view.height) - 1) + view.row_bytes();
  if (view.pixels.size() < needed) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: {} bytes, expected at least {} for {} rows of {} bytes",
                                               owner, view.pixels.size(), needed, view.height, view.stride));
  }
}

}  // namespace triage
