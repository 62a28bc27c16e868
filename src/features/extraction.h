// Features of one image, extracted on demand.
#pragma once

#include <memory>
#include <span>

#include "triage/clock.h"
#include "triage/image.h"
#include "triage/types.h"

namespace triage {

// Extracts features of one image; intermediate images are computed once and kept until it dies. Not
// thread-safe; one per image and thread. The pixels must outlive it.
class FeatureExtraction {
 public:
  // Throws kUsage as check_view does.
  FeatureExtraction(const FeatureSchema& schema, const ImageView& image, const Clock& clock);
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
