// A budget for a whole stream of inputs: the mean time of all of them, met by feedback on the price of each
// request. The policy stays immutable; what changes from input to input is here.
//
//   triage::Stream stream(classifier.policy(), {.mean_latency_ms = 5});
//   for (const Image& image : images) {
//     auto result = classifier.classify(image, stream.request());
//     stream.record(result.total_ms);
//   }
#pragma once

#include <cstddef>
#include <vector>

#include "triage/policy.h"

namespace triage {

struct StreamOptions {
  double mean_latency_ms = 0;  // to be met on average, above 0
  int horizon = 100;           // inputs over which what was saved or overspent is made up for, at least 1
};

// Not safe concurrently: one stream, one thread.
class Stream {
 public:
  // Throws kUsage for a policy without prices in milliseconds, and for a target below the mean time of its
  // cheapest setting (the message says which would work). One above its dearest is met by that one.
  Stream(const Policy& policy, const StreamOptions& options);
  // For the next input. Caps and the like may be added to it.
  [[nodiscard]] Request request();
  // What that input took: Classification::total_ms.
  void record(double ms);

  [[nodiscard]] std::size_t inputs() const { return n_; }
  [[nodiscard]] double mean_ms() const { return n_ == 0 ? 0 : spent_ms_ / static_cast<double>(n_); }

 private:
  struct Setting {
    double ms = 0;  // expected
    double price = 0;
  };
  StreamOptions options_;
  std::vector<Setting> settings_;  // by rising expected time
  std::size_t n_ = 0;
  double spent_ms_ = 0;
  double expected_ms_ = 0;  // of all inputs so far, by the settings that they were asked at
  double asked_ms_ = 0;     // of the request that is out
  double left_over_ = 0;    // of the choice between two neighbouring settings
};

}  // namespace triage
