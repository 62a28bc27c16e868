// Policy files: what comes back, the golden files, damage, and one test a check.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "policy/adaptive_policy.h"
#include "policy/cbor.h"
#include "policy/forests_policy.h"
#include "policy/policies.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "triage/error.h"

namespace triage {
namespace {

using nlohmann::json;
using testing::info_of;
using testing::line_premodel;
using testing::look_of;
using Bytes = std::vector<std::uint8_t>;

std::unique_ptr<Policy> example(std::string_view kind) {
  if (kind == "single") return make_single(info_of({"small", "big"}), 1);
  if (kind == "cascade") return make_cascade(info_of({"small", "mid", "big"}), {{0.75, 0.1}});
  if (kind == "adaptive") {
    return make_adaptive(testing::adaptive_info(), testing::two_stage_adaptive());
  }
  if (kind == "own") return make_adaptive(testing::adaptive_info(), testing::own_adaptive());
  if (kind == "trained") {
    auto info = info_of({"small", "big"}, {"contrast"});
    info.training = testing::premodel_training();
    return make_premodel(std::move(info), line_premodel(1));
  }
  if (kind == "selector") return make_selector(info_of({"small", "big", "cnn"}), {2, {1, kNoModel, 0}, 1});
  if (kind == "mixed")
    return make_premodel(info_of({"a", "b", "c"}, {"contrast"}), testing::mixed_premodel());
  if (kind == "weighted") {
    return make_premodel(info_of({"small", "big"}, {"contrast"}), testing::weighted_premodel(1));
  }
  if (kind == "multiclass") {
    return make_premodel(info_of({"small", "big"}, {"contrast"}), testing::line_multiclass(kNoModel));
  }
  return make_premodel(info_of({"small", "big"}, {"contrast"}), line_premodel(1));
}

constexpr std::array<std::string_view, 10> kKinds{"single",   "cascade",  "premodel", "mixed", "multiclass",
                                                  "selector", "weighted", "adaptive", "own",   "trained"};

// Of the policy, where the example has another name.
std::string_view kind_of(std::string_view example) {
  if (example == "own") return "adaptive";
  return example == "mixed" || example == "multiclass" || example == "weighted" || example == "trained"
             ? "premodel"
             : example;
}

void expect_same_info(const PolicyInfo& a, const PolicyInfo& b) {
  EXPECT_EQ(a.criterion, b.criterion);
  ASSERT_EQ(a.models.size(), b.models.size());
  for (std::size_t i = 0; i < a.models.size(); ++i) {
    EXPECT_EQ(a.models[i].name, b.models[i].name);
    EXPECT_EQ(a.models[i].fingerprint, b.models[i].fingerprint);
    EXPECT_EQ(a.models[i].mean_ms, b.models[i].mean_ms);
    EXPECT_EQ(a.models[i].p999_ms, b.models[i].p999_ms);
    EXPECT_TRUE(a.models[i].mean_j == b.models[i].mean_j ||
                (std::isnan(a.models[i].mean_j) && std::isnan(b.models[i].mean_j)));
  }
  EXPECT_EQ(a.best.name, b.best.name);
  EXPECT_EQ(a.best.mean_ms, b.best.mean_ms);
  EXPECT_EQ(a.schema, b.schema);
  EXPECT_EQ(a.n_classes, b.n_classes);
  EXPECT_EQ(a.machine, b.machine);
  EXPECT_EQ(a.training, b.training);
}

TEST(PolicyCodec, BringsEveryKindBack) {
  for (const auto kind : kKinds) {
    const auto policy = example(kind);
    const auto bytes = encode_policy(*policy);
    const auto again = decode_policy(bytes);
    EXPECT_EQ(again->kind(), kind_of(kind));
    expect_same_info(policy->info(), again->info());
    EXPECT_EQ(encode_policy(*again), bytes);
  }
}

TEST(PolicyCodec, KeepsWhatThePolicyDoes) {
  for (const auto kind : {"premodel", "mixed", "multiclass", "weighted"}) {
    const auto before = example(kind), after = decode_policy(encode_policy(*before));
    for (float x = -5; x < 15; x += 0.1F) {
      const std::array features{x};
      Trace trace_before, trace_after;
      const auto a = before->next({features, {}, {}}, &trace_before),
                 b = after->next({features, {}, {}}, &trace_after);
      EXPECT_EQ(a.kind, b.kind);
      EXPECT_EQ(a.model, b.model);
      const auto lines_before = testing::lines_of(trace_before, before->info());
      const auto lines_after = testing::lines_of(trace_after, after->info());
      ASSERT_EQ(lines_before.size(), lines_after.size());
      for (std::size_t i = 0; i < lines_before.size(); ++i) {
        EXPECT_EQ(lines_before[i].what, lines_after[i].what);
        EXPECT_EQ(lines_before[i].values, lines_after[i].values);
      }
    }
  }
}

TEST(PolicyCodec, KeepsQuantilesAndWhereItWasTrained) {
  auto info = info_of({"small", "big"});
  info.models[1].p50_ms = 0.4;
  info.models[1].p90_ms = 0.5;
  info.models[1].p99_ms = 0.6;
  info.trained_on = "another machine";
  const auto back = decode_policy(encode_policy(*make_single(info, 0)));
  EXPECT_EQ(back->info().trained_on, "another machine");
  EXPECT_EQ(back->info().models[1].time_quantile_ms(0.5), 0.4);
  EXPECT_EQ(back->info().models[1].time_quantile_ms(0.9), 0.5);
  EXPECT_EQ(back->info().models[1].time_quantile_ms(0.99), 0.6);
  EXPECT_EQ(back->info().models[1].time_quantile_ms(0.999), 1.5);
  EXPECT_TRUE(std::isnan(back->info().models[1].time_quantile_ms(0.7)));
  EXPECT_TRUE(std::isnan(back->info().models[0].time_quantile_ms(0.99)));
  for (const double bad : {-1.0, std::numeric_limits<double>::infinity()}) {
    info.models[1].p90_ms = bad;
    EXPECT_TRIAGE_ERROR((void)decode_policy(encode_policy(*make_single(info, 0))), ErrorCode::kPolicy,
                        "models[1]");
  }
}

TEST(PolicyCodec, KeepsWhatAPromiseHoldsIn) {
  AdaptiveParameters parameters = testing::two_stage_adaptive();
  parameters.certificate->per = "class";
  parameters.certificate->groups = 7;
  parameters.certificate->groups_left_out = {"cat", "dog"};
  const auto bytes = encode_policy(*make_adaptive(testing::adaptive_info(), parameters));
  const Certificate back = *decode_policy(bytes)->certificate();
  EXPECT_EQ(back.per, "class");
  EXPECT_EQ(back.groups, 7U);
  EXPECT_EQ(back.groups_left_out, (std::vector<std::string>{"cat", "dog"}));
  const auto plain = encode_policy(*example("adaptive"));
  EXPECT_EQ(decode_policy(plain)->certificate()->per, "") << "most promises are on average alone";
  const auto refuse = [&](const std::function<void(json&)>& change, std::string_view message) {
    const auto sealed = json::from_cbor(bytes)["payload"].get_binary();
    json payload = json::from_cbor(static_cast<const Bytes&>(sealed));
    change(payload["adaptive"]["certificate"]);
    EXPECT_TRIAGE_ERROR(decode_policy(seal_payload(json::to_cbor(payload), 5)), ErrorCode::kPolicy, message);
  };
  refuse([](json& c) { c["groups_left_out"] = {1}; },
         "certificate.groups_left_out[0]: number, expected a text");
  refuse([](json& c) { c.erase("groups"); }, "certificate.groups");
  refuse([](json& c) { c["per"] = ""; }, "certificate.groups: 7, expected some where");
}

TEST(PolicyCodec, KeepsTheNamesOfTheClasses) {
  auto info = info_of({"a"});
  info.n_classes = 3;
  info.label_names = {"ant", "m\xC3\xBCller", ""};
  const auto policy = make_single(info, 0);
  EXPECT_EQ(decode_policy(encode_policy(*policy))->info().label_names, info.label_names);
  EXPECT_EQ(with_times(*policy, info.models, info.best, "here")->info().label_names, info.label_names);
  info.label_names.pop_back();
  EXPECT_TRIAGE_ERROR((void)make_single(info, 0), ErrorCode::kPolicy, "class_names: 2, expected 3");

  json file = json::from_cbor(encode_policy(*policy));
  json payload = json::from_cbor(file["payload"].get_binary());
  payload["class_names"][1] = 5;
  EXPECT_TRIAGE_ERROR((void)decode_policy(seal_payload(json::to_cbor(payload), 5)), ErrorCode::kPolicy,
                      "class_names[1]: number, expected a text");
}

// Of every kind: the times are new, and all else is as it was.
TEST(PolicyCodec, TimesCanBeMeasuredAnew) {
  for (const auto kind : kKinds) {
    SCOPED_TRACE(kind);
    const auto policy = example(kind);
    std::vector<PolicyModel> models = policy->info().models;
    for (PolicyModel& model : models) {
      model.mean_ms *= 2;
      model.p99_ms = model.p999_ms;
    }
    const PolicyModel best = models.back();
    const auto timed = with_times(*policy, models, best, "here");
    EXPECT_EQ(timed->info().models[0].mean_ms, 2 * policy->info().models[0].mean_ms);
    EXPECT_EQ(timed->info().best.name, best.name);
    EXPECT_EQ(timed->info().machine, "here");
    EXPECT_EQ(timed->info().trained_on, policy->info().machine);
    EXPECT_EQ(timed->certificate() == nullptr, policy->certificate() == nullptr);
    const auto again = with_times(*timed, policy->info().models, policy->info().best, policy->info().machine);
    EXPECT_EQ(again->info().trained_on, policy->info().machine);
    json was = json::from_cbor(json::from_cbor(encode_policy(*policy))["payload"].get_binary());
    json is = json::from_cbor(json::from_cbor(encode_policy(*again))["payload"].get_binary());
    is.erase("trained_on");
    EXPECT_EQ(was, is);
    models.front().fingerprint = "other";
    EXPECT_TRIAGE_ERROR((void)with_times(*policy, models, best, "here"), ErrorCode::kPolicy, "models[0]");
    models.pop_back();
    EXPECT_TRIAGE_ERROR((void)with_times(*policy, models, best, "here"), ErrorCode::kPolicy, "models: ");
  }
}

TEST(PolicyCodec, KeepsTheCriterionAndOddTexts) {
  auto info = info_of({"m\xC3\xBCller", "\xFF\xFE"});
  info.criterion = Criterion::kTop5;
  info.training.notes = {{"", ""}, {"quote", "\"\n"}};
  const auto policy = make_single(info, 0);
  expect_same_info(policy->info(), decode_policy(encode_policy(*policy))->info());
}

Bytes golden(std::string_view kind, int format) {
  return read_file(std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/policy/golden" /
                   fmt::format("{}_v{}.triage", kind, format));
}

TEST(PolicyCodec, ReadsTheGoldenFilesOfVersion1) {
  for (const auto kind : {"single", "cascade", "premodel"}) {
    const auto policy = decode_policy(golden(kind, 1));
    EXPECT_EQ(policy->kind(), kind);
    expect_same_info(policy->info(), example(kind)->info());
    // Written again, in today's format, it is what it was.
    EXPECT_EQ(encode_policy(*policy), encode_policy(*example(kind)));
  }
}

TEST(PolicyCodec, ReadsTheGoldenFilesOfVersion2) {
  for (const auto kind : {"single", "cascade", "premodel", "mixed", "multiclass", "selector", "weighted"}) {
    const auto policy = decode_policy(golden(kind, 2));
    expect_same_info(policy->info(), example(kind)->info());
    EXPECT_EQ(encode_policy(*policy), encode_policy(*example(kind)));
  }
}

TEST(PolicyCodec, ReadsTheGoldenFilesOfVersion3) {
  for (const auto kind :
       {"single", "cascade", "premodel", "mixed", "multiclass", "selector", "weighted", "adaptive"}) {
    const auto policy = decode_policy(golden(kind, 3));
    expect_same_info(policy->info(), example(kind)->info());
    EXPECT_EQ(encode_policy(*policy), encode_policy(*example(kind)));
  }
}

TEST(PolicyCodec, Version3HasNoNumbersOfEachClass) {
  const auto refuse_v3 = [](const std::function<void(json&)>& change, std::string_view message) {
    const auto sealed = json::from_cbor(golden("adaptive", 3))["payload"].get_binary();
    json payload = json::from_cbor(static_cast<const Bytes&>(sealed));
    change(payload["adaptive"]["settings"][1]["stages"]);
    EXPECT_TRIAGE_ERROR(decode_policy(seal_payload(json::to_cbor(payload), 3)), ErrorCode::kPolicy, message);
  };
  refuse_v3([](json& stages) { stages[1]["gain"] = json::array(); }, "stages[1].gain: 0, expected 7 numbers");
  refuse_v3([](json& stages) { stages[0]["gain"] = std::vector<double>(17); },
            "stages[0].gain: 17, expected 7 numbers");
  refuse_v3([](json& stages) { stages[1]["weights"] = std::vector<double>(30, 1); },
            "stages[1].weights: 30, expected 2 numbers");
}

TEST(PolicyCodec, ReadsTheGoldenFilesOfVersion4) {
  for (const auto kind : kKinds) {
    if (kind == "trained") continue;  // its facts are typed from format 5 on
    const auto policy = decode_policy(golden(kind, 4));
    expect_same_info(policy->info(), example(kind)->info());
    EXPECT_EQ(encode_policy(*policy), encode_policy(*example(kind)));
  }
}

TEST(PolicyCodec, ReadsTheGoldenFilesOfVersion5) {
  for (const auto kind : kKinds) {
    const auto bytes = golden(kind, 5);
    expect_same_info(decode_policy(bytes)->info(), example(kind)->info());
    EXPECT_EQ(encode_policy(*example(kind)), bytes)
        << "the bytes of format 5 are fixed; a change needs a new format";
  }
}

const RunSchedule& schedule_in(const Policy& policy) {
  return dynamic_cast<const ForestsPolicy&>(policy).parameters().schedule;
}

// Version 1 of the kind had one short run at most, under other names.
TEST(PolicyCodec, ReadsTheGoldenFilesOfForests) {
  const auto first = decode_policy(golden("forests_1", 5));
  EXPECT_EQ(schedule_in(*first), (RunSchedule{{{1, 0.01F}}, 0}));
  const auto bytes = golden("forests_2", 5);
  EXPECT_EQ(schedule_in(*decode_policy(bytes)), schedule_in(*first));
  EXPECT_EQ(encode_policy(*first), bytes) << "the bytes of version 2 are fixed; a change needs a new version";
}

TEST(PolicyCodec, RefusesSchedulesOfForestsThatCannotBe) {
  const auto changed = [](const std::function<void(json&)>& change) {
    const auto sealed = json::from_cbor(golden("forests_2", 5))["payload"].get_binary();
    json payload = json::from_cbor(static_cast<const Bytes&>(sealed));
    change(payload["forests"]);
    return decode_policy(seal_payload(json::to_cbor(payload), 5));
  };
  const auto refuse = [&](const std::function<void(json&)>& change, std::string_view message) {
    EXPECT_TRIAGE_ERROR(changed(change), ErrorCode::kPolicy, message);
  };
  const auto run = [](int model, double share) { return json{{"model", model}, {"share", share}}; };
  const auto several = changed([&](json& f) { f["before"] = {run(0, 0.125), run(1, 0.25)}; });
  EXPECT_EQ(schedule_in(*several), (RunSchedule{{{0, 0.125F}, {1, 0.25F}}, 0}));
  EXPECT_EQ(schedule_in(*decode_policy(encode_policy(*several))), schedule_in(*several));
  refuse([](json& f) { f["version"] = 3; }, "forests.version: 3, expected 1 to 2");
  refuse([](json& f) { f["version"] = 0; }, "forests.version: 0, expected 1 to 2");
  refuse([](json& f) { f["before"][0]["model"] = 2; }, "forests.before[0].model: 2");
  refuse([](json& f) { f["before"][0]["model"] = -1; }, "forests.before[0].model: -1");
  refuse([](json& f) { f["before"][0]["share"] = 0; }, "forests.before[0].share: 0");
  refuse([&](json& f) { f["before"].push_back(run(1, 0.1)); },
         "forests.before[1].model: 1, expected each model once");
  refuse([&](json& f) { f["before"] = std::vector<json>(9, run(0, 0.1)); },
         "forests.before: 9 runs, expected 8 at most");
  refuse([](json& f) { f["last"] = 0.995; }, "forests.schedule: shares 0.01 and 0.995");
  refuse([](json& f) { f["last"] = -0.1; }, "forests.schedule: shares 0.01 and -0.1");
  refuse([](json& f) { f["version"] = 1; }, "forests.slice");
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A file of an older format with these pairs for its training.
std::unique_ptr<Policy> with_old_training(const json& pairs) {
  const auto sealed = json::from_cbor(golden("single", 4))["payload"].get_binary();
  json payload = json::from_cbor(static_cast<const Bytes&>(sealed));
  payload["training"] = pairs;
  return decode_policy(seal_payload(json::to_cbor(payload), 4));
}

TEST(PolicyCodec, OldPairsBecomeFactsWhereTheyAreKnown) {
  const auto policy = with_old_training(Pairs{{"inputs", "120"},
                                              {"inputs_hash", "abc"},
                                              {"criterion", "top1"},
                                              {"labels", "from large: agreement, not accuracy"},
                                              {"aim", "least time"},
                                              {"seed", "18446744073709551615"}});
  const TrainingFacts& facts = policy->info().training;
  EXPECT_EQ(facts.inputs, 120U);
  EXPECT_EQ(facts.inputs_hash, "abc");
  EXPECT_EQ(facts.labels_from, "large");
  EXPECT_EQ(facts.seed, 0xFFFFFFFFFFFFFFFFU);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(facts.details));
  EXPECT_EQ(facts.notes, (Pairs{{"aim", "least time"}}));
}

TEST(PolicyCodec, OldPairsThatSaySomethingElseAreNotes) {
  const auto policy =
      with_old_training(Pairs{{"inputs", "many"}, {"inputs", ""}, {"seed", "-1"}, {"labels", "by hand"}});
  const TrainingFacts& facts = policy->info().training;
  EXPECT_EQ(facts.notes.size(), 4U);
  EXPECT_EQ(facts.inputs, 0U);
  EXPECT_FALSE(facts.seed.has_value());
  EXPECT_EQ(facts.labels_from, "");
  EXPECT_TRIAGE_ERROR(with_old_training(json::array({json::array({"lonely"})})), ErrorCode::kPolicy,
                      "training[0]: array, expected a pair of texts");
}

TEST(PolicyCodec, KeepsTheFactsOfEveryKind) {
  for (const TrainingDetails& details :
       {TrainingDetails{}, TrainingDetails{CascadeFacts{0.5, 0, true, 0.9, 2}},
        TrainingDetails{CascadeFacts{std::nullopt, 0.9, false, 0.8, 2}},
        TrainingDetails{CascadeFacts{std::nullopt, 0.9, false, 0.8, 2, {1, 0.1}}},
        TrainingDetails{AdaptiveFacts{std::nullopt, -0.005, 0.01, 0.002, 55}},
        TrainingDetails{RoutingFacts{kEnergyCost, 0.9, false, 0.8, 2, 10, 20}},
        TrainingDetails{RoutingFacts{{0.5, 1.0 / 3}, 0.9, false, 0.8, 2, 10, 20}},
        TrainingDetails{SelectorFacts{"cnn"}}}) {
    auto info = info_of({"small"});
    info.training.details = details;
    const auto policy = make_single(std::move(info), 0);
    EXPECT_EQ(decode_policy(encode_policy(*policy))->info().training, policy->info().training)
        << details.index();
  }
}

TEST(PolicyCodec, KeepsTheUnitOfPrices) {
  for (const CostWeights& unit : {kTimeCost, kEnergyCost, CostWeights{1, 40}, CostWeights{0.1, 1.0 / 3}}) {
    AdaptiveParameters parameters = testing::two_stage_adaptive();
    parameters.unit = unit;
    const auto policy = make_adaptive(testing::adaptive_info(), parameters);
    EXPECT_EQ(decode_policy(encode_policy(*policy))->price_unit(), unit) << to_string(unit);
  }
}

// As in files from before votes had weights.
TEST(PolicyCodec, VotesWithoutWeightsAreUniform) {
  for (const auto kind : {"premodel", "weighted"}) {
    const auto policy = decode_policy(encode_policy(*example(kind)));
    const auto& choosers = dynamic_cast<const Premodel&>(*policy).parameters().choosers;
    EXPECT_EQ(std::get<KnnChooser>(choosers[1]).weights,
              kind == std::string_view("weighted") ? VoteWeights::kDistance : VoteWeights::kUniform);
  }
  const auto payload = json::from_cbor(encode_policy(*example("premodel")))["payload"].get_binary();
  const json parts = json::from_cbor(static_cast<const Bytes&>(payload));
  EXPECT_FALSE(parts["premodel"]["choosers"][0].contains("weights"));
}

// ---- damage ----

void expect_refused(std::span<const std::uint8_t> bytes, std::string_view message) {
  try {
    (void)decode_policy(bytes);
    FAIL() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPolicy);
    EXPECT_NE(std::string_view(error.what()).find(message), std::string_view::npos) << error.what();
  }
}

TEST(PolicyCodec, RefusesEveryTruncation) {
  for (const auto kind : kKinds) {
    const auto bytes = encode_policy(*example(kind));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      expect_refused(std::span(bytes).first(size), size == 0 ? "not a policy" : "");
    }
  }
}

// Each item takes many bytes in memory.
TEST(PolicyCodec, RefusesMoreItemsThanAnyPolicyHas) {
  json wide = json::array();
  for (int i = 0; i < 1 << 20; ++i) wide.push_back(0);
  EXPECT_TRIAGE_ERROR(check_cbor(json::to_cbor(wide)), ErrorCode::kPolicy,
                      "more items, expected at most 1048576");
  wide.erase(wide.begin());
  check_cbor(json::to_cbor(wide));
}

TEST(PolicyCodec, NoticesEveryFlippedBit) {
  for (const auto kind : kKinds) {
    const auto bytes = encode_policy(*example(kind));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      auto damaged = bytes;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      try {
        EXPECT_EQ(encode_policy(*decode_policy(damaged)), bytes) << kind << ", bit " << bit;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kPolicy) << error.what();
      }
    }
  }
}

TEST(PolicyCodec, SurvivesRandomBytes) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    Bytes bytes(1 + random.below(200));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    bytes[0] = 0xA4;
    expect_refused(bytes, "");
  }
}

// Damage behind a good checksum: what a faulty or hostile writer could make.
TEST(PolicyCodec, SurvivesFlippedBitsBehindAGoodChecksum) {
  for (const auto kind : kKinds) {
    const auto payload = json::from_cbor(encode_policy(*example(kind)))["payload"].get_binary();
    for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
      Bytes damaged = payload;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      try {
        (void)encode_policy(*decode_policy(seal_payload(damaged)));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kPolicy) << error.what();
      }
    }
  }
}

// ---- one test a check ----

json outer(std::string_view kind) { return json::from_cbor(encode_policy(*example(kind))); }

void refuse_outer(const std::function<void(json&)>& change, std::string_view message) {
  json file = outer("single");
  change(file);
  expect_refused(json::to_cbor(file), message);
}

TEST(PolicyCodec, ChecksTheOuterMap) {
  expect_refused(Bytes{'h', 'e', 'l', 'l', 'o'}, "file: not a policy, expected a CBOR map of 4 entries");
  refuse_outer([](json& f) { f["magic"] = "triage profile"; },
               "magic: 'triage profile', expected 'triage policy'");
  refuse_outer([](json& f) { f["magic"] = 7; }, "magic: number, expected a text");
  refuse_outer([](json& f) { f["format"] = 6; }, "format: 6, expected 1 to 5, those that this build reads");
  refuse_outer([](json& f) { f["format"] = 0; }, "format: 0, expected 1 to 5");
  refuse_outer([](json& f) { f["format"] = 2; },
               "format: 2, expected 5, as in the payload; the file is damaged");
  refuse_outer([](json& f) { f["format"] = "1"; }, "format: string, expected a 32-bit integer");
  refuse_outer([](json& f) { f["sha256"] = std::string(64, '0'); }, "the file is damaged");
  refuse_outer([](json& f) { f["payload"] = "text"; }, "payload: string, expected a byte string");
  refuse_outer(
      [](json& f) {
        f.erase("payload");
        f["other"] = 1;
      },
      "payload: missing, expected a value");
}

void refuse(std::string_view kind, const std::function<void(json&)>& change, std::string_view message) {
  json payload = json::from_cbor(outer(kind)["payload"].get_binary());
  change(payload);
  expect_refused(seal_payload(json::to_cbor(payload)), message);
}

TEST(PolicyCodec, ChecksWhatEveryPolicyHas) {
  refuse(
      "single", [](json& p) { p = json::array(); }, "file: array, expected a map");
  refuse(
      "single", [](json& p) { p["kind"] = "magic"; },
      "kind: 'magic', whose codec is not registered, expected single, premodel, selector, cascade, forests, "
      "ladder, adaptive "
      "or "
      "one with a codec; call triage::register_policy_codec before loading it");
  refuse(
      "single", [](json& p) { p.erase("single"); }, "single: missing");
  refuse(
      "single", [](json& p) { p["single"] = 3; }, "single: number, expected a map");
  refuse(
      "single", [](json& p) { p["criterion"] = "top3"; }, "criterion: 'top3', expected top1 or top5");
  refuse(
      "single", [](json& p) { p["models"] = 1; }, "models: number, expected an array");
  refuse(
      "single", [](json& p) { p["models"] = json::array(); }, "models: none, expected at least one");
  refuse(
      "single", [](json& p) { p["models"][1] = 5; }, "models[1]: number, expected a map");
  refuse(
      "single", [](json& p) { p["models"][1].erase("name"); }, "models[1].name: missing");
  refuse(
      "single", [](json& p) { p["models"][1]["name"] = "small"; }, "models[1]: name 'small'");
  refuse(
      "single", [](json& p) { p["models"][0]["mean_ms"] = "fast"; },
      "models[0].mean_ms: string, expected a number");
  refuse(
      "single", [](json& p) { p["models"][0]["mean_ms"] = -1.0; }, "models[0]: -1");
  refuse(
      "single", [](json& p) { p["models"][0]["p999_ms"] = std::numeric_limits<double>::infinity(); },
      "models[0]: inf");
  refuse(
      "single", [](json& p) { p["schema"]["working_px"] = 4; }, "schema.working_px: 4, expected at least 8");
  refuse(
      "single",
      [](json& p) {
        p["schema"]["features"] = {{{"name", "a"}}};
      },
      "schema.features[0].version: missing");
  refuse(
      "single", [](json& p) { p["n_classes"] = -2; }, "n_classes: -2");
  refuse(
      "single", [](json& p) { p["n_classes"] = 1LL << 40; },
      "n_classes: 1099511627776, expected a 32-bit integer");
  refuse(
      "single", [](json& p) { p["n_classes"] = 2.5; }, "n_classes: 2.5, expected a 32-bit integer");
  refuse(
      "single", [](json& p) { p["machine"] = nullptr; }, "machine: null, expected a text");
}

TEST(PolicyCodec, ChecksTheFactsOfTraining) {
  const auto refuse_facts = [](const std::function<void(json&)>& change, std::string_view message) {
    refuse(
        "trained", [&](json& p) { change(p["training"]); }, message);
  };
  const auto refuse_details = [&](const std::function<void(json&)>& change, std::string_view message) {
    refuse_facts([&](json& t) { change(t["details"]); }, message);
  };
  refuse_facts([](json& t) { t = json::array(); }, "training: array, expected a map");
  refuse_facts([](json& t) { t["inputs"] = -1; }, "training.inputs: -1, expected 0 or more");
  refuse_facts([](json& t) { t.erase("inputs_hash"); }, "training.inputs_hash: missing");
  refuse_facts([](json& t) { t["input_hashes"] = json::binary(Bytes(7)); },
               "training.input_hashes: 7 bytes, expected a multiple of 8");
  refuse_facts(
      [](json& t) {
        t["input_hashes"] = json::binary({2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
      },
      "training.input_hashes: a decrease, expected rising hashes");
  refuse_facts([](json& t) { t["labels_from"] = 1; }, "training.labels_from: number, expected a text");
  refuse_facts([](json& t) { t["seed"] = -1; },
               "training.seed: number, expected an integer of 0 or more, or null");
  refuse_facts([](json& t) { t["notes"][0] = {"lonely"}; },
               "training.notes[0]: array, expected a pair of texts");
  refuse_details(
      [](json& d) { d["kind"] = "magic"; },
      "training.details.kind: 'magic', expected cascade, adaptive, cascade routing, selector or premodel");
  refuse_details([](json& d) { d["label"] = "best"; },
                 "training.details.label: 'best', expected optimum or correct");
  refuse_details([](json& d) { d["cost"] = "money"; },
                 "training.details.cost: 'money', expected time, energy or a sum such as 'ms + 40 j'");
  refuse_details([](json& d) { d["optimum_of"][1] = -1; },
                 "training.details.optimum_of[1]: number, expected an integer of 0 or more");
  refuse_details(
      [](json& d) {
        d["optimum_of"] = {1, 2, 3, 4};
      },
      "training.details.optimum_of: 4, expected at most one more than models");
  refuse_details([](json& d) { d["fallback"] = 2; },
                 "training.details.fallback: 2, expected a model from 0 to 1");
  refuse_details([](json& d) { d["choosers"][1]["kind"] = "forest"; },
                 "training.details.choosers[1].kind: 'forest', expected knn, tree or svm");
  refuse_details([](json& d) { d["distance_limit"]["refuses"] = 1; },
                 "training.details.distance_limit.refuses: number, expected true or false");
  refuse_details([](json& d) { d["selection"][0]["kept"] = nullptr; },
                 "training.details.selection[0].kept: null, expected true or false");
}

TEST(PolicyCodec, ChecksWhatEachKindAdds) {
  refuse(
      "single", [](json& p) { p["single"]["model"] = 2; }, "single.model: 2, expected a model from 0 to 1");
  refuse(
      "cascade", [](json& p) { p["cascade"]["thresholds"] = {0.5}; },
      "cascade.thresholds: 1, expected one less");
  refuse(
      "cascade", [](json& p) { p["cascade"]["thresholds"][1] = "x"; }, "cascade.thresholds[1]: string");
  refuse(
      "cascade", [](json& p) { p["cascade"]["thresholds"][0] = std::numeric_limits<double>::quiet_NaN(); },
      "cascade.thresholds: nan");
  refuse(
      "premodel", [](json& p) { p["premodel"]["k"] = 2; }, "premodel.k: 2, expected an odd number");
  refuse(
      "premodel", [](json& p) { p["premodel"]["n_stages"] = -1; }, "premodel.n_stages: -1");
  refuse(
      "premodel", [](json& p) { p["premodel"]["n_stages"] = 9; }, "premodel.n_stages: 9");
  refuse(
      "premodel", [](json& p) { p["premodel"]["fallback"] = 9; }, "premodel.fallback: 9");
  refuse(
      "premodel",
      [](json& p) {
        p["premodel"]["rows"] = json::binary({1, 2, 3});
      },
      "premodel.rows: 3 bytes, expected a multiple of 4");
  refuse(
      "premodel",
      [](json& p) {
        p["premodel"]["rows"] = json::binary({0, 0, 0, 0});
      },
      "premodel.rows: 1, expected 6 x 1 values");
  refuse(
      "premodel", [](json& p) { p["premodel"]["rows"] = 1; },
      "premodel.rows: number, expected a byte string");
  refuse(
      "premodel", [](json& p) { p["premodel"]["minimum"] = json::binary({}); },
      "premodel.minimum: 0, expected 1 values");
  refuse(
      "premodel",
      [](json& p) {
        p["premodel"]["minimum"] = json::binary({0, 0, 0xC0, 0x7F});
      },
      "premodel.minimum: nan");
  refuse(
      "premodel", [](json& p) { p["premodel"]["ids"] = json::binary({'a'}); },
      "premodel.id_ends: 30, expected 1 at the end");
  refuse(
      "premodel",
      [](json& p) {
        p["premodel"]["optimum"] = json::binary({9, 0, 0, 0});
      },
      "premodel.rows: 6, expected 1 x 1");
  refuse(
      "premodel", [](json& p) { p["schema"]["features"] = json::array(); },
      "schema.features: 0, expected 1 to 64");
  refuse(
      "selector", [](json& p) { p["selector"]["selector"] = 3; }, "selector.selector: 3");
  refuse(
      "selector",
      [](json& p) {
        p["selector"]["chooses"] = json::binary({2, 0, 0, 0});
      },
      "selector.chooses: 2, expected a model other than the selector");
  refuse(
      "selector", [](json& p) { p["selector"].erase("fallback"); }, "selector.fallback: missing");
  refuse(
      "mixed", [](json& p) { p["premodel"]["form"] = "ring"; },
      "premodel.form: 'ring', expected chain or multiclass");
  refuse(
      "mixed", [](json& p) { p["premodel"]["choosers"][1]["kind"] = "forest"; },
      "premodel.choosers[1].kind: 'forest', expected knn, tree or svm");
  refuse(
      "mixed", [](json& p) { p["premodel"]["choosers"][1].erase("left"); },
      "premodel.choosers[1].left: missing");
  refuse(
      "mixed", [](json& p) { p["premodel"]["choosers"][0]["labels"] = 7; },
      "premodel.choosers[0].labels: number, expected a byte string");
  refuse(
      "weighted", [](json& p) { p["premodel"]["choosers"][0]["weights"] = "gravity"; },
      "premodel.choosers[0].weights: 'gravity', expected uniform or distance");
  refuse(
      "weighted", [](json& p) { p["premodel"]["choosers"][1]["weights"] = 1; },
      "premodel.choosers[1].weights: number, expected a text");
  refuse(
      "mixed", [](json& p) { p["premodel"]["choosers"][2]["gamma"] = "x"; },
      "premodel.choosers[2].gamma: string, expected a number");
  refuse(
      "mixed", [](json& p) { p["premodel"]["choosers"] = 1; },
      "premodel.choosers: number, expected an array");
  refuse(
      "mixed", [](json& p) { p["premodel"]["refuse_beyond"] = 1; },
      "premodel.refuse_beyond: number, expected true or false");
  refuse(
      "mixed", [](json& p) { p["premodel"]["max_distance"] = -0.5; }, "premodel.max_distance: -0.5");
}

// ---- CBOR ----

void expect_not_cbor(const Bytes& bytes, std::string_view message) {
  try {
    check_cbor(bytes);
    FAIL() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPolicy);
    EXPECT_NE(std::string_view(error.what()).find(message), std::string_view::npos) << error.what();
  }
}

TEST(CheckCbor, AcceptsWhatTheWriterMakes) {
  const json value{{"a", {1, -2, 3.5, true, false, nullptr, "text", 1e300, 1ULL << 40}},
                   {"b", json::binary(Bytes(300, 7))},
                   {"c", std::numeric_limits<double>::infinity()}};
  EXPECT_NO_THROW(check_cbor(json::to_cbor(value)));
}

TEST(CheckCbor, RefusesWhatCouldHarmAParser) {
  expect_not_cbor({}, "the end of the file");
  expect_not_cbor(Bytes(100000, 0x81), "deeper nesting, expected at most 8 levels");
  expect_not_cbor(Bytes(100000, 0x7F), "without a length");
  expect_not_cbor({0x9F, 0xFF}, "without a length");
  expect_not_cbor({0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                  "a length of 18446744073709551615 bytes");
  expect_not_cbor({0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, "18446744073709551615 entries");
  expect_not_cbor({0xBB, 0x80, 0, 0, 0, 0, 0, 0, 0}, "9223372036854775808 entries");
  expect_not_cbor({0xC1, 0x00}, "a tag");
  expect_not_cbor({0xF7}, "simple value 23");
  expect_not_cbor({0xFA, 0x00}, "a length of 4 bytes");
  expect_not_cbor({0x01, 0x01}, "more bytes, expected the end");
  expect_not_cbor({0x19, 0x01}, "the end of the file");
}

}  // namespace
}  // namespace triage
