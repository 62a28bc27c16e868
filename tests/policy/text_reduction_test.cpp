// What a policy sees of texts: by hand, to a file and back, and files that are not right.
#include "policy/text_reduction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "policy/ladder_policy.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "triage/choose.h"

namespace triage {
namespace {

using nlohmann::json;

// One direction, which is the word "integral" alone.
TextReduction one_word() {
  TextReduction out;
  out.column = "prompt";
  out.set = TextSet::kWords;
  out.n_directions = 1;
  out.weight.assign(kTermPlaces, 0.0F);
  out.direction.assign(kTermPlaces, 0.0F);
  TermBuffers buffers;
  std::vector<TextTerm> terms;
  text_terms("integral", buffers, terms);
  out.weight[terms.front().place] = 2;
  out.direction[terms.front().place] = terms.front().value;
  return out;
}

// Goes on to the second model where the text has the word.
std::unique_ptr<Policy> by_word(TextReduction text = one_word()) {
  PolicyInfo info;
  for (const char* name : {"small", "large"}) info.models.emplace_back().name = name;
  info.schema.groups = {"g", "prompt"};
  info.schema.features = {{"x", 0, 0}};
  for (std::string& name : text.names()) info.schema.features.push_back({std::move(name), 0, 1});
  LadderParameters ladder;
  ladder.shape.n_features = info.schema.size();
  ladder.shape.signals = true;
  ladder.usual_features.assign(info.schema.size(), 0.0F);
  ladder.usual_signals = {0, 0};
  const std::size_t d = ladder_looks_size(ladder.shape, 1);
  ladder.answering.quality = {{LinearFunction(1 + d, 0.0)},
                              {LinearFunction(2 + d, 0.0), LinearFunction(2 + d, 0.0)}};
  LinearFunction gain(1 + ladder_evidence_size(ladder.shape, 1), 0.0);
  gain[0] = -0.5;
  gain[info.schema.size()] = 1;  // of the last feature
  ladder.settings = {{{0, 0.5, 1}, {gain}}};
  info.text = std::make_shared<TextReduction>(std::move(text));
  return make_ladder(std::move(info), std::move(ladder));
}

std::vector<float> features_of(const Policy& policy, std::string_view text) {
  const std::size_t n = text_numbers(policy.info()).count;
  std::vector<float> features(policy.info().schema.size(), 0.0F);
  text_features(policy, text, std::span(features).last(n));
  return features;
}

bool goes_on(const Policy& policy, std::string_view text) {
  Look look;
  look.model = 0;
  look.confidence = 0.5;
  return !choose(policy, features_of(policy, text), {&look, 1}).stops;
}

TEST(TextReduction, OfOneWordByHand) {
  const auto policy = by_word();
  EXPECT_EQ(text_numbers(policy->info()).column, "prompt");
  ASSERT_EQ(text_numbers(policy->info()).count, kPlainNumbers.size() + 1);
  EXPECT_FLOAT_EQ(features_of(*policy, "The integral of x").back(), 1);  // scaled to length 1
  EXPECT_EQ(features_of(*policy, "A poem").back(), 0);
  EXPECT_TRUE(std::isnan(features_of(*policy, "").back()));
  EXPECT_TRUE(goes_on(*policy, "an INTEGRAL"));
  EXPECT_FALSE(goes_on(*policy, "a poem"));
  EXPECT_FALSE(goes_on(*policy, ""));  // missing: the usual
  std::vector<float> none;
  EXPECT_TRIAGE_ERROR(text_features(*policy, "a", none), ErrorCode::kUsage,
                      "room for 0 numbers, expected 31");
}

TEST(TextReduction, SetsHaveTheirNumbers) {
  TextReduction numbers;
  numbers.column = "q";
  EXPECT_EQ(numbers.size(), 1U);
  EXPECT_EQ(numbers.names(), (std::vector<std::string>{"q: nothing"}));
  float value = 7;
  reduce_text(numbers, "anything", {&value, 1});
  EXPECT_EQ(value, 0);
  numbers.set = TextSet::kNumbers;
  EXPECT_EQ(numbers.size(), kPlainNumbers.size());
  EXPECT_EQ(numbers.names().front(), "q: characters");
  EXPECT_EQ(one_word().names().back(), "prompt: term 1");
}

TEST(TextReduction, IsTheSameFromItsFile) {
  const auto policy = by_word();
  const auto bytes = encode_policy(*policy);
  const auto back = decode_policy(bytes);
  EXPECT_EQ(encode_policy(*back), bytes);
  EXPECT_LT(bytes.size(), 10'000U);  // only places that have a weight
  EXPECT_EQ(features_of(*back, "the integral, 2 of 3"), features_of(*policy, "the integral, 2 of 3"));
  const auto retimed = with_times(*policy, policy->info().models, {}, "another machine");
  EXPECT_TRUE(goes_on(*retimed, "integral"));
}

// Written when texts came; words have to stand where they stood.
TEST(TextReduction, IsReadFromTheGoldenFile) {
  const auto policy =
      load_policy(std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/policy/golden/text_v5.triage");
  EXPECT_TRUE(goes_on(*policy, "the integral of a function"));
  EXPECT_FALSE(goes_on(*policy, "a poem of a function"));
}

TEST(TextReduction, RefusesWhatDoesNotFit) {
  const auto change = [](const std::function<void(json&)>& edit) {
    const auto sealed = json::from_cbor(encode_policy(*by_word()))["payload"].get_binary();
    json payload = json::from_cbor(static_cast<const std::vector<std::uint8_t>&>(sealed));
    edit(payload["text"]);
    (void)decode_policy(seal_payload(json::to_cbor(payload)));
  };
  EXPECT_TRIAGE_ERROR(change([](json& text) { text["version"] = 2; }), ErrorCode::kPolicy,
                      "text.version: 2, expected 1");
  EXPECT_TRIAGE_ERROR(change([](json& text) { text["set"] = "all"; }), ErrorCode::kPolicy, "text.set");
  EXPECT_TRIAGE_ERROR(change([](json& text) { text["set"] = "numbers"; }), ErrorCode::kPolicy,
                      "text.directions");
  EXPECT_TRIAGE_ERROR(change([](json& text) { text["column"] = "q"; }), ErrorCode::kPolicy,
                      "schema.features");
  EXPECT_TRIAGE_ERROR(change([](json& text) { text["directions"] = 1'000'000; }), ErrorCode::kPolicy,
                      "text.place");
  EXPECT_TRIAGE_ERROR(change([](json& text) { text["weight"] = json::binary({}); }), ErrorCode::kPolicy,
                      "text.place");
  EXPECT_TRIAGE_ERROR(change([](json& text) {
                        text["place"] = json::binary({0, 0, 1, 0});
                      }),
                      ErrorCode::kPolicy, "rising places below 16384");
  EXPECT_TRIAGE_ERROR(change([](json& text) {
                        text["weight"] = json::binary({0, 0, 128, 127});
                      }),
                      ErrorCode::kPolicy, "not finite");
}

}  // namespace
}  // namespace triage
