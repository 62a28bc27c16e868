#include "cli/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "calibrate/setting_losses.h"
#include "cli/cli.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

using Json = nlohmann::json;

std::string model_name(const Classifier& classifier, ModelIndex model) {
  return triage::model_name(classifier.policy().info(), model);
}

std::span<const ClassProbability> first(const TopK& answer, int top) {
  const auto entries = answer.entries();
  return entries.first(std::min(entries.size(), static_cast<std::size_t>(top)));
}

// "resnet after linear", the models in the order in which they ran, the answering one in front.
std::string who(const Classifier& classifier, const Outcome& outcome) {
  if (outcome.refused) return "refused";
  std::string others;
  for (const Look& look : outcome.looks) {
    if (look.model == outcome.model) continue;
    others += (others.empty() ? "" : ", ") + model_name(classifier, look.model);
  }
  if (outcome.model == kNoModel) return "combined from " + others;
  const std::string name = model_name(classifier, outcome.model);
  return others.empty() ? name : name + " after " + others;
}

// What a caller has to know of how the answer came about.
std::vector<std::string> notes_of(const Outcome& outcome) {
  std::vector<std::string> notes;
  if (outcome.limited) notes.emplace_back("a cap decided: the policy would have run another model");
  if (outcome.breached)
    notes.push_back(fmt::format("over the latency cap: {:.3f} ms were used", outcome.elapsed_ms));
  if (outcome.below_confidence)
    notes.emplace_back("its confidence is below the one asked for, and nobody is left to ask");
  if (outcome.certified) notes.emplace_back("covered by the policy's certificate");
  return notes;
}

// The promise that covers the answer, as the policy's certificate makes it; nullptr where none does.
const Certificate* certificate_of(const Classifier& classifier, const Outcome& outcome) {
  return outcome.certified ? classifier.policy().certificate() : nullptr;
}

void print_certificate(const Classifier& classifier, const Outcome& outcome) {
  const Certificate* certificate = certificate_of(classifier, outcome);
  if (certificate == nullptr) return;
  fmt::print(
      "  promise   {}, calibrated on {} inputs{}\n", printable(promise_of(*certificate)), certificate->inputs,
      certificate->labels_from.empty()
          ? std::string()
          : printable(fmt::format(", where the answers of {} count as right", certificate->labels_from)));
}

Json certificate_json(const Classifier& classifier, const Outcome& outcome) {
  const Certificate* certificate = certificate_of(classifier, outcome);
  if (certificate == nullptr) return nullptr;
  return {{"max_loss", certificate->max_loss},
          {"delta", certificate->delta},
          {"versus", certificate->versus},
          {"inputs", certificate->inputs},
          {"labels_from", certificate->labels_from}};
}

// What always running the best model would have cost.
void print_alternative(const Classifier& classifier, const Classification& result) {
  const PolicyModel& best = classifier.policy().info().best;
  if (best.name.empty()) return;
  fmt::print("  instead   always {}, the best single model: {:.3f} ms on average, {:.2f} times this\n",
             printable(best.name), best.mean_ms, best.mean_ms / result.total_ms);
}

void print_classes(const Classifier& classifier, const TopK& answer, int top) {
  const auto entries = first(answer, top);
  std::size_t width = 0;
  for (const ClassProbability& entry : entries) {
    width = std::max(width, printable(classifier.label_name(entry.cls)).size());
  }
  for (const ClassProbability& entry : entries) {
    fmt::print("  {:<{}}  {:>5.1f} %\n", printable(classifier.label_name(entry.cls)), width,
               100.0 * static_cast<double>(entry.probability));
  }
}

std::string join_values(const std::vector<std::pair<std::string, double>>& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += fmt::format("{}{} {:.4g}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

// The trace's event of this kind; nullptr where there is none.
template <class Event>
const Event* find_event(const Trace& trace) {
  for (const TraceEvent& event : trace) {
    if (const auto* found = std::get_if<Event>(&event)) return found;
  }
  return nullptr;
}

// Raw and, where the policy scales, scaled.
void print_features(const Classifier& classifier, const Shown& shown) {
  const auto* scaled = find_event<FeaturesScaled>(shown.trace);
  const auto& features = classifier.policy().info().schema.features;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const float value = shown.result.outcome.features[i];
    if (std::isnan(value)) continue;
    fmt::print("  feature   {} = {:.6g}{}\n", features[i].name, value,
               scaled == nullptr ? std::string() : fmt::format(", scaled {:.4g}", scaled->values[i]));
  }
}

// What was known first, then what was made of it.
void print_why(const Classifier& classifier, const Shown& shown) {
  print_features(classifier, shown);
  const PolicyInfo& info = classifier.policy().info();
  if (const auto* nearest = find_event<NearestInputs>(shown.trace)) {
    for (const auto& input : nearest->inputs) {
      fmt::print("  near      {} at {:.4f}, optimum {}\n", printable(input.id), input.distance,
                 printable(triage::model_name(info, input.optimum)));
    }
  }
  for (const TraceEvent& event : shown.trace) {
    if (std::holds_alternative<FeaturesRead>(event) || std::holds_alternative<FeaturesScaled>(event) ||
        std::holds_alternative<NearestInputs>(event)) {
      continue;  // they stand above
    }
    const TraceLine line = describe(event, info);
    const std::string values = join_values(line.values);
    fmt::print("  why       {}{}\n", printable(line.what),
               values.empty() ? "" : printable(" (" + values + ")"));
  }
  for (const Look& look : shown.result.outcome.looks) {
    fmt::print("  look      {}: {} with {:.1f} %, {:.3f} ms\n", printable(model_name(classifier, look.model)),
               printable(classifier.label_name(look.output.best())), 100.0 * look.confidence, look.cost.ms);
  }
}

Json answer_json(const Classifier& classifier, const TopK& answer, int top) {
  Json list = Json::array();
  for (const ClassProbability& entry : first(answer, top)) {
    list.push_back({{"class", entry.cls},
                    {"label", classifier.label_name(entry.cls)},
                    {"probability", static_cast<double>(entry.probability)}});
  }
  return list;
}

Json looks_json(const Classifier& classifier, const Outcome& outcome) {
  Json list = Json::array();
  for (const Look& look : outcome.looks) {
    list.push_back({{"model", model_name(classifier, look.model)},
                    {"class", look.output.best()},
                    {"confidence", look.confidence},
                    {"ms", look.cost.ms}});
  }
  return list;
}

Json why_json(const Classifier& classifier, const Shown& shown) {
  const PolicyInfo& info = classifier.policy().info();
  Json steps = Json::array(), neighbours = Json::array();
  for (const TraceEvent& event : shown.trace) {
    if (const auto* nearest = std::get_if<NearestInputs>(&event)) {
      for (const auto& input : nearest->inputs) {
        neighbours.push_back({{"input", input.id},
                              {"distance", input.distance},
                              {"optimum", triage::model_name(info, input.optimum)}});
      }
      continue;
    }
    const TraceLine line = describe(event, info);
    Json values = Json::object();
    for (const auto& [name, value] : line.values) values[name] = value;
    steps.push_back({{"what", line.what}, {"values", values}});
  }
  Json values = Json::object();
  const auto& features = classifier.policy().info().schema.features;
  for (std::size_t i = 0; i < features.size(); ++i) {
    values[features[i].name] = static_cast<double>(shown.result.outcome.features[i]);
  }
  Json why{{"steps", steps},
           {"neighbours", neighbours},
           {"features", values},
           {"certificate", certificate_json(classifier, shown.result.outcome)},
           {"best_single", nullptr}};
  const PolicyModel& best = classifier.policy().info().best;
  if (!best.name.empty()) why["best_single"] = {{"model", best.name}, {"mean_ms", best.mean_ms}};
  return why;
}

}  // namespace

void print_text(const Classifier& classifier, const Shown& shown, int top, bool explain) {
  const Classification& result = shown.result;
  const Outcome& outcome = result.outcome;
  fmt::print("{}\n", printable(shown.input));
  print_classes(classifier, outcome.answer, top);
  if (shown.label != kNoLabel) {
    fmt::print("  label     {}: {}\n", printable(classifier.label_name(shown.label)),
               outcome.answer.best() == shown.label ? "right" : "wrong");
  }
  fmt::print("  model     {}\n", printable(who(classifier, outcome)));
  for (const std::string& note : notes_of(outcome)) fmt::print("  note      {}\n", note);
  if (explain) print_why(classifier, shown);
  if (explain) print_certificate(classifier, outcome);
  if (explain) print_alternative(classifier, result);
  fmt::print(
      "  time      {:.3f} ms: features {:.3f}, decision {:.3f}, preprocess {:.3f}, inference {:.3f}; decode "
      "{:.3f} apart\n\n",
      result.total_ms, outcome.features_ms, outcome.decision_ms, result.preprocess_ms, result.infer_ms,
      shown.decode_ms);
}

Json to_json(const Classifier& classifier, const Shown& shown, int top, bool explain) {
  const Classification& result = shown.result;
  const Outcome& outcome = result.outcome;
  Json document = {{"input", shown.input},
                   {"refused", outcome.refused},
                   {"limited", outcome.limited},
                   {"breached", outcome.breached},
                   {"below_confidence", outcome.below_confidence},
                   {"certified", outcome.certified},
                   {"elapsed_ms", outcome.elapsed_ms},
                   {"model", nullptr},
                   {"answer", answer_json(classifier, outcome.answer, top)},
                   {"looks", looks_json(classifier, outcome)},
                   {"times_ms",
                    {{"decode", shown.decode_ms},
                     {"features", outcome.features_ms},
                     {"decision", outcome.decision_ms},
                     {"preprocess", result.preprocess_ms},
                     {"inference", result.infer_ms},
                     {"total", result.total_ms}}}};
  if (outcome.model != kNoModel) document["model"] = model_name(classifier, outcome.model);
  if (shown.label != kNoLabel) {
    document["label"] = {{"class", shown.label}, {"label", classifier.label_name(shown.label)}};
  }
  if (explain) document["why"] = why_json(classifier, shown);
  return document;
}

}  // namespace triage::cli
