// What each part of a policy adds to the file's payload, and how it is read. `format` is the file's. Reading
// throws kPolicy.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"
#include "policy/field_reader.h"
#include "policy/forests_policy.h"
#include "policy/ladder_policy.h"
#include "policy/premodel_policy.h"
#include "policy/selector_policy.h"
#include "policy/single_policy.h"
#include "triage/policy.h"

namespace triage {

// What every policy has.
[[nodiscard]] nlohmann::json encode_info(const PolicyInfo& info);
[[nodiscard]] PolicyInfo decode_info(const Fields& payload, int format);

// The map `text`, where the policy sees texts.
[[nodiscard]] nlohmann::json encode_text(const TextReduction& text);
[[nodiscard]] std::shared_ptr<const TextReduction> decode_text(const Fields& fields);

// The map `training`, from format 5 on.
[[nodiscard]] nlohmann::json encode_training(const TrainingFacts& facts);
[[nodiscard]] TrainingFacts decode_training(const Fields& training);
// The array of pairs before: what is known among them becomes facts, the others are notes.
[[nodiscard]] TrainingFacts decode_old_training(const nlohmann::json& pairs);

// The entry `certificate` of a kind that can hold one; none where there is none.
void add_certificate(const std::optional<Certificate>& certificate, nlohmann::json& body);
[[nodiscard]] std::optional<Certificate> decode_certificate(const Fields& body);

[[nodiscard]] nlohmann::json encode_body(const Single& policy);
[[nodiscard]] nlohmann::json encode_body(const Cascade& policy);
[[nodiscard]] nlohmann::json encode_body(const Selector& policy);
[[nodiscard]] nlohmann::json encode_body(const Premodel& policy);
[[nodiscard]] nlohmann::json encode_body(const Adaptive& policy);
[[nodiscard]] nlohmann::json encode_body(const ForestsPolicy& policy);
[[nodiscard]] nlohmann::json encode_body(const Ladder& policy);

[[nodiscard]] std::unique_ptr<Policy> decode_single(PolicyInfo info, const Fields& body);
[[nodiscard]] std::unique_ptr<Policy> decode_cascade(PolicyInfo info, const Fields& body);
[[nodiscard]] std::unique_ptr<Policy> decode_selector(PolicyInfo info, const Fields& body);
[[nodiscard]] std::unique_ptr<Policy> decode_premodel(PolicyInfo info, const Fields& body, int format);
[[nodiscard]] std::unique_ptr<Policy> decode_adaptive(PolicyInfo info, const Fields& body, int format);

[[nodiscard]] std::unique_ptr<Policy> decode_forests(PolicyInfo info, const Fields& body);
[[nodiscard]] std::unique_ptr<Policy> decode_ladder(PolicyInfo info, const Fields& body);

// A policy of the user's own, by its registered codec; throws kPolicy where there is none.
[[nodiscard]] nlohmann::json encode_own(const Policy& policy);
[[nodiscard]] std::unique_ptr<Policy> decode_own(PolicyInfo info, const std::string& kind,
                                                 const Fields& payload);

}  // namespace triage
