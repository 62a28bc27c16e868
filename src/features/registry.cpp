// The tables of features and nodes, and schemas made from them.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "features/graph.h"
#include "features/schema.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr int kMinWorkingPx = 8;
constexpr std::size_t kMaxSchemaFeatures = 64;

struct FeatureSpec {
  FeatureInfo info;
  NodeId node;
};

constexpr FeatureSpec candidate(std::string_view name, std::string_view unit, NodeId node) {
  return {{name, 1, unit, false}, node};
}
constexpr FeatureSpec extra(std::string_view name, std::string_view unit, NodeId node) {
  return {{name, 1, unit, true}, node};
}

constexpr std::array<FeatureSpec, kFeatureCount> kFeatures{{
    candidate("n_keypoints", "count per 10,000 px", kKeypointsNode),
    candidate("avg_brightness", "0..255", kBrightnessNode),
    candidate("brightness_rms", "0..255", kBrightnessNode),
    candidate("avg_perceived_brightness", "0..255", kPerceivedNode),
    candidate("perceived_brightness_rms", "0..255", kPerceivedNode),
    candidate("contrast", "0..127.5", kBrightnessNode),
    candidate("edge_length1", "share", kEdgeLengthNode),
    candidate("edge_length2", "share", kEdgeLengthNode),
    candidate("edge_length3", "share", kEdgeLengthNode),
    candidate("edge_length4", "share", kEdgeLengthNode),
    candidate("edge_length5", "share", kEdgeLengthNode),
    candidate("edge_length6", "share", kEdgeLengthNode),
    candidate("edge_length7", "share", kEdgeLengthNode),
    candidate("edge_angle1", "share", kEdgeAngleNode),
    candidate("edge_angle2", "share", kEdgeAngleNode),
    candidate("edge_angle3", "share", kEdgeAngleNode),
    candidate("edge_angle4", "share", kEdgeAngleNode),
    candidate("edge_angle5", "share", kEdgeAngleNode),
    candidate("edge_angle6", "share", kEdgeAngleNode),
    candidate("edge_angle7", "share", kEdgeAngleNode),
    candidate("area_by_perim", "ratio", kObjectNode),
    candidate("aspect_ratio", "ratio", kObjectNode),
    candidate("hue1", "share", kHueNode),
    candidate("hue2", "share", kHueNode),
    candidate("hue3", "share", kHueNode),
    candidate("hue4", "share", kHueNode),
    candidate("hue5", "share", kHueNode),
    candidate("hue6", "share", kHueNode),
    candidate("hue7", "share", kHueNode),
    extra("width", "px", kNodeCount),
    extra("height", "px", kNodeCount),
    extra("laplacian_variance", "0 or more", kLaplacianNode),
    extra("colourfulness", "0 or more", kColourNode),
    extra("saturated_share", "share", kColourNode),
}};

constexpr auto kInfos = [] {
  std::array<FeatureInfo, kFeatureCount> infos{};
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kFeatures[i].info;
  return infos;
}();

constexpr std::array<std::string_view, 7> kPaperFeatures{
    "n_keypoints", "avg_perceived_brightness", "hue1", "contrast", "area_by_perim", "edge_length1",
    "aspect_ratio"};

template <class... Nodes>
constexpr NodeMask mask(Nodes... nodes) {
  return ((NodeMask{1} << nodes) | ... | NodeMask{0});
}

constexpr std::array<NodeSpec, kNodeCount> kNodes{{
    {"working", 0, compute_working},
    {"gray", mask(kWorkingNode), compute_gray},
    {"brightness", mask(kGrayNode), compute_brightness},
    {"perceived", mask(kWorkingNode), compute_perceived},
    {"hue", mask(kWorkingNode), compute_hue},
    {"colour", mask(kWorkingNode), compute_colour},
    {"laplacian", mask(kGrayNode), compute_laplacian},
    {"keypoints", mask(kGrayNode), compute_keypoints},
    {"gradient", mask(kGrayNode), compute_gradient},
    {"edges", mask(kGradientNode), compute_edges},
    {"edge_length", mask(kEdgesNode), compute_edge_length},
    {"edge_angle", mask(kGradientNode, kEdgesNode), compute_edge_angle},
    {"object", mask(kEdgesNode), compute_object},
}};

constexpr auto kNodeNames = [] {
  std::array<std::string_view, kNodeCount> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kNodes[i].name;
  return names;
}();

// A node comes after those that it needs, so one pass over them is enough.
constexpr auto kClosures = [] {
  std::array<NodeMask, kNodeCount> closures{};
  for (std::size_t node = 0; node < closures.size(); ++node) {
    closures[node] = NodeMask{1} << node;
    for (std::size_t needed = 0; needed < node; ++needed) {
      if ((kNodes[node].needs >> needed & 1U) != 0) closures[node] |= closures[needed];
    }
  }
  return closures;
}();

FeatureId require_feature(std::string_view name) {
  const FeatureId id = find_feature(name);
  if (id == kFeatureCount) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("feature '{}': unknown, expected one of this build's; see 'triage info' for the list",
                    name));
  }
  return id;
}

}  // namespace

const NodeSpec& node_spec(std::size_t node) { return kNodes.at(node); }
NodeId node_of(FeatureId feature) { return kFeatures.at(feature).node; }
NodeMask closure_of(NodeId node) { return node == kNodeCount ? 0 : kClosures.at(node); }

FeatureId find_feature(std::string_view name) {
  const auto found =
      std::find_if(kInfos.begin(), kInfos.end(), [&](const FeatureInfo& info) { return info.name == name; });
  return static_cast<FeatureId>(found - kInfos.begin());
}

std::span<const FeatureInfo> feature_registry() { return kInfos; }
std::span<const std::string_view> paper_features() { return kPaperFeatures; }
std::span<const std::string_view> feature_nodes() { return kNodeNames; }

FeatureSchema make_schema(std::span<const std::string_view> names, int working_px) {
  if (working_px < kMinWorkingPx) {
    throw Error(ErrorCode::kUsage,
                fmt::format("feature working size: {} px, expected {} or more; 224 is usual", working_px,
                            kMinWorkingPx));
  }
  FeatureSchema schema{{}, working_px};
  for (const std::string_view name : names) {
    const FeatureInfo& info = kInfos.at(require_feature(name));
    FeatureRef ref{std::string(info.name), info.version};
    if (std::find(schema.features.begin(), schema.features.end(), ref) != schema.features.end())
      throw Error(ErrorCode::kUsage, fmt::format("feature '{}': named twice, expected once; drop one", name));
    schema.features.push_back(std::move(ref));
  }
  return schema;
}

void check_schema(const FeatureSchema& schema, std::string_view owner) {
  const auto fail = [&](const std::string& what) {
    return Error(ErrorCode::kPolicy, fmt::format("{}: {}; retrain with 'triage train'", owner, what));
  };
  if (schema.working_px < kMinWorkingPx) {
    throw fail(
        fmt::format("feature working size {} px, expected {} or more", schema.working_px, kMinWorkingPx));
  }
  if (schema.size() > kMaxSchemaFeatures)
    throw fail(fmt::format("{} features, expected at most {}", schema.size(), kMaxSchemaFeatures));
  for (const FeatureRef& ref : schema.features) {
    const FeatureId id = find_feature(ref.name);
    if (id == kFeatureCount)
      throw fail(fmt::format("feature '{}' is unknown, expected one of this build's", ref.name));
    if (kInfos.at(id).version != ref.version) {
      throw fail(fmt::format("feature '{}' v{}, expected v{} as in this build", ref.name, ref.version,
                             kInfos.at(id).version));
    }
  }
}

NodeMask nodes_of(const FeatureSchema& schema, FeatureMask wanted) {
  NodeMask nodes = 0;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if ((wanted >> i & 1U) != 0) nodes |= closure_of(node_of(require_feature(schema.features[i].name)));
  }
  return nodes;
}

}  // namespace triage
