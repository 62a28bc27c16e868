// The main object: the largest closed outline of the edges.
#include <algorithm>

#include "features/edge_kernels.h"
#include "features/graph.h"

namespace triage {
namespace {

// gaps: 1 where nothing is set in the 5x5 ellipse around a pixel, else 0; padded like `set`.
void mark_gaps(const Padded& pad, const std::vector<std::uint8_t>& set, std::vector<std::uint8_t>& gaps) {
  const std::size_t first = pad.at(0, 0);
  edge_kernels().front().find_gaps(&set[first], static_cast<std::ptrdiff_t>(pad.stride), pad.span(),
                                   &gaps[first]);
  for (std::size_t y = 0; y + 1 < pad.height; ++y)  // the borders between the rows, which are no gaps
    std::fill_n(gaps.begin() + static_cast<std::ptrdiff_t>(pad.at(pad.width, y)), 2 * Padded::kBorder, 0);
}

}  // namespace

void compute_object(FeatureWork& work) {
  work.values[kAreaByPerim] = 0;
  work.values[kAspectRatio] = 1;
  // Closed by the ellipse: all that is not in a gap. Nothing beyond the border counts.
  mark_gaps(work.padded(), work.edges, work.gaps);
  mark_gaps(work.padded(), work.gaps, work.closed);
  const Outline* object = nullptr;
  for (const Outline& outline :
       work.outlines.find(OutlineFinder::kOutermost, work.padded(), work.closed.data())) {
    // The last of equal ones, which cv::findContours lists first.
    if (object == nullptr || outline.twice_area >= object->twice_area) object = &outline;
  }
  if (object == nullptr) return;
  const double perimeter = object->perimeter();
  if (perimeter > 0) {
    const double area = static_cast<double>(object->twice_area) / 2;
    work.values[kAreaByPerim] =
        static_cast<float>(area / perimeter / std::min(work.gray.width, work.gray.height));
  }
  work.values[kAspectRatio] = static_cast<float>(static_cast<double>(object->width) / object->height);
}

}  // namespace triage
