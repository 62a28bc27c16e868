// The working image and its gray version.
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "features/graph.h"

namespace triage {

namespace {

void swap_red_and_blue(std::span<std::uint8_t> pixels) {
  for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) std::swap(pixels[i], pixels[i + 2]);
}

}  // namespace

// A picture that is small enough, RGB and without padding is read in place.
void compute_working(FeatureWork& work) {
  const ImageView& image = work.image;
  const int short_px = std::min(image.width, image.height);
  const bool reduces = short_px > work.working_px;
  if (!reduces && image.colour != Colour::kBgr && image.stride == image.row_bytes()) {
    work.working = {image.width, image.height, image.channels(), image.pixels.data()};
    return;
  }
  const auto reduced = [&](int px) {  // rounded to nearest
    if (!reduces) return px;
    return static_cast<int>((2 * std::int64_t{px} * work.working_px + short_px) /
                            (2 * std::int64_t{short_px}));
  };
  PixelView& working = work.working;
  working = {reduced(image.width), reduced(image.height), image.channels(), nullptr};
  work.working_pixels.resize(working.n_pixels() * static_cast<std::size_t>(working.channels));
  working.data = work.working_pixels.data();
  const int type = CV_8UC(image.channels());
  // cv::Mat has no const view; the source is only read.
  const cv::Mat source(image.height, image.width, type, const_cast<std::uint8_t*>(image.pixels.data()),
                       image.stride);
  cv::Mat target(working.height, working.width, type, work.working_pixels.data());
  if (reduces) {
    cv::resize(source, target, target.size(), 0, 0, cv::INTER_AREA);
  } else {
    source.copyTo(target);
  }
  if (image.colour == Colour::kBgr) swap_red_and_blue(work.working_pixels);
}

// OpenCV's RGB2GRAY, whose weights sum to 1 exactly: a gray pixel keeps its value.
void compute_gray(FeatureWork& work) {
  if (work.working.channels == 1) {
    work.gray = work.working;
    return;
  }
  constexpr unsigned kShift = 15;
  constexpr unsigned kRed = 9798;
  constexpr unsigned kGreen = 19235;
  constexpr unsigned kBlue = 3735;
  static_assert(kRed + kGreen + kBlue == 1U << kShift);
  work.gray_pixels.resize(work.working.n_pixels());
  const std::uint8_t* in = work.working.data;
  for (std::uint8_t& out : work.gray_pixels) {
    out = static_cast<std::uint8_t>((in[0] * kRed + in[1] * kGreen + in[2] * kBlue + (1U << (kShift - 1))) >>
                                    kShift);
    in += 3;
  }
  work.gray = {work.working.width, work.working.height, 1, work.gray_pixels.data()};
}

}  // namespace triage
