// Image features: the paper's candidates (Table 2) and a few more.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "triage/types.h"

namespace triage {

// A feature that this build can extract.
struct FeatureInfo {
  std::string_view name;  // the paper's name, such as "edge_length1"
  int version;            // grows whenever the values change
  std::string_view unit;  // and range, such as "share" or "0..255"
  bool extra;             // not among the paper's candidates
};

// All features, the paper's 29 first, then the extras.
[[nodiscard]] std::span<const FeatureInfo> feature_registry();

// The seven of the paper's Table 4, in its order.
[[nodiscard]] std::span<const std::string_view> paper_features();

// A schema of the named features at this build's versions. Throws kUsage for an unknown or repeated name, or
// a working size below 8.
[[nodiscard]] FeatureSchema make_schema(std::span<const std::string_view> names, int working_px = 224);

// Nodes of the feature graph: the computations that features share (resize, gray, edges, ...). Costs are kept
// per node, since a feature's own cost depends on what has been computed already.
[[nodiscard]] std::span<const std::string_view> feature_nodes();
using NodeMask = std::uint32_t;  // bit i: node i of feature_nodes()
// Every node that the features of `mask` need, directly or not.
[[nodiscard]] NodeMask nodes_of(const FeatureSchema& schema, FeatureMask mask);

}  // namespace triage
