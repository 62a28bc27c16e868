// The working image, as planes, and its gray version.
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "features/graph.h"
#include "features/pixel_kernels.h"

namespace triage {
namespace {

// An image no larger than working_px on its shorter side: the picture, or a reduced copy.
ImageView reduced(FeatureWork& work) {
  const ImageView& image = work.image;
  const int short_px = std::min(image.width, image.height);
  if (short_px <= work.working_px) return image;
  const auto side = [&](int px) {  // rounded to nearest
    return static_cast<int>((2 * std::int64_t{px} * work.working_px + short_px) /
                            (2 * std::int64_t{short_px}));
  };
  ImageView small = image;
  small.width = side(image.width);
  small.height = side(image.height);
  small.stride = small.row_bytes();
  work.reduced_pixels.resize(small.stride * static_cast<std::size_t>(small.height));
  const int type = CV_8UC(image.channels());
  // cv::Mat has no const view; the source is only read.
  const cv::Mat source(image.height, image.width, type, const_cast<std::uint8_t*>(image.pixels.data()),
                       image.stride);
  cv::Mat target(small.height, small.width, type, work.reduced_pixels.data());
  cv::resize(source, target, target.size(), 0, 0, cv::INTER_AREA);
  small.pixels = work.reduced_pixels;
  return small;
}

// A gray picture without padding is read in place.
void set_gray_planes(FeatureWork& work, const ImageView& image) {
  PixelView plane{image.width, image.height, image.pixels.data()};
  if (image.stride != image.row_bytes()) {
    work.plane_pixels.resize(plane.n_pixels());
    for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
      const std::uint8_t* row = image.pixels.data() + y * image.stride;
      std::copy_n(row, image.row_bytes(), &work.plane_pixels[y * image.row_bytes()]);
    }
    plane.data = work.plane_pixels.data();
  }
  work.working = {plane, plane, plane};
}

void set_colour_planes(FeatureWork& work, const ImageView& image) {
  const auto width = static_cast<std::size_t>(image.width);
  const std::size_t n = width * static_cast<std::size_t>(image.height);
  work.plane_pixels.resize(3 * n);
  std::uint8_t* first = work.plane_pixels.data();
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    const std::array<std::uint8_t*, 3> planes{first + y * width, first + n + y * width,
                                              first + 2 * n + y * width};
    pixel_kernels().front().split(image.pixels.data() + y * image.stride, width, planes.data());
  }
  const auto plane = [&](std::size_t c) { return PixelView{image.width, image.height, first + c * n}; };
  const bool is_rgb = image.colour == Colour::kRgb;
  work.working = {plane(is_rgb ? 0 : 2), plane(1), plane(is_rgb ? 2 : 0)};
}

}  // namespace

void compute_working(FeatureWork& work) {
  const ImageView image = reduced(work);
  if (image.channels() == 1) {
    set_gray_planes(work, image);
  } else {
    set_colour_planes(work, image);
  }
}

void compute_gray(FeatureWork& work) {
  work.gray = work.working.red;
  if (work.working.is_gray()) return;
  work.gray_pixels.resize(work.working.n_pixels());
  pixel_kernels().front().to_gray(work.working.pointers(), work.working.n_pixels(), work.gray_pixels.data());
  work.gray.data = work.gray_pixels.data();
}

}  // namespace triage
