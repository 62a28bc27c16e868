#include "study/learning_draw.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/stop.h"
#include "evaluate/baselines.h"
#include "learn/routing/train_cascade_routing.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/clock.h"
#include "triage/error.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

// The kinds that training chooses among, and the methods that they are.
struct CurveKind {
  CurveMethod method;
  PolicyKind kind;
};
constexpr std::array<CurveKind, 5> kCurveKinds{{{CurveMethod::kSbs, PolicyKind::kSingleBest},
                                                {CurveMethod::kCheapestEqual, PolicyKind::kCheapestEqual},
                                                {CurveMethod::kCascadeOfTwo, PolicyKind::kCascadeOfTwo},
                                                {CurveMethod::kCascadeOfThree, PolicyKind::kCascadeOfThree},
                                                {CurveMethod::kAdaptive, PolicyKind::kAdaptive}}};

const CurveKind* kind_of(CurveMethod method) {
  const auto* const found = std::find_if(kCurveKinds.begin(), kCurveKinds.end(),
                                         [&](const CurveKind& kind) { return kind.method == method; });
  return found == kCurveKinds.end() ? nullptr : found;
}

CurveOutcome replay_curve(const Table& table, Rows test, CurveMethod method, const Policy& policy,
                          Criterion criterion) {
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, test, policy, FakeClock(), replay);
  CurveOutcome outcome{method, {}, {}};
  for (const std::uint32_t row : test) {
    outcome.scores.push_back(replay.score(criterion)[row]);
    outcome.ms.push_back(replay.ms[row]);
  }
  return outcome;
}

// What the mixture does on average on each input.
CurveOutcome mix_curve(const Table& table, Rows train, Rows test, double ms, Criterion criterion) {
  Fold fold;
  fold.test.assign(test.begin(), test.end());
  fold.router = zero_router(mean_costs(table, train), mean_scores(table, train, criterion));
  const Mix mix = router_mix(table, fold, ms);
  const auto mixed = [&](double cheap, double dear) {
    return (1 - mix.share_dear) * cheap + mix.share_dear * dear;
  };
  CurveOutcome outcome{CurveMethod::kZeroRouter, {}, {}};
  for (const std::uint32_t row : test) {
    outcome.scores.push_back(
        mixed(table.score(row, mix.cheap, criterion), table.score(row, mix.dear, criterion)));
    outcome.ms.push_back(mixed(table.cost_ms(row, mix.cheap), table.cost_ms(row, mix.dear)));
  }
  return outcome;
}

CurveOutcome copy_as_auto(const LearningDraw& draw) {
  for (const CurveOutcome& outcome : draw.outcomes) {
    const CurveKind* kind = kind_of(outcome.method);
    if (kind == nullptr || kind->kind != draw.auto_kind) continue;
    CurveOutcome copy = outcome;
    copy.method = CurveMethod::kAuto;
    return copy;
  }
  throw Error(ErrorCode::kInternal, "learning: auto chose a kind that was not trained");
}

// Auto, on rows of which the first `n_labelled` keep their labels.
std::unique_ptr<Policy> train_with_unlabelled(const Table& table, Rows rows, std::size_t n_labelled,
                                              const LearnOptions& learn, const AdaptiveOptions& adaptive) {
  Table part = select_table_inputs(table, rows);
  const auto all = all_rows(part);
  draw_labels(part, Rows(all).first(n_labelled), Rows(all).subspan(n_labelled), learn);
  return train_kind(part, all, choose_kind(part, all, learn, adaptive).kind, learn, adaptive);
}

// The rows behind the first n and what else is of the last one's group: training has a part of that.
Rows after_group(const Table& table, Rows order, std::size_t n) {
  while (n < order.size() && table.group_of(order[n]) == table.group_of(order[n - 1])) ++n;
  if (n == order.size()) {
    throw Error(ErrorCode::kUsage,
                "learning: no group of inputs is left to judge by, expected some; profile "
                "inputs of more groups, or leave out the perturbed copies");
  }
  return order.subspan(n);
}

}  // namespace

std::string_view to_string(CurveMethod method) {
  switch (method) {
    case CurveMethod::kAuto:
      return "auto";
    case CurveMethod::kSbs:
      return "SBS";
    case CurveMethod::kUnlabelled:
      return "auto, unlabelled inputs too";
    case CurveMethod::kCascadeRouting:
      return "cascade routing";
    case CurveMethod::kZeroRouter:
      return "zero router";
    default:
      return to_string(kind_of(method)->kind);
  }
}

bool is_judged_rival(CurveMethod method) {
  return method != CurveMethod::kAuto && method != CurveMethod::kAdaptive &&
         method != CurveMethod::kCheapestEqual && method != CurveMethod::kUnlabelled;
}

std::vector<CurveMethod> curve_methods(const Table& table, const LearningOptions& options) {
  std::vector<CurveMethod> methods{CurveMethod::kAuto, CurveMethod::kSbs, CurveMethod::kCheapestEqual,
                                   CurveMethod::kCascadeOfTwo};
  if (table.n_models() >= 3) methods.push_back(CurveMethod::kCascadeOfThree);
  methods.push_back(CurveMethod::kAdaptive);
  if (options.unlabelled > 0) methods.push_back(CurveMethod::kUnlabelled);
  methods.insert(methods.end(), {CurveMethod::kCascadeRouting, CurveMethod::kZeroRouter});
  return methods;
}

LearningDraw make_learning_draw(const Table& table, std::size_t n_train, std::uint64_t draw,
                                const LearningOptions& options) {
  const std::uint64_t seed = mix64(options.seed ^ mix64(draw + 1));
  const auto order = shuffled_groups(table, all_rows(table), seed);
  const Rows train = Rows(order).first(n_train);
  const std::size_t n_left = order.size() - n_train, n_more = std::min(options.unlabelled, n_left / 2);
  const Rows left = after_group(table, order, n_train + n_more);
  const Rows test = left.last(std::min(options.most_judging, left.size()));
  LearnOptions learn = static_cast<const LearnOptions&>(options);
  learn.seed = mix64(seed);  // not the one of the order, by which inner folds would be ordered too
  LearningDraw made{{test.begin(), test.end()}, PolicyKind::kSingleBest, {}};
  made.auto_kind = choose_kind(table, train, learn, options.adaptive).kind;
  for (const CurveMethod method : curve_methods(table, options)) {
    throw_if_stopped(options.stop, "study");
    const CurveKind* kind = kind_of(method);
    if (kind != nullptr) {
      made.outcomes.push_back(replay_curve(table, test, method,
                                           *train_kind(table, train, kind->kind, learn, options.adaptive),
                                           learn.criterion));
    } else if (method == CurveMethod::kUnlabelled) {
      made.outcomes.push_back(replay_curve(table, test, method,
                                           *train_with_unlabelled(table, Rows(order).first(n_train + n_more),
                                                                  n_train, learn, options.adaptive),
                                           learn.criterion));
    } else if (method == CurveMethod::kCascadeRouting) {
      made.outcomes.push_back(
          replay_curve(table, test, method, *train_cascade_routing(table, train, learn), learn.criterion));
    }
  }
  made.outcomes.insert(made.outcomes.begin(), copy_as_auto(made));
  made.outcomes.push_back(mix_curve(table, train, test, mean(made.outcomes.front().ms), learn.criterion));
  return made;
}

}  // namespace triage
