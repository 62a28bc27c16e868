// Image features: the paper's candidates (Table 2) and a few more, extracted on demand.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/clock.h"
#include "triage/image.h"

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

struct FeatureRef {
  std::string name;
  int version = 0;
  bool operator==(const FeatureRef&) const = default;
};

// An ordered list of at most 64 features at one working size; positions in it are what masks and feature
// vectors refer to.
struct FeatureSchema {
  std::vector<FeatureRef> features;
  int working_px = 224;  // images are reduced to this short side, never enlarged
  [[nodiscard]] std::size_t size() const { return features.size(); }
  bool operator==(const FeatureSchema&) const = default;
};

// A schema of the named features at this build's versions. Throws kUsage for an unknown or repeated name, or
// a working size below 8.
[[nodiscard]] FeatureSchema make_schema(std::span<const std::string_view> names, int working_px = 224);
// Throws kPolicy, naming `owner`, when this build lacks one of the features or has another version of it.
void check_schema(const FeatureSchema& schema, std::string_view owner);

using FeatureMask = std::uint64_t;  // bit i: feature i of a schema
[[nodiscard]] inline FeatureMask all_features(const FeatureSchema& schema) {
  return schema.size() >= 64 ? ~FeatureMask{0} : (FeatureMask{1} << schema.size()) - 1;
}

// Nodes of the feature graph: the computations that features share (resize, gray, edges, ...). Costs are kept
// per node, since a feature's own cost depends on what has been computed already.
[[nodiscard]] std::span<const std::string_view> feature_nodes();
using NodeMask = std::uint32_t;  // bit i: node i of feature_nodes()
// Every node that the features of `mask` need, directly or not.
[[nodiscard]] NodeMask nodes_of(const FeatureSchema& schema, FeatureMask mask);

// Extracts features of one image; intermediate images are computed once and kept until it dies. Not
// thread-safe; one per image and thread. The image must outlive it.
class FeatureExtraction {
 public:
  // Throws kUsage for an empty image.
  FeatureExtraction(const FeatureSchema& schema, const Image& image, const Clock& clock);
  ~FeatureExtraction();
  FeatureExtraction(const FeatureExtraction&) = delete;
  FeatureExtraction& operator=(const FeatureExtraction&) = delete;

  // Writes the features of `mask` into `values`, shape (schema.size()), and leaves the others as they are.
  // All finite.
  void extract(FeatureMask mask, std::span<float> values);
  // Milliseconds spent so far in each node, shape (feature_nodes().size()); 0 where it has not run.
  [[nodiscard]] std::span<const float> node_ms() const;

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

}  // namespace triage
