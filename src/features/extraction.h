// Features of one image, extracted on demand.
#pragma once

#include <memory>
#include <span>

#include "triage/clock.h"
#include "triage/image.h"
#include "triage/types.h"

namespace triage {

// Extracts features of one image after another; intermediate images are computed once, and their memory is
// used again. Not thread-safe; one per thread. The pixels must stay until the next image.
class FeatureExtraction {
 public:
  // Begins with this image. Throws kUsage as check_view does.
  FeatureExtraction(const FeatureSchema& schema, const ImageView& image, const Clock& clock);
  ~FeatureExtraction();
  // Begins the next image. Throws as the constructor does.
  void begin(const ImageView& image);
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
