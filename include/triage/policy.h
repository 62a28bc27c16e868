// Policies: pure functions from evidence to action. The driver (src/runtime/driver.h) asks one what to do
// next and has a backend do it, live or by replay, so what is evaluated is exactly what is deployed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "triage/policy_info.h"
#include "triage/request.h"
#include "triage/result.h"
#include "triage/types.h"

namespace triage {

// All that a policy may look at.
struct Evidence {
  std::span<const float> features;  // by the policy's schema; NaN where not extracted yet
  std::span<const Look> looks;      // models already run on this input, in order
  Cost spent;
  Request request = {};
  FeatureMask extracted = 0;  // what has been: features may be missing all the same
};

struct Action {
  enum class Kind { kExtract, kRun, kAnswer, kRefuse };
  Kind kind = Kind::kRefuse;
  FeatureMask features = 0;     // kExtract: which; features cost time, so they are bought like looks
  ModelIndex model = kNoModel;  // kRun: which; kAnswer: whose answer it is, kNoModel when combined
  TopK answer;                  // kAnswer
  // kRun: at what cost it is stopped, without an answer; run again, it goes on from there. Only tables of run
  // times can tell what happens then.
  double most_ms = std::numeric_limits<double>::infinity();

  [[nodiscard]] static Action extract(FeatureMask mask) {
    return {.kind = Kind::kExtract, .features = mask, .answer = {}};
  }
  [[nodiscard]] static Action run(ModelIndex model) {
    return {.kind = Kind::kRun, .model = model, .answer = {}};
  }
  [[nodiscard]] static Action answer_of(const Look& look) {
    return {.kind = Kind::kAnswer, .model = look.model, .answer = look.output};
  }
  [[nodiscard]] static Action refuse() { return {}; }
};

// A setting of a policy that prices choose among.
struct PriceSetting {
  double price = 0;  // score that a unit of cost is worth
  // What training expects of it on average.
  double score = 0;
  double cost = 0;
};

// A look of a fixed order.
struct OrderedLook {
  ModelIndex model = kNoModel;
  double threshold = kNotMeasured;  // least confidence that is accepted; NaN where there is none
};

// Immutable after loading; const methods are safe concurrently. `next` allocates nothing when `trace` is
// null.
class Policy {
 public:
  virtual ~Policy() = default;
  // "single", "premodel", "selector", "cascade", "forests", "ladder" or "adaptive"; of one's own, any other.
  [[nodiscard]] virtual std::string_view kind() const = 0;
  [[nodiscard]] virtual Action next(const Evidence& evidence, Trace* trace = nullptr) const = 0;
  // The answer that the looks so far give, for when the budget ends before `next` has answered; kRefuse when
  // they give none. Allocates nothing.
  [[nodiscard]] virtual Action answer(const Evidence& evidence) const {
    return evidence.looks.empty() ? Action::refuse() : Action::answer_of(evidence.looks.back());
  }
  // Whether this model's look is an answer.
  [[nodiscard]] virtual bool can_answer(ModelIndex) const { return true; }
  // Of a network that chooses among the others: for how many classes the policy knows what they stand for.
  // They have to be those of the zoo's and the profile's. 0: of any other.
  [[nodiscard]] virtual std::int32_t choices_of(ModelIndex) const { return 0; }

  // The settings that Request::price chooses among, by falling price; none where it has no use for a price.
  [[nodiscard]] virtual std::span<const PriceSetting> price_settings() const { return {}; }
  [[nodiscard]] bool has_prices() const { return !price_settings().empty(); }
  // What prices and expected costs count in.
  [[nodiscard]] virtual CostWeights price_unit() const { return kTimeCost; }
  // The setting of a request without a price; none where it is not one of price_settings().
  [[nodiscard]] virtual std::optional<std::size_t> default_setting() const { return std::nullopt; }
  // The models in the order in which they look, when that is fixed for such requests; else empty.
  [[nodiscard]] virtual std::vector<OrderedLook> look_order(const Request&) const { return {}; }

  // What calibration has shown of its default setting; null: nothing.
  [[nodiscard]] virtual const Certificate* certificate() const { return nullptr; }
  // Whether a statistical guarantee covers what it does for this request.
  [[nodiscard]] bool certifies(const Request& request) const {
    return certificate() != nullptr && request.is_default();
  }
  // The same policy with another default setting, and what was shown of that; null: it cannot hold one.
  [[nodiscard]] virtual std::unique_ptr<Policy> with_certificate(std::size_t /*setting*/,
                                                                 const Certificate& /*certificate*/) const {
    return nullptr;
  }
  [[nodiscard]] const PolicyInfo& info() const { return info_; }

 protected:
  explicit Policy(PolicyInfo info) : info_(std::move(info)) {}

 private:
  PolicyInfo info_;
};

// How policies of one's own are saved. The file has everything in PolicyInfo; the codec adds what the kind
// needs besides. Called concurrently.
struct PolicyCodec {
  std::string kind;          // Policy::kind() of what it is for
  std::int32_t version = 1;  // of its bytes, 1 or more; files of another version are refused
  std::function<std::vector<std::uint8_t>(const Policy&)> encode;
  // Throws Error with kPolicy for bytes that are not right.
  std::function<std::unique_ptr<Policy>(PolicyInfo, std::span<const std::uint8_t>)> decode;
};
// For the whole process, before such policies are saved or loaded. Safe concurrently. Throws kUsage for a
// built-in kind, an empty one, one that has a codec, a version below 1, and for missing functions.
void register_policy_codec(PolicyCodec codec);

// Policy files (*.triage, CBOR; docs/formats.md). Loading checks magic, versions, sizes and ranges before
// anything is used. Throws kIo, kPolicy, also for a kind without a codec. Saving is atomic.
void save_policy(const Policy& policy, const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<Policy> load_policy(const std::filesystem::path& path);
// The bytes of such a file; and back, but that features of images are not looked for in this build. Throws
// kPolicy.
[[nodiscard]] std::vector<std::uint8_t> encode_policy(const Policy& policy);
[[nodiscard]] std::unique_ptr<Policy> decode_policy(std::span<const std::uint8_t> bytes);

// The same policy whose models' times (and joules) were measured anew: `models` are those of info(), in their
// order, `best` is info().best measured there too, or without a name where it is not known there. What it
// decides, its prices, settings and expected costs, and its certificate stay as they are; info().trained_on
// says where those times were measured. Throws kPolicy for other models, and for a kind without a codec.
[[nodiscard]] std::unique_ptr<Policy> with_times(const Policy& policy, std::span<const PolicyModel> models,
                                                 const PolicyModel& best, const std::string& machine);

// The same policy with another PolicyInfo::reuse. Throws kPolicy for one out of range, and for a kind without
// a codec.
[[nodiscard]] std::unique_ptr<Policy> with_reuse(const Policy& policy,
                                                 const std::optional<LearnedReuse>& reuse);

// Runs one model on everything. The baseline.
[[nodiscard]] std::unique_ptr<Policy> make_single(PolicyInfo info, ModelIndex model);

}  // namespace triage
