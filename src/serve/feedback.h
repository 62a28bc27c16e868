// Feedback: keeps what was answered and what is told of it later, and says how the policy does. A thread of
// its own does all of it, so that no request waits for a disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "serve/feedback_figures.h"
#include "serve/feedback_store.h"
#include "serve/infer_queue.h"
#include "serve/served_model.h"

namespace triage {

// A version of the policy that is served, with what its inputs are explored with.
struct FeedbackVersion {
  std::shared_ptr<const ServedModel> model;
  ServedPolicyFacts facts;
  std::vector<std::shared_ptr<const ServedModel>> explorers;  // (facts.explored); none: nothing is explored
};

// One thing that was told: a label as a number or as a name, or a score.
struct FeedbackItem {
  std::string request_id;
  std::size_t position = 0;
  std::variant<Label, std::string, double> told;
};
enum class FeedbackStatus {
  kKept,
  kSame,     // it was known
  kChanged,  // another was known; this one counts
  kUnknown,  // no such input: never answered, or no longer kept
  kInvalid,  // no class of the policy
  kLost      // it could not be kept; send it again
};
[[nodiscard]] std::string_view to_string(FeedbackStatus status);

// Told of what happens, on the thread of the feedback.
struct FeedbackObserver {
  std::function<void(std::size_t inputs)> lost;  // and not kept
  std::function<void(FeedbackStatus status, std::size_t items)> told;
  std::function<void(const FeedbackAlarm&)> raised;      // once each
  std::function<void(std::string_view reason)> failing;  // the store; once until it works again
};

// Safe concurrently.
class Feedback {
 public:
  // Opens or makes the store. Throws kIo, kProfile, and kUsage for options out of range.
  Feedback(const FeedbackOptions& options, FeedbackObserver observer);
  ~Feedback();  // writes what is left
  Feedback(const Feedback&) = delete;
  Feedback& operator=(const Feedback&) = delete;

  // The versions that are served from now on; what is under way may end by those before.
  void serve(std::vector<std::shared_ptr<const FeedbackVersion>> versions);
  // Null: the model is no version that is served.
  [[nodiscard]] std::shared_ptr<const FeedbackVersion> version_of(const ServedModel& model) const;
  // Keeps the inputs of a job that was answered, and numbers them (InferJob::feedback_id).
  void record(const std::shared_ptr<const FeedbackVersion>& version, InferJob& job,
              const std::string& request_id);
  // Whether this input is to be explored: at random, whatever it is.
  [[nodiscard]] bool is_explored(std::int64_t id) const;
  void add_explored(std::shared_ptr<const FeedbackVersion> version, std::int64_t id,
                    std::vector<ExploredLook> looks);

  // `done` gets a status for each item, and `ask` the running figures, in the order of all that came before;
  // both on the thread of the feedback.
  using Statuses = std::vector<FeedbackStatus>;
  void tell(std::vector<FeedbackItem> items, const std::function<void(const Statuses&)>& done);
  void ask(const std::function<void(const nlohmann::json&)>& done);
  // As of the last change.
  [[nodiscard]] std::vector<FeedbackAlarm> alarms() const;
  [[nodiscard]] const FeedbackOptions& options() const { return options_; }

 private:
  struct Kept {
    std::shared_ptr<const FeedbackVersion> version;
    KeptInput input;
  };
  struct Explored {
    std::shared_ptr<const FeedbackVersion> version;
    std::int64_t id = 0;
    std::vector<ExploredLook> looks;
  };
  struct Told {
    std::vector<FeedbackItem> items;
    std::function<void(const Statuses&)> done;
    Statuses statuses;
  };
  struct Asked {
    std::function<void(const nlohmann::json&)> done;
  };
  struct Served {
    std::vector<std::shared_ptr<const FeedbackVersion>> versions;
  };
  using Event = std::variant<Served, Kept, Explored, Told, Asked>;
  static constexpr std::size_t kMostWaiting = 20'000;  // events

  bool push(Event event, bool is_urgent);
  void run();
  void work(std::deque<Event>& events);
  void write(std::deque<Event>& events);
  void apply(Served& served);
  void apply(Kept& kept);
  void apply(Explored& explored);
  void apply(Told& told);
  [[nodiscard]] FeedbackStatus apply(const FeedbackItem& item);
  void pair(const StoredInput& input, FeedbackFigures& figures);
  [[nodiscard]] std::int64_t number_of(const FeedbackVersion& version);
  [[nodiscard]] FeedbackFigures& figures_of(std::int64_t number);
  void give_up(std::deque<Event>& events, std::string_view reason);
  void look_for_drift(const Kept& kept);
  void publish_alarms();
  [[nodiscard]] nlohmann::json summary();

  FeedbackOptions options_;
  FeedbackObserver observer_;
  std::atomic<std::int64_t> next_id_{1};
  std::atomic<std::size_t> lost_{0};  // inputs, for want of room

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Event> waiting_;
  bool is_urgent_ = false;  // somebody waits
  bool ending_ = false;
  std::vector<std::shared_ptr<const FeedbackVersion>> served_;
  std::vector<std::shared_ptr<const FeedbackVersion>> ended_;  // the last ones, of requests under way
  std::vector<FeedbackAlarm> alarms_;

  // The thread's own.
  FeedbackStore store_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;  // of versions
  std::map<std::int64_t, FeedbackFigures> figures_;
  std::map<std::int64_t, bool> changed_;  // figures to be saved; whether inputs came
  std::size_t lost_so_far_ = 0;
  bool is_failing_ = false;
  std::thread thread_;
};

}  // namespace triage
