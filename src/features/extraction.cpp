// Runs the nodes that the requested features need, each once, and times them.
#include "features/extraction.h"

#include <fmt/format.h>

#include <opencv2/core.hpp>

#include "base/check.h"
#include "features/graph.h"
#include "triage/error.h"

namespace triage {

namespace {

// Memory of larger working images, panoramas, is given back.
constexpr std::size_t kMaxKeptPixels = std::size_t{1} << 18;

}  // namespace

struct FeatureExtraction::Graph {
  std::vector<FeatureId> ids;  // of the schema's features
  int working_px = 0;
  const Clock* clock = nullptr;
  FeatureWork work;
  NodeMask done = 0;
  std::array<float, kNodeCount> node_ms{};

  void begin(const ImageView& image) {
    if (work.working.n_pixels() > kMaxKeptPixels) work = FeatureWork();
    work.image = image;
    work.working_px = working_px;
    work.values[kWidth] = static_cast<float>(image.width);
    work.values[kHeight] = static_cast<float>(image.height);
    done = 0;
    node_ms.fill(0);
  }

  void run(NodeId last) {
    const NodeMask todo = closure_of(last) & ~done;
    for (std::size_t node = 0; node < kNodeCount; ++node) {
      const NodeMask bit = NodeMask{1} << node;
      if ((todo & bit) == 0) continue;
      const Stopwatch watch(*clock);
      node_spec(node).compute(work);
      node_ms[node] = static_cast<float>(watch.ms());
      done |= bit;
    }
  }
};

FeatureExtraction::FeatureExtraction(const FeatureSchema& schema, const ImageView& image, const Clock& clock)
    : graph_(std::make_unique<Graph>()) {
  graph_->clock = &clock;
  graph_->working_px = schema.working_px;
  begin(image);
  for (const FeatureRef& ref : schema.features) {
    graph_->ids.push_back(find_feature(ref.name));
    if (graph_->ids.back() == kFeatureCount) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("feature '{}': unknown, expected one of this build's; make the "
                              "schema with make_schema",
                              ref.name));
    }
  }
}

FeatureExtraction::~FeatureExtraction() = default;

void FeatureExtraction::begin(const ImageView& image) {
  check_view(image, "image of which features are wanted");
  graph_->begin(image);
}

void FeatureExtraction::extract(FeatureMask mask, std::span<float> values) {
  TRIAGE_CHECK(values.size() == graph_->ids.size());
  try {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if ((mask >> i & 1U) == 0) continue;
      graph_->run(node_of(graph_->ids[i]));
      values[i] = graph_->work.values[graph_->ids[i]];
    }
  } catch (const cv::Exception& error) {
    throw Error(ErrorCode::kInternal,
                fmt::format("features: OpenCV failed: {}; please report it", error.what()));
  }
}

std::span<const float> FeatureExtraction::node_ms() const { return graph_->node_ms; }

}  // namespace triage
