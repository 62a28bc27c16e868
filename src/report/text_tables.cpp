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
template <class Figure>
std::string list_classes(const Breakdown& breakdown, const std::vector<std::size_t>& order,
                         const Figure& figure) {
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
  const ScoreWords words = words_of(evaluation);
  const std::string &unit = words.terms().score_unit, time = words.cost_noun();
  Rows2 rows{{"  frontier", unit.empty() ? "AIQ" : "AIQ " + unit, "closed gap %",
              words.costs_are_times() ? "speed-up" : "times cheaper", "gain" + comma(words.gain_unit()),
              "95 % of the way at, %"}};
  const auto add = [&](const Frontier& f) {
    rows.push_back({fmt::format("  {}", frontier_name(f)), words.score_estimate(f.aiq, f.intervals.aiq),
                    percent_estimate(f.closed_gap, f.intervals.closed_gap, 0),
                    times_estimate(f.speed_up_at_equal_score, f.intervals.speed_up_at_equal_score),
                    words.gain_estimate({f.score_gain_at_equal_time, f.intervals.score_gain_at_equal_time}),
                    percent_estimate(f.time_share_for_95, f.intervals.time_share_for_95)});
  };
  add(evaluation.zero_router);
  for (const Frontier& f : evaluation.frontiers) add(f);
  return fmt::format(
             "\nFrontiers: mean height; at SBS's {0} the gap to VBS closed and {1} gained; less {0} at its "
             "score;\n{0}, of SBS's, for 95 % of the way from the cheapest model's score to SBS's\n",
             time, words.is_named() ? words.name() : "points") +
         align(rows);
}

std::string sources_text(const Evaluation& evaluation) {
  if (evaluation.sources.empty()) return {};
  std::vector<std::size_t> inputs(evaluation.sources.size());
  for (const std::int32_t source : evaluation.fold_of) ++inputs[static_cast<std::size_t>(source)];
  Rows2 rows{{"  source", "inputs"}};
  const ScoreWords words = words_of(evaluation);
  const std::string head =
      words.is_named() ? words.head() : score_head(evaluation.criterion, evaluation.labels_from);
  for (const MethodId id : evaluation.breakdown.methods) {
    const std::string name = method_name(evaluation, id);
    rows.front().insert(rows.front().end(), {fmt::format("{} {}", name, head), words.cost_unit()});
  }
  for (std::size_t s = 0; s < inputs.size(); ++s) {
    rows.push_back({"  " + evaluation.sources[s], grouped(inputs[s])});
    for (const MethodId id : evaluation.breakdown.methods) {
      const Metrics& here = evaluation.find(id)->folds[s];
      rows.back().insert(rows.back().end(), {words.score(here.score), words.cost(here.mean_ms)});
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
  const ScoreWords words = words_of(evaluation);
  std::string out;
  for (const Decisions& d : evaluation.decisions) {
    Rows2 rows{{"  look", "mostly", "reached %", "answered %", words.is_named() ? words.head() : "right %",
                "wrong to stop", "right to stop", "on for nothing", "lost", "won"}};
    for (std::size_t s = 0; s < d.stages.size(); ++s) {
      const StageDecisions& stage = d.stages[s];
      rows.push_back({fmt::format("  {}", s + 1), stage.models.front().model,
                      share_of(stage.reached, evaluation.n_inputs), share_of(stage.answered, stage.reached),
                      words.score(stage.right, 1), percent(stage.wrong_to_stop, 2),
                      percent(stage.right_to_stop, 2), percent(stage.for_nothing),
                      percent(stage.lost_going_on, 2), percent(stage.won_going_on, 2)});
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
  const ScoreWords words = words_of(evaluation);
  const std::string ms = " " + words.cost_unit();
  Rows2 rows{{"  tenth", "difficulty", words.head_of("SBS"), words.head_of(name),
              words.is_named() ? "gain" + comma(words.gain_unit()) : "points", "SBS" + ms, name + ms,
              "looks"}};
  for (const InputGroup& group : b.deciles) {
    const GroupFigures &sbs = group.methods[0], &own = group.methods[b.subject];
    rows.push_back({fmt::format("  {}", group.name), fmt::format("{:.3f}", group.difficulty),
                    words.score(sbs.score, 1), words.score(own.score, 1), words.gain(own.score - sbs.score),
                    words.cost(sbs.ms), words.cost(own.ms), fmt::format("{:.2f}", own.looks)});
  }
  return "\nTenths of the inputs by difficulty, 1 less the models' mean probability of the label\n" +
         align(rows);
}

std::string classes_text(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  constexpr std::size_t kFewest = 10;  // inputs a class; fewer say nothing
  if (b.classes.size() < 2 || b.subject == 0 || evaluation.n_inputs < kFewest * b.classes.size()) return {};
  const ScoreWords words = words_of(evaluation);
  auto worst = worst_classes(b);
  std::erase_if(worst, [&](std::size_t cls) { return net_gain(b, cls) >= 0; });
  std::string out = "\n";
  const std::string losses = list_classes(b, worst, [&](const InputGroup& g, std::size_t s) {
    return words.gain(g.methods[s].score - g.methods[0].score);
  });
  out += wrap(fmt::format("Classes where {} loses against SBS, in {} (inputs): {}.",
                          method_name(evaluation, b.methods[b.subject]), words.named_unit(),
                          losses.empty() ? "none" : losses),
              "", "  ");
  out +=
      wrap(fmt::format(
               "Dearest classes, in {} (inputs): {}.", words.cost_unit(),
               list_classes(b, dearest_classes(b),
                            [&](const InputGroup& g, std::size_t s) { return words.cost(g.methods[s].ms); })),
           "", "  ");
  return out;
}

std::string reliability_text(const Evaluation& evaluation) {
  if (evaluation.reliability.empty() || !words_of(evaluation).is_share()) return {};
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
