// The text's tables of frontiers, stops, groups and confidence.
#include <fmt/format.h>

#include <cmath>

#include "evaluate/class_ranking.h"
#include "report/method_names.h"
#include "report/phrases.h"
#include "report/text_layout.h"

namespace triage {
namespace {

using Rows2 = std::vector<std::vector<std::string>>;

std::string share_of(std::size_t part, std::size_t whole) {
  return whole == 0 ? kNoFigure : percent(static_cast<double>(part) / static_cast<double>(whole));
}

// "shirt -0.42 (5,100)": the class, its figure, its inputs.
std::string list_classes(const Breakdown& breakdown, const std::vector<std::size_t>& order,
                         std::string (*figure)(const InputGroup&, std::size_t)) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t k = 0; k < std::min(kShown, order.size()); ++k) {
    const InputGroup& group = breakdown.classes[order[k]];
    out += fmt::format("{}{} {} ({})", k == 0 ? "" : "; ", group.name, figure(group, breakdown.subject),
                       grouped(group.inputs));
  }
  return out;
}

}  // namespace

std::string frontiers_text(const Evaluation& evaluation) {
  if (evaluation.frontiers.empty()) return {};
  Rows2 rows{{"  frontier", "AIQ %", "closed gap %", "speed-up", "gain, points", "95 % of the way at, %"}};
  const auto add = [&](const Frontier& f) {
    rows.push_back({fmt::format("  {}", frontier_name(f)), percent_estimate(f.aiq, f.intervals.aiq),
                    percent_estimate(f.closed_gap, f.intervals.closed_gap, 0),
                    times_estimate(f.speed_up_at_equal_score, f.intervals.speed_up_at_equal_score),
                    points_estimate(f.score_gain_at_equal_time, f.intervals.score_gain_at_equal_time),
                    percent_estimate(f.time_share_for_95, f.intervals.time_share_for_95)});
  };
  add(evaluation.zero_router);
  for (const Frontier& f : evaluation.frontiers) add(f);
  return "\nFrontiers: mean height; at SBS's time the gap to VBS closed and points gained; less time at its "
         "score;\ntime, of SBS's, for 95 % of the way from the cheapest model's score to SBS's\n" +
         align(rows);
}

std::string sources_text(const Evaluation& evaluation) {
  if (evaluation.sources.empty()) return {};
  std::vector<std::size_t> inputs(evaluation.sources.size());
  for (const std::int32_t source : evaluation.fold_of) ++inputs[static_cast<std::size_t>(source)];
  Rows2 rows{{"  source", "inputs"}};
  for (const MethodId id : evaluation.breakdown.methods) {
    const std::string name = method_name(evaluation, id);
    rows.front().insert(
        rows.front().end(),
        {fmt::format("{} {}", name, score_head(evaluation.criterion, evaluation.labels_from)), "ms"});
  }
  for (std::size_t s = 0; s < inputs.size(); ++s) {
    rows.push_back({"  " + evaluation.sources[s], grouped(inputs[s])});
    for (const MethodId id : evaluation.breakdown.methods) {
      const Metrics& here = evaluation.find(id)->folds[s];
      rows.back().insert(rows.back().end(), {percent(here.score, 2), milliseconds(here.mean_ms)});
    }
  }
  return fmt::format("\nBy source, trained on the others\n{}", align(rows));
}

std::string request_text(const Evaluation& evaluation) {
  const std::string asked = request_phrase(evaluation);
  if (asked.empty()) return {};
  Rows2 rows{{"  policy", "limited %", "breached %", "unsure %"}};
  for (const Method& m : evaluation.methods) {
    if (m.id.kind != MethodKind::kPolicy) continue;
    rows.push_back({fmt::format("  {}", method_name(evaluation, m.id)), percent(m.pooled.limited, 2),
                    percent(m.pooled.breached, 2), percent(m.pooled.unsure, 2)});
  }
  return fmt::format(
      "\nAsked for {}: inputs on which a cap decided, which took longer all the same, whose "
      "confidence fell short\n{}",
      asked, align(rows));
}

std::string decisions_text(const Evaluation& evaluation) {
  std::string out;
  for (const Decisions& d : evaluation.decisions) {
    Rows2 rows{{"  look", "mostly", "reached %", "answered %", "right %", "wrong to stop", "right to stop",
                "on for nothing", "lost", "won"}};
    for (std::size_t s = 0; s < d.stages.size(); ++s) {
      const StageDecisions& stage = d.stages[s];
      rows.push_back({fmt::format("  {}", s + 1), stage.models.front().model,
                      share_of(stage.reached, evaluation.n_inputs), share_of(stage.answered, stage.reached),
                      percent(stage.right), percent(stage.wrong_to_stop, 2), percent(stage.right_to_stop, 2),
                      percent(stage.for_nothing), percent(stage.lost_going_on, 2),
                      percent(stage.won_going_on, 2)});
    }
    out += fmt::format(
        "\n{}: stops that the last look would have put right or spoiled, % of the chosen stops; "
        "continued, % of those\n{}",
        method_name(evaluation, d.method), align(rows));
  }
  return out;
}

std::string difficulty_text(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  if (b.deciles.empty() || b.subject == 0) return {};
  const std::string name = method_name(evaluation, b.methods[b.subject]);
  Rows2 rows{{"  tenth", "difficulty", "SBS %", name + " %", "points", "SBS ms", name + " ms", "looks"}};
  for (const InputGroup& group : b.deciles) {
    const GroupFigures &sbs = group.methods[0], &own = group.methods[b.subject];
    rows.push_back({fmt::format("  {}", group.name), fmt::format("{:.3f}", group.difficulty),
                    percent(sbs.score), percent(own.score), points(own.score - sbs.score),
                    milliseconds(sbs.ms), milliseconds(own.ms), fmt::format("{:.2f}", own.looks)});
  }
  return "\nTenths of the inputs by difficulty, 1 less the models' mean probability of the label\n" +
         align(rows);
}

std::string classes_text(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  constexpr std::size_t kFewest = 10;  // inputs a class; fewer say nothing
  if (b.classes.size() < 2 || b.subject == 0 || evaluation.n_inputs < kFewest * b.classes.size()) return {};
  auto worst = worst_classes(b);
  std::erase_if(worst, [&](std::size_t cls) { return net_gain(b, cls) >= 0; });
  std::string out = "\n";
  const std::string losses = list_classes(b, worst, [](const InputGroup& g, std::size_t s) {
    return points(g.methods[s].score - g.methods[0].score);
  });
  out += wrap(fmt::format("Classes where {} loses against SBS, in points (inputs): {}.",
                          method_name(evaluation, b.methods[b.subject]), losses.empty() ? "none" : losses),
              "", "  ");
  out += wrap(fmt::format("Dearest classes, in ms (inputs): {}.",
                          list_classes(b, dearest_classes(b),
                                       [](const InputGroup& g, std::size_t s) {
                                         return milliseconds(g.methods[s].ms);
                                       })),
              "", "  ");
  return out;
}

std::string reliability_text(const Evaluation& evaluation) {
  if (evaluation.reliability.empty()) return {};
  std::string list;
  for (const Reliability& r : evaluation.reliability) {
    list += fmt::format("{}{} {} ({})", list.empty() ? "" : ", ", method_name(evaluation, r.method),
                        percent(r.ece, 2), points(r.confidence - r.right));
  }
  std::string out = "\n";
  out += wrap(fmt::format("Expected calibration error of the confidence, points (mean confidence less share "
                          "right): {}.",
                          list),
              "", "  ");
  return out;
}

}  // namespace triage
