// Gradient, Canny edges, and the histograms of their lengths and angles.
//
// The edges are those of cv::Canny(Y, 100, 200, 3, L2gradient=false), to the pixel. OpenCV's own starts
// threads even for tiny images and does not return the gradient, which the angles need.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "features/edge_kernels.h"
#include "features/graph.h"

namespace triage {
namespace {

// Makes every weak pixel an edge that touches an edge, directly or through others.
void grow_edges(FeatureWork& work, const Padded& pad) {
  const std::array<std::ptrdiff_t, 8> offsets = neighbour_offsets(pad);
  const auto grow = [&](std::size_t at) {
    for (unsigned bits = work.weak_around[at]; bits != 0; bits &= bits - 1) {
      const std::size_t neighbour =
          at + static_cast<std::size_t>(offsets[static_cast<std::size_t>(std::countr_zero(bits))]);
      if (work.weak_edges[neighbour] == 0) continue;
      work.weak_edges[neighbour] = 0;
      work.edges[neighbour] = 1;
      work.growing.push_back(neighbour);
    }
  };
  for_each_set(pad, work.seeds.data(), [&](std::size_t seed) {
    grow(seed);
    while (!work.growing.empty()) {
      const std::size_t at = work.growing.back();
      work.growing.pop_back();
      grow(at);
    }
  });
}

}  // namespace

void FeatureWork::lay_out() {
  const Padded pad = padded();
  if (pad == layout) return;
  layout = pad;
  columns.resize(2 * (pad.width + 2));
  for (std::vector<std::int16_t>* plane : {&gx, &gy, &magnitudes}) plane->assign(pad.size(), 0);
  for (std::vector<std::uint8_t>* plane : {&edges, &weak_edges, &weak_around, &seeds, &gaps, &closed}) {
    plane->assign(pad.size(), 0);
  }
}

// 3x3 Sobel; beyond the border the image repeats its edge.
void compute_gradient(FeatureWork& work) {
  const EdgeKernels& kernels = edge_kernels().front();
  const PixelView& gray = work.gray;
  const Padded pad = work.padded();
  work.lay_out();
  std::int16_t* smooth = work.columns.data() + 1;
  std::int16_t* difference = smooth + pad.width + 2;
  for (int y = 0; y < gray.height; ++y) {
    kernels.blend_three(gray.row(std::max(0, y - 1)), gray.row(y), gray.row(std::min(gray.height - 1, y + 1)),
                        pad.width, smooth, difference);
    for (std::int16_t* column : {smooth, difference}) {
      column[-1] = column[0];
      column[pad.width] = column[pad.width - 1];
    }
    const std::size_t at = pad.at(0, static_cast<std::size_t>(y));
    kernels.gradient(smooth, difference, pad.width, {&work.gx[at], &work.gy[at], &work.magnitudes[at]});
  }
}

// All rows in one go: in the borders between them there is no gradient, and so no edge.
void compute_edges(FeatureWork& work) {
  const EdgeKernels& kernels = edge_kernels().front();
  const Padded pad = work.padded();
  const auto stride = static_cast<std::ptrdiff_t>(pad.stride);
  const std::size_t at = pad.at(0, 0);
  kernels.find_ridges(&work.magnitudes[at], stride, &work.gx[at], &work.gy[at], pad.span(),
                      &work.weak_edges[at], &work.edges[at]);
  kernels.look_around(&work.weak_edges[at], stride, pad.span(), &work.weak_around[at]);
  kernels.find_seeds(&work.edges[at], &work.weak_around[at], pad.span(), &work.seeds[at]);
  grow_edges(work, pad);
}

void compute_edge_length(FeatureWork& work) {
  constexpr std::array<std::size_t, kHistogramBins> kFrom{1, 8, 16, 32, 64, 128, 256};
  std::array<std::uint32_t, kHistogramBins> counts{};
  for (const Outline& outline : work.outlines.find(OutlineFinder::kAll, work.padded(), work.edges.data())) {
    const auto above = std::upper_bound(kFrom.begin(), kFrom.end(), outline.n_points);
    ++counts[static_cast<std::size_t>(above - kFrom.begin()) - 1];
  }
  to_shares(counts, work.histogram(kEdgeLength1));
}

void compute_edge_angle(FeatureWork& work) {
  std::array<std::uint32_t, kHistogramBins> counts{};
  for_each_set(work.padded(), work.edges.data(), [&](std::size_t at) {
    double x = work.gx[at];
    double y = work.gy[at];
    if (y < 0 || (y == 0 && x < 0)) {  // angles count modulo 180 degrees
      x = -x;
      y = -y;
    }
    const auto bin = static_cast<std::size_t>(std::atan2(y, x) / std::numbers::pi * kHistogramBins);
    ++counts[std::min(bin, kHistogramBins - 1)];
  });
  to_shares(counts, work.histogram(kEdgeAngle1));
}

}  // namespace triage
