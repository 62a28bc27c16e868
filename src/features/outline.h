// Outlines of the regions of a binary image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "features/padded.h"

namespace triage {

// A closed outline through the centres of the pixels that it visits, a pixel as often as it is visited.
struct Outline {
  std::uint32_t n_points = 0;
  std::uint32_t n_diagonal = 0;  // steps between diagonal neighbours; the others have length 1
  std::int64_t twice_area = 0;
  int width = 0;  // of the bounding box, in pixels
  int height = 0;

  [[nodiscard]] double perimeter() const;  // 0 of a single pixel
};

// Follows borders as Suzuki and Abe 1985 and cv::findContours do (CHAIN_APPROX_NONE), and finds the same
// outlines; cv::findContours copies each point three times.
class OutlineFinder {
 public:
  enum Which { kAll, kOutermost };  // cv::RETR_LIST, cv::RETR_EXTERNAL
  // `set`: padded, 1 for the pixels of regions, else 0. In the order of the first pixel, row by row; valid
  // until the next call.
  [[nodiscard]] std::span<const Outline> find(Which which, const Padded& pad, const std::uint8_t* set);

 private:
  struct Start {
    std::size_t at;
    std::uint32_t direction;  // from which the first neighbour is looked for, clockwise
  };
  void scan_row(Which which, const Padded& pad, std::size_t y);
  [[nodiscard]] Outline follow(const Padded& pad, const Start& start);

  std::vector<std::uint8_t> around_;
  std::vector<std::uint8_t> labels_;
  std::vector<Outline> outlines_;
};

}  // namespace triage
