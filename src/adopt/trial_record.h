// What one recipe has shown on the images that it ran on so far, and how its values are to be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "adopt/candidates.h"
#include "triage/types.h"
#include "triage/zoo.h"

namespace triage {

// What an output's values have been like, over all recipes: that tells logits from probabilities and those
// from percentages, whichever recipe is right.
class ValueRange {
 public:
  void add(std::span<const float> finite_values);
  // How to read the values of that output.
  [[nodiscard]] OutputSpec reading(const ClassHead& head, Cut cut) const;

 private:
  float least_ = 0, largest_ = 0;
  double least_sum_ = 1e300, largest_sum_ = 0;
};

// Of one cut of the output.
struct CutRecord {
  std::vector<char> right;            // by image
  std::vector<float> log_likelihood;  // of the label, by image; at least kLeastLog
  std::size_t top1 = 0, top5 = 0;
  double reciprocal_rank = 0;  // sum of 1 / rank of the label
  double confidence = 0;       // sum of the best class's probability
};

class TrialRecord {
 public:
  explicit TrialRecord(std::size_t n_cuts) : cuts_(n_cuts) {}
  // The values for the next image. Where not all are finite, the image counts as wrong.
  void add(std::span<const float> raw, Label label, const ClassHead& head, ValueRange& range);
  // Takes the values as `range` has them read; to be called when that may have changed, before what follows.
  void settle(const ClassHead& head, const ValueRange& range);

  [[nodiscard]] std::size_t n_images() const { return n_images_; }
  [[nodiscard]] std::size_t n_not_finite() const { return n_not_finite_; }
  [[nodiscard]] std::size_t best_cut() const;
  [[nodiscard]] const CutRecord& cut(std::size_t i) const { return cuts_[i]; }
  [[nodiscard]] const CutRecord& best() const { return cuts_[best_cut()]; }
  [[nodiscard]] double mean_reciprocal_rank() const;
  // Log likelihood of the label by image, of the best cut, after the values were sharpened or flattened (one
  // temperature for all) until their mean confidence is `confidence`. So contrast, which makes a network
  // surer whether it was made for it or not, tells nothing; how evenly it is sure of the right classes does.
  // Of the first 2000 images.
  [[nodiscard]] std::vector<float> matched(const ClassHead& head, const ValueRange& range,
                                           double confidence) const;

 private:
  // What reading needs of one image and cut, whichever way it is read.
  struct Seen {
    std::int32_t rank = 0;  // 0: not finite
    float label_logit = 0, best_logit = 0, label_share = 0, best_share = 0;
    std::vector<float> values;  // as given: the label's, then the highest others; one of a head of one
  };
  [[nodiscard]] std::vector<float> logits(const Seen& seen, Label label, const OutputSpec& reading) const;
  void record(CutRecord& cut, const Seen& seen, Label label, const OutputSpec& reading) const;

  std::vector<CutRecord> cuts_;
  std::vector<std::vector<Seen>> seen_;  // by image and cut
  std::vector<Label> labels_;
  std::size_t n_images_ = 0;
  std::size_t n_not_finite_ = 0;
};

// Whether the leader's lead in right answers over another record, on the same images, may be chance (the sign
// test at 5 % on the images where one of them is right).
[[nodiscard]] bool is_as_right(const CutRecord& other, const CutRecord& leader);
// Whether the mean of one row of log likelihoods, by image, is the other's but for chance: two standard
// errors of their mean difference.
[[nodiscard]] bool is_as_likely(std::span<const float> other, std::span<const float> leader);
[[nodiscard]] double mean_of(std::span<const float> values);

}  // namespace triage
