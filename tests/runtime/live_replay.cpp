#include "runtime/live_replay.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cascade_policy.h"
#include "replay/replay_backend.h"
#include "triage/classifier.h"
#include "triage/engine.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/learn.h"
#include "triage/tools/profile.h"

namespace triage::testing {
namespace {

struct Named {
  std::string name;
  std::unique_ptr<Policy> policy;
};

// Every model of the table in turn, until one is sure: what a trained cascade may be too clever to do.
std::unique_ptr<Policy> cascade_of_all(const Table& table) {
  PolicyInfo info;
  info.n_classes = table.n_classes;
  for (const TableModel& model : table.models) {
    info.models.push_back({{model.name, model.fingerprint}});
  }
  return make_cascade(info, {.thresholds = std::vector<double>(info.models.size() - 1, 0.8)});
}

// Models with rising costs, except that the first two have changed places, as they have by
// their true times on the default zoo. What is learned then does not depend on how busy the machine was.
void set_times(Table& table) {
  for (std::size_t i = 0; i < table.infer_ms.size(); ++i) {
    const std::size_t model = i % table.n_models();
    table.infer_ms[i] = 0.1F * static_cast<float>(model < 2 ? 2 - model : 1 + model);
  }
  std::fill(table.preprocess_ms.begin(), table.preprocess_ms.end(), 0.0F);
}

// Every kind, with every kind of fallback and from cheap to thorough.
std::vector<Named> train_all(const Table& table, Rows rows) {
  std::vector<Named> policies;
  policies.push_back({"single", train_single(table, rows, Criterion::kTop1, 1)});
  for (const std::string& fallback :
       {std::string("best"), std::string("refuse"), table.models.front().name}) {
    PremodelOptions options;
    options.theta = 0;
    options.fallback = fallback;
    policies.push_back({"premodel-" + fallback, train_premodel(table, rows, {}, options).policy});
  }
  for (const char* kind : {"knn", "dt", "svm", "dt.svm.knn"}) {
    PremodelOptions options;
    options.theta = 0;
    options.kind = kind;
    policies.push_back({std::string("premodel-") + kind, train_premodel(table, rows, {}, options).policy});
  }
  for (const TableSelector& selector : table.selectors) {
    PremodelOptions options;
    options.kind = "cnn";
    options.selector = selector.name;
    options.fallback = "refuse";
    policies.push_back({"premodel-cnn", train_premodel(table, rows, {}, options).policy});
  }
  PremodelOptions limited;
  limited.theta = 0;
  limited.label = PremodelLabel::kCorrect;
  limited.max_distance_quantile = 0.5;
  policies.push_back({"premodel-limited", train_premodel(table, rows, {}, limited).policy});
  policies.push_back({"cascade-of-all", cascade_of_all(table)});
  for (const double margin : {-0.05, 0.0}) {
    policies.push_back({"cascade-" + std::to_string(margin), train_cascade(table, rows, {.margin = margin})});
  }
  for (const double price : {0.0, 0.003, 0.03, 0.3, 3.0}) {
    AdaptiveOptions options;
    options.price = price;
    policies.push_back({fmt::format("adaptive-price-{}", price), train_adaptive(table, rows, {}, options)});
  }
  policies.push_back({"adaptive", train_adaptive(table, rows, {})});
  for (const double price : {0.0, 0.01, 1.0}) {
    CascadeOptions options;
    options.price = price;
    policies.push_back({"cascade-price-" + std::to_string(price), train_cascade(table, rows, {}, options)});
  }
  return policies;
}

void expect_same_answer(const TopK& replayed, const TopK& live) {
  ASSERT_EQ(replayed.entries().size(), live.entries().size());
  for (std::size_t i = 0; i < live.entries().size(); ++i) {
    EXPECT_EQ(replayed.entries()[i].cls, live.entries()[i].cls);
    EXPECT_EQ(replayed.entries()[i].probability, live.entries()[i].probability);
  }
  EXPECT_EQ(replayed.residual(), live.residual());
  EXPECT_EQ(replayed.n_classes(), live.n_classes());
}

void expect_same_outcome(const Result& replayed, const Result& live) {
  EXPECT_EQ(replayed.refused, live.refused);
  EXPECT_EQ(replayed.model, live.model);
  expect_same_answer(replayed.answer, live.answer);
  ASSERT_EQ(replayed.looks.size(), live.looks.size());
  for (std::size_t i = 0; i < live.looks.size(); ++i) {
    EXPECT_EQ(replayed.looks[i].model, live.looks[i].model);
    EXPECT_EQ(replayed.looks[i].confidence, live.looks[i].confidence);
    expect_same_answer(replayed.looks[i].output, live.looks[i].output);
  }
  ASSERT_EQ(replayed.features.size(), live.features.size());
  for (std::size_t i = 0; i < live.features.size(); ++i) {
    EXPECT_TRUE(replayed.features[i] == live.features[i] ||
                (std::isnan(replayed.features[i]) && std::isnan(live.features[i])));
  }
}

// What a policy did over all images, to see that the comparison was not an empty one.
struct Seen {
  std::set<ModelIndex> models;
  std::size_t refused = 0;
  std::size_t most_looks = 0;
  std::size_t combined = 0;
};

Seen compare(const Table& table, const Dataset& data, const Policy& trained, const Classifier& classifier,
             const Request& request) {
  Seen seen;
  ReplayBackend backend(table, trained.info());
  Result replayed;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    SCOPED_TRACE(table.ids[i]);
    EXPECT_EQ(table.ids[i], data.id(i));
    backend.begin(i);
    drive(trained, backend, steady_clock(), replayed, request);
    const Result live = classifier.classify(data.load(i, {}), request);
    expect_same_outcome(replayed, live);
    if (live.refused) ++seen.refused;
    if (!live.refused) seen.models.insert(live.model);
    if (!live.refused && live.model == kNoModel) ++seen.combined;
    seen.most_looks = std::max(seen.most_looks, live.looks.size());
    if (::testing::Test::HasFailure()) break;  // one image tells enough
  }
  return seen;
}

}  // namespace

void expect_live_equals_replay(const std::filesystem::path& zoo_path, const Dataset& data,
                               const std::filesystem::path& folder) {
  const Zoo zoo = load_zoo(zoo_path);
  const std::filesystem::path profile = folder / "x.profile";
  {
    EngineSet engines;
    measure_profile(zoo, engines, data, {}, profile);
  }
  const std::filesystem::path profiles[] = {profile};
  Table table = load_table(profiles);
  set_times(table);
  ASSERT_EQ(table.n_inputs(), data.size());
  std::vector<std::uint32_t> rows(table.n_inputs() / 2);
  std::iota(rows.begin(), rows.end(), 0U);

  std::map<std::string, Seen> seen;
  for (const Named& named : train_all(table, rows)) {
    SCOPED_TRACE(named.name);
    const std::filesystem::path path = folder / (named.name + ".triage");
    save_policy(*named.policy, path);
    const auto classifier = Classifier::load(path, zoo_path, {.cache_dir = ""});
    seen[named.name] = compare(table, data, *named.policy, classifier, {});
    Request sure;
    sure.min_confidence = 0.99;
    seen[named.name + "-sure"] = compare(table, data, *named.policy, classifier, sure);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(seen["single"].models.size(), 1U);
  EXPECT_GE(seen["premodel-best"].models.size(), 2U);
  EXPECT_GT(seen["premodel-refuse"].refused, 0U);
  EXPECT_GT(seen["premodel-limited"].refused, 0U);
  EXPECT_GE(seen["premodel-dt.svm.knn"].models.size(), 2U);
  EXPECT_EQ(seen["premodel-best"].refused, 0U);
  if (!table.selectors.empty()) {
    EXPECT_GE(seen["premodel-cnn"].models.size(), 3U);
    EXPECT_GT(seen["premodel-cnn"].refused, 0U);
    EXPECT_EQ(seen["premodel-cnn"].most_looks, 2U);
    EXPECT_GT(seen["adaptive-price-0"].combined, 0U);
    // At some price one look is sometimes answer enough, and less often when the answer has to be sure.
    const auto decides = [&](std::string_view price) {
      const Seen& usual = seen[fmt::format("adaptive-price-{}", price)];
      const Seen& sure = seen[fmt::format("adaptive-price-{}-sure", price)];
      return !usual.models.empty() && usual.combined > 0 && sure.combined > usual.combined;
    };
    EXPECT_TRUE(decides("0") || decides("0.003") || decides("0.03") || decides("0.3"));
  }
  EXPECT_GE(seen["cascade-of-all"].models.size(), 2U);
  EXPECT_GE(seen["cascade-of-all"].most_looks, 2U);
}

}  // namespace triage::testing
