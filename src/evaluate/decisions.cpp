#include "evaluate/decisions.h"

#include <algorithm>

#include "base/parallel.h"
#include "replay/replay_backend.h"

namespace triage {
namespace {

struct StageTally {
  std::vector<std::size_t> models;  // (m) whose look it was
  std::size_t reached = 0, answered = 0, right = 0;
  std::size_t chosen = 0, wrong_to_stop = 0, right_to_stop = 0;
  std::size_t went_on = 0, for_nothing = 0, lost = 0, won = 0;
};

// A policy's order on one input, run to the end whatever the policy would do.
class LookOrder {
 public:
  LookOrder(const Table& table, const Policy& policy, Request request, Criterion criterion)
      : table_(&table),
        policy_(&policy),
        backend_(table, policy.info()),
        features_(policy.info().schema.size(), std::numeric_limits<float>::quiet_NaN()),
        request_(request),
        order_(policy.look_order(request)),
        criterion_(criterion) {}

  void run(std::size_t input) {
    input_ = input;
    backend_.begin(input);
    looks_.clear();
    for (const OrderedLook& each : order_) {
      looks_.push_back(backend_.run(each.model));
      looks_.back().model = each.model;
    }
  }
  [[nodiscard]] std::size_t size() const { return looks_.size(); }
  [[nodiscard]] ModelIndex model(std::size_t stage) const {
    return backend_.table_model(looks_[stage].model);
  }
  // Whether what is known after this stage's look is right.
  [[nodiscard]] bool is_right(std::size_t stage) const {
    const Action action = policy_->answer({.features = features_,
                                           .looks = std::span(looks_).first(stage + 1),
                                           .spent = {},
                                           .request = request_});
    if (action.kind != Action::Kind::kAnswer) return false;
    // A single model's answer is scored by the label's exact rank, as in replay.
    if (action.model != kNoModel) {
      return table_->score(input_, backend_.table_model(action.model), criterion_) > 0;
    }
    return score_of_answer(action.answer, table_->labels[input_], criterion_) > 0;
  }

 private:
  const Table* table_;
  const Policy* policy_;
  ReplayBackend backend_;
  std::vector<float> features_;
  Request request_;
  std::vector<OrderedLook> order_;
  Criterion criterion_;
  std::size_t input_ = 0;
  std::vector<Look> looks_;
};

void count_input(const LookOrder& chain, std::size_t input, const Replay& replay, bool is_right,
                 std::vector<StageTally>& counts) {
  const std::size_t last = replay.looks[input] - 1U;
  for (std::size_t stage = 0; stage <= last; ++stage) {
    StageTally& c = counts[stage];
    ++c.reached;
    ++c.models[static_cast<std::size_t>(chain.model(stage))];
    if (stage == last) break;
    const bool here = chain.is_right(stage);
    ++c.went_on;
    c.for_nothing += here ? 1 : 0;
    c.lost += here && !is_right ? 1 : 0;
    c.won += !here && is_right ? 1 : 0;
  }
  StageTally& c = counts[last];
  ++c.answered;
  c.right += is_right ? 1 : 0;
  if (last + 1 == chain.size() || replay.limited[input] != 0) return;
  const bool in_the_end = chain.is_right(chain.size() - 1);
  ++c.chosen;
  c.wrong_to_stop += !is_right && in_the_end ? 1 : 0;
  c.right_to_stop += is_right && !in_the_end ? 1 : 0;
}

struct FoldCounts {
  std::vector<StageTally> stages;
  std::size_t left_out = 0;
};

FoldCounts count_fold(const Table& table, Rows rows, const Policy& policy, const Request& request,
                      const Replay& replay, Criterion criterion) {
  FoldCounts out;
  LookOrder chain(table, policy, request, criterion);
  const auto& scores = replay.score(criterion);
  for (const std::uint32_t input : rows) {
    const std::size_t looks = replay.looks[input];
    chain.run(input);
    const bool is_on_it = replay.model[input] != kNoModel && looks >= 1 && looks <= chain.size() &&
                          chain.model(looks - 1) == replay.model[input];
    if (!is_on_it) {
      ++out.left_out;
      continue;
    }
    while (out.stages.size() < chain.size()) {
      out.stages.emplace_back().models.assign(table.n_models(), 0);
    }
    count_input(chain, input, replay, scores[input] > 0, out.stages);
  }
  return out;
}

void add(const StageTally& from, StageTally& to) {
  to.models.resize(from.models.size());
  for (std::size_t m = 0; m < from.models.size(); ++m) to.models[m] += from.models[m];
  for (const auto member :
       {&StageTally::reached, &StageTally::answered, &StageTally::right, &StageTally::chosen,
        &StageTally::wrong_to_stop, &StageTally::right_to_stop, &StageTally::went_on,
        &StageTally::for_nothing, &StageTally::lost, &StageTally::won}) {
    to.*member += from.*member;
  }
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? kNotMeasured : static_cast<double>(part) / static_cast<double>(whole);
}

StageDecisions to_stage(const Table& table, const StageTally& c) {
  StageDecisions stage;
  for (std::size_t m = 0; m < c.models.size(); ++m) {
    if (c.models[m] > 0) stage.models.push_back({table.models[m].name, share(c.models[m], c.reached)});
  }
  std::stable_sort(stage.models.begin(), stage.models.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  stage.reached = c.reached;
  stage.answered = c.answered;
  stage.chosen = c.chosen;
  stage.right = share(c.right, c.answered);
  stage.wrong_to_stop = share(c.wrong_to_stop, c.chosen);
  stage.right_to_stop = share(c.right_to_stop, c.chosen);
  stage.for_nothing = share(c.for_nothing, c.went_on);
  stage.lost_going_on = share(c.lost, c.went_on);
  stage.won_going_on = share(c.won, c.went_on);
  return stage;
}

}  // namespace

bool looks_in_order(const Policy& policy) {
  return policy.info().models.size() > 1 && !policy.look_order({}).empty();
}

Decisions count_decisions(const Table& table, std::span<const Fold> folds, const MethodPolicies& policies,
                          const Replay& replay, Criterion criterion) {
  std::vector<FoldCounts> by_fold(folds.size());
  for_each_parallel(folds.size(), [&](std::size_t f) {
    by_fold[f] = count_fold(table, folds[f].test, *policies.by_fold[f], policies.request, replay, criterion);
  });
  Decisions out;
  out.method = policies.method;
  std::vector<StageTally> counts;
  for (const FoldCounts& fold : by_fold) {
    out.left_out += fold.left_out;
    counts.resize(std::max(counts.size(), fold.stages.size()));
    for (std::size_t s = 0; s < fold.stages.size(); ++s) add(fold.stages[s], counts[s]);
  }
  for (const StageTally& c : counts) {
    if (c.reached > 0) out.stages.push_back(to_stage(table, c));
  }
  return out;
}

}  // namespace triage
