// What the caller wants: of one input, and of a whole stream of them.
//
//   triage::Stream stream(*classifier.policy(), {.mean_latency_ms = 5});
//   for (const triage::Image& image : images) {
//     const triage::Request request = stream.request();
//     stream.record(request, classifier.classify(image, request).total.ms);
//   }
//
// Of a video, where frames that look like the last one answered take its answer:
//
//   triage::Stream stream(*classifier.policy(), {.reuse = triage::ReuseRule{.limit = 4}});
//   for (const triage::Image& frame : frames) show(stream.classify(classifier, frame, stream.request()));
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "triage/policy_info.h"
#include "triage/types.h"

namespace triage {

class Classifier;
class Policy;
struct ImageView;
struct Result;

inline constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();

// The default leaves everything to the policy as it was trained. Values out of range are an error (kUsage)
// before anything runs, see check_request; caps that cannot be met are not: see Result.
struct Request {
  // Hard caps. No model is started whose upper time quantile (`cap_quantile`) or mean energy does not fit
  // into what is left. An energy cap is an error where the models' energy was not measured.
  double max_latency_ms = std::numeric_limits<double>::infinity();
  double max_energy_j = std::numeric_limits<double>::infinity();
  // A point in time, Clock::now_ns() of the classifier's clock, by which the answer is wanted: held like
  // max_latency_ms, and checked while waiting for a network too.
  std::int64_t deadline_ns = kNoDeadline;
  double min_confidence = 0;    // 0..1: continue below it while the policy has a model left to ask
  double price = kNotMeasured;  // score that a unit of cost is worth; NaN: what the policy chose
  double spent_ms = 0;          // gone before the call, in a queue, say; counts as elapsed
  bool explain = false;         // fill Result::trace
  // Which quantile of a model's time the latency cap and the deadline count on, one of kTimeQuantiles:
  // with a lower one a model that is slow once in a thousand runs is not kept out, and more answers come
  // late.
  double cap_quantile = 0.999;

  // Whether it asks for nothing that changes what the policy does.
  [[nodiscard]] bool is_default() const {
    return std::isinf(max_latency_ms) && std::isinf(max_energy_j) && deadline_ns == kNoDeadline &&
           min_confidence == 0 && std::isnan(price);
  }
};

// Throws kUsage, naming the field, for values out of range, a price for a policy without prices, an energy
// cap for one whose models' energy is not known, and a cap's quantile that it does not know of each model.
void check_request(const Policy& policy, const Request& request);

struct StreamOptions {
  // To be met on average, above 0; infinity: as long as it takes.
  double mean_latency_ms = std::numeric_limits<double>::infinity();
  int horizon = 100;  // inputs over which what was saved or overspent is made up for, at least 1
  std::optional<ReuseRule> reuse = std::nullopt;  // none: every frame is classified
};

// What goes on from input to input of a whole stream: a mean time of all of them, met by feedback on the
// price of each request, and answers of frames that are taken again. The policy stays immutable. Safe
// concurrently.
class Stream {
 public:
  // Throws kUsage for a mean time with a policy without prices in milliseconds, and for one below that of its
  // cheapest setting (the message says which would work). One above its most expensive setting is met by
  // that. Throws kUsage for a rule of reuse that is out of range, too.
  Stream(const Policy& policy, const StreamOptions& options);
  ~Stream();
  // For the next input. Caps and the like may be added to it.
  [[nodiscard]] Request request();
  // The time that the input of this request took: Result::total.ms.
  void record(const Request& request, double ms);

  // Classifies the next frame and records its time, or gives it the answer of the last frame that was
  // answered (not refused), by the rule of reuse; see Result::reused. Frames come in order, from one thread
  // at a time. No certificate covers a reused answer. Throws as Classifier::classify.
  [[nodiscard]] Result classify(const Classifier& classifier, const ImageView& frame, const Request& request,
                                const std::stop_token& stop = {});

  [[nodiscard]] std::size_t inputs() const;
  [[nodiscard]] double mean_ms() const;  // 0 before the first

 private:
  struct Setting {
    double ms = 0;  // expected
    double price = 0;
  };
  class Answered;
  [[nodiscard]] double expected_ms(double price) const;
  void add(double ms, double expected);
  [[nodiscard]] Result classify_or_reuse(const Classifier& classifier, const ImageView& frame,
                                         Request request, const std::stop_token& stop);

  StreamOptions options_;
  std::vector<Setting> settings_;       // by rising expected time; none without a mean time
  std::unique_ptr<Answered> answered_;  // none without reuse
  mutable std::mutex mutex_;            // guards what follows
  std::size_t n_ = 0;
  double spent_ms_ = 0;
  double expected_ms_ = 0;  // of all inputs so far, by the settings that they were asked at
  double left_over_ = 0;    // of the choice between two neighbouring settings
};

}  // namespace triage
