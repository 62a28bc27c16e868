// What a server keeps of the inputs that it answered, and of what it is told of them later: one SQLite file
// (import/feedback_schema.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/result.h"
#include "triage/tools/lock.h"

namespace triage {

// An input that was answered.
struct KeptInput {
  std::int64_t id = 0;  // rises from input to input
  std::string request_id;
  std::size_t position = 0;  // in the request
  std::int64_t time_ms = 0;  // of the epoch
  std::string asked;         // caps, confidence and price as JSON; "{}": the default
  bool is_default = true;    // nothing asked, and not made cheaper because of the load
  double explore_share = 0;
  // Of its Result.
  TopK answer;  // empty: refused
  ModelIndex model = kNoModel;
  std::vector<Look> looks;
  std::vector<float> features;
  Cost total;
  Limit limit = Limit::kNone;
  bool certified = false;
};

// What a model says of an input that is explored.
struct ExploredLook {
  TopK output;
  double preprocess_ms = 0, infer_ms = 0;
  double features_ms = 0;         // of the first model alone
  std::vector<float> features{};  // of the first model alone
};

// What was told of an input: one of the two.
struct ToldScore {
  std::optional<Label> label;
  std::optional<double> score;  // of the answer, 0 to 1
  bool operator==(const ToldScore&) const = default;
};

// An input as it was kept.
struct StoredInput {
  std::int64_t id = 0, policy = 0;
  std::vector<std::int32_t> answer;  // classes, the best first; empty: refused
  bool certified = false;
  bool explored = false;
  bool paired = false;  // its loss against the reference was counted
  ToldScore told;
};

struct StoredPolicy {
  std::string facts;    // facts_json()
  std::string figures;  // as save_figures() had them; empty: none yet
};

// What drift is looked for in.
struct StoredEvidence {
  std::int64_t id = 0;
  double confidence = kNotMeasured;
  std::size_t looks = 0;
  std::vector<float> features;
};

// Owned by one thread. Everything throws kIo where the disk is full or broken, kProfile for a damaged file;
// what was committed stays, also when the process is killed.
class FeedbackStore {
 public:
  // Opens or makes it, and holds it until its end: another server gets kProfile.
  explicit FeedbackStore(const std::filesystem::path& path);
  ~FeedbackStore();
  FeedbackStore(const FeedbackStore&) = delete;
  FeedbackStore& operator=(const FeedbackStore&) = delete;

  [[nodiscard]] std::int64_t newest() const;  // id; 0: none
  [[nodiscard]] std::size_t rows() const;

  // All changes stand between these.
  void begin();
  void commit();
  void roll_back() noexcept;

  // The number of a policy version on a zoo (explores_key()), which is added where it is new.
  std::int64_t add_policy(std::string_view version, std::string_view explores, std::string_view facts);
  [[nodiscard]] StoredPolicy policy(std::int64_t policy);
  void save_figures(std::int64_t policy, std::string_view figures);
  void add(const KeptInput& input, std::int64_t policy);
  // Once for an input; one that is gone is left alone.
  void add_explored(std::int64_t input, std::span<const ExploredLook> looks);
  void tell(std::int64_t input, const ToldScore& told, std::int64_t time_ms);
  void set_paired(std::int64_t input);
  // Drops the oldest: what is older than `before_ms`, and all but the newest `rows`; some thousands at once.
  void forget(std::int64_t before_ms, std::size_t rows);

  // The newest of this request and position, and by its id.
  [[nodiscard]] std::optional<StoredInput> find(std::string_view request_id, std::size_t position);
  [[nodiscard]] std::optional<StoredInput> find(std::int64_t input);
  // Classes that a model said when the input was explored, the best first.
  [[nodiscard]] std::vector<std::int32_t> explored_answer(std::int64_t input, std::size_t model);
  // Of a policy's inputs that asked for nothing special and were answered, in order.
  void read_evidence(std::int64_t policy, const std::function<void(const StoredEvidence&)>& take);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
