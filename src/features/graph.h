// The feature graph: which node computes which features, what it needs, and the intermediate images that
// nodes hand on. A node is one function; registry.cpp lists them.
//
// None of the nodes starts a thread at usual sizes: OpenCV's parallel loops take one stripe a 65,536 pixels
// of working image. cv::setNumThreads is global, so setting it is left to the program that embeds us.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "features/outline.h"
#include "features/padded.h"
#include "features/pixel_kernels.h"
#include "triage/image.h"
#include "triage/tools/features.h"

namespace triage {

// Positions in feature_registry().
enum FeatureId : std::uint8_t {
  kNKeypoints,
  kAvgBrightness,
  kBrightnessRms,
  kAvgPerceivedBrightness,
  kPerceivedBrightnessRms,
  kContrast,
  kEdgeLength1,
  kEdgeAngle1 = kEdgeLength1 + 7,
  kAreaByPerim = kEdgeAngle1 + 7,
  kAspectRatio,
  kHue1,
  kWidth = kHue1 + 7,
  kHeight,
  kLaplacianVariance,
  kColourfulness,
  kSaturatedShare,
  kFeatureCount
};
inline constexpr std::size_t kHistogramBins = 7;

// Positions in feature_nodes(); a node needs only nodes before it.
enum NodeId : std::uint8_t {
  kWorkingNode,     // the reduced image
  kGrayNode,        // Y
  kBrightnessNode,  // mean, RMS and deviation of Y
  kPerceivedNode,   // mean and RMS of P
  kHueNode,
  kColourNode,  // colourfulness, saturated share
  kLaplacianNode,
  kKeypointsNode,
  kGradientNode,  // 3x3 Sobel of Y
  kEdgesNode,     // Canny
  kEdgeLengthNode,
  kEdgeAngleNode,
  kObjectNode,
  kNodeCount
};

// One value a pixel, owned elsewhere, shape (height, width), no padding.
struct PixelView {
  int width = 0;
  int height = 0;
  const std::uint8_t* data = nullptr;
  [[nodiscard]] std::size_t n_pixels() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }
  [[nodiscard]] const std::uint8_t* row(int y) const {
    return data + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
};

// The working image, a plane for each channel, since vector instructions read them best so.
struct Planes {
  PixelView red;
  PixelView green;
  PixelView blue;
  [[nodiscard]] bool is_gray() const { return red.data == blue.data; }  // one plane that stands for all
  [[nodiscard]] std::size_t n_pixels() const { return red.n_pixels(); }
  [[nodiscard]] PlanePointers pointers() const { return {red.data, green.data, blue.data}; }
};

// What the nodes hand on. A work that is used again, for image after image, allocates only when a larger one
// comes.
struct FeatureWork {
  ImageView image;
  int working_px = 0;
  Planes working;
  PixelView gray;
  std::vector<std::uint8_t> reduced_pixels;  // of an image larger than working_px
  std::vector<std::uint8_t> plane_pixels;    // unused where the image itself is the plane
  std::vector<std::uint8_t> gray_pixels;     // unused where the working image is gray
  std::vector<std::uint8_t> corner_scores;   // (height, width)
  std::vector<std::uint8_t> corner_peaks;    // of the rows that may have corners
  std::vector<std::int16_t> gx, gy;          // padded
  std::vector<std::int16_t> columns;         // of three rows, for the gradient of one
  std::vector<std::int16_t> magnitudes;      // padded
  std::vector<std::uint8_t> edges;           // padded, 1 on edges, else 0
  std::vector<std::uint8_t> weak_edges;      // padded; those that did not become edges
  std::vector<std::uint8_t> weak_around;     // padded; bit k: the neighbour in direction k is weak
  std::vector<std::uint8_t> seeds;           // padded; edges that touch weak ones
  std::vector<std::size_t> growing;          // edges whose neighbours are still to be seen
  std::vector<std::uint8_t> gaps, closed;    // padded, of the object
  OutlineFinder outlines;
  std::array<float, kFeatureCount> values{};

  Padded layout{0, 0};  // of the padded planes, as they are

  [[nodiscard]] Padded padded() const { return Padded(gray.width, gray.height); }
  // Makes the padded planes of the gradient and what follows from it. Nodes leave their borders 0.
  void lay_out();

  // The seven values of a histogram that starts at feature `first`.
  [[nodiscard]] std::span<float, kHistogramBins> histogram(FeatureId first) {
    return std::span<float, kHistogramBins>(values.data() + first, kHistogramBins);
  }
};

// Counts to shares; all 0 when nothing was counted.
void to_shares(std::span<const std::uint32_t, kHistogramBins> counts,
               std::span<float, kHistogramBins> shares);

void compute_working(FeatureWork& work);
void compute_gray(FeatureWork& work);
void compute_brightness(FeatureWork& work);
void compute_perceived(FeatureWork& work);
void compute_hue(FeatureWork& work);
void compute_colour(FeatureWork& work);
void compute_laplacian(FeatureWork& work);
void compute_keypoints(FeatureWork& work);
void compute_gradient(FeatureWork& work);
void compute_edges(FeatureWork& work);
void compute_edge_length(FeatureWork& work);
void compute_edge_angle(FeatureWork& work);
void compute_object(FeatureWork& work);

struct NodeSpec {
  std::string_view name;
  NodeMask needs;  // nodes whose results it reads
  void (*compute)(FeatureWork&);
};
[[nodiscard]] const NodeSpec& node_spec(std::size_t node);

// The node that computes a feature, or kNodeCount for one that follows from the image size alone.
[[nodiscard]] NodeId node_of(FeatureId feature);
// Position of a name in the registry, or kFeatureCount.
[[nodiscard]] FeatureId find_feature(std::string_view name);
// `node` and all that it needs, directly or not.
[[nodiscard]] NodeMask closure_of(NodeId node);

}  // namespace triage
