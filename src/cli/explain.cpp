#include "cli/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "cli/cli.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

std::string model_name(const Classifier& classifier, ModelIndex model) {
  return triage::model_name(classifier.policy()->info(), model);
}

Precision precision_in(const Classifier& classifier, ModelIndex model) {
  return classifier.policy()->info().models[static_cast<std::size_t>(model)].precision;
}

std::span<const ClassProbability> first(const TopK& answer, int top) {
  const auto entries = answer.entries();
  return entries.first(std::min(entries.size(), static_cast<std::size_t>(top)));
}

// "resnet after linear", the models in the order in which they ran, the answering one in front.
std::string who(const Classifier& classifier, const Result& result) {
  if (result.refused) return "refused";
  std::string others;
  for (const Look& look : result.looks) {
    if (look.model == result.model) continue;
    others += (others.empty() ? "" : ", ") + model_name(classifier, look.model);
  }
  if (result.model == kNoModel) return "combined from " + others;
  const std::string name = model_name(classifier, result.model);
  return others.empty() ? name : name + " after " + others;
}

// What a caller has to know about how the answer was reached.
std::vector<std::string> notes_of(const Result& result) {
  std::vector<std::string> notes;
  if (result.limited()) {
    notes.emplace_back(result.refused ? "refused: no model fits into the cap"
                                      : "a cap decided: the policy would have run another model");
  }
  if (result.breached)
    notes.push_back(
        fmt::format("over the latency cap: {} ms were used", format_figure(result.elapsed_ms, 3)));
  if (result.below_confidence)
    notes.emplace_back("its confidence is below the one asked for, and no model is left to run");
  if (result.certified) notes.emplace_back("covered by the policy's certificate");
  return notes;
}

// The promise that covers the answer, as the policy's certificate makes it; nullptr where none does.
const Certificate* certificate_of(const Classifier& classifier, const Result& result) {
  return result.certified ? classifier.policy()->certificate() : nullptr;
}

void print_certificate(const Classifier& classifier, const Result& result) {
  const Certificate* certificate = certificate_of(classifier, result);
  if (certificate == nullptr) return;
  fmt::print(
      "  promise   {}, calibrated on {} inputs{}\n", printable(promise_of(*certificate)), certificate->inputs,
      certificate->labels_from.empty()
          ? std::string()
          : printable(fmt::format(", where the answers of {} count as right", certificate->labels_from)));
}

// What always running the best model would have cost.
void print_alternative(const Classifier& classifier, const Result& result) {
  const PolicyModel& best = classifier.policy()->info().best;
  if (best.name.empty()) return;
  fmt::print("  instead   always {}, the best single model: {} ms on average, {} times this\n",
             printable(best.name), format_figure(best.mean_ms, 3),
             format_figure(best.mean_ms / result.total.ms, 2));
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
void print_features(const Classifier& classifier, const ShownResult& shown) {
  const auto* scaled = find_event<FeaturesScaled>(*shown.result.trace);
  const auto& features = classifier.policy()->info().schema.features;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const float value = shown.result.features[i];
    if (std::isnan(value)) continue;
    fmt::print("  feature   {} = {:.4g}{}\n", features[i].name, value,
               scaled == nullptr ? std::string() : fmt::format(", scaled {:.4g}", scaled->values[i]));
  }
}

// First the evidence, then what the policy made of it.
void print_why(const Classifier& classifier, const ShownResult& shown) {
  print_features(classifier, shown);
  const PolicyInfo& info = classifier.policy()->info();
  if (const auto* nearest = find_event<NearestInputs>(*shown.result.trace)) {
    for (const auto& input : nearest->inputs) {
      fmt::print("  near      {} at {:.4g}, optimum {}\n", printable(input.id), input.distance,
                 printable(triage::model_name(info, input.optimum)));
    }
  }
  for (const TraceEvent& event : *shown.result.trace) {
    if (std::holds_alternative<FeaturesRead>(event) || std::holds_alternative<FeaturesScaled>(event) ||
        std::holds_alternative<NearestInputs>(event)) {
      continue;  // printed above
    }
    const TraceLine line = describe(event, info);
    const std::string values = join_values(line.values);
    fmt::print("  why       {}{}\n", printable(line.what),
               values.empty() ? "" : printable(" (" + values + ")"));
  }
  for (const Look& look : shown.result.looks) {
    const Precision precision = precision_in(classifier, look.model);
    fmt::print("  look      {}{}: {} with {:.1f} %, {:.3f} ms\n",
               printable(model_name(classifier, look.model)),
               precision == Precision::kF32 ? "" : fmt::format(" in {}", to_string(precision)),
               printable(classifier.label_name(look.output.best())), 100.0 * look.confidence, look.cost.ms);
  }
}

}  // namespace

void print_frame(const Classifier& classifier, const ShownResult& shown) {
  const Result& result = shown.result;
  fmt::print("{}: ", printable(shown.input));
  if (!result.refused) {
    fmt::print("{} {:.1f} %, ", printable(classifier.label_name(result.label())),
               100.0 * result.confidence());
  }
  if (result.reused) {
    fmt::print("reused, age {}", result.age);
  } else {
    fmt::print("{}", printable(who(classifier, result)));
  }
  if (!std::isnan(result.frame_difference)) fmt::print(", difference {:.2f}", result.frame_difference);
  fmt::print(", {} ms", format_figure(result.total.ms, 3));
  for (const std::string& note : notes_of(result)) fmt::print("; {}", note);
  fmt::print("\n");
}

void print_result(const Classifier& classifier, const ShownResult& shown, int top, bool explain) {
  const Result& result = shown.result;
  fmt::print("{}\n", printable(shown.input));
  print_classes(classifier, result.answer, top);
  if (shown.label != kNoLabel) {
    fmt::print("  label     {}: {}\n", printable(classifier.label_name(shown.label)),
               result.answer.best() == shown.label ? "right" : "wrong");
  }
  fmt::print("  model     {}\n", printable(who(classifier, result)));
  for (const std::string& note : notes_of(result)) fmt::print("  note      {}\n", note);
  if (explain) print_why(classifier, shown);
  if (explain) print_certificate(classifier, result);
  if (explain) print_alternative(classifier, result);
  fmt::print("  time      {} ms: features {}, decision {}, preprocess {}, inference {}; decode {} apart\n\n",
             format_figure(result.total.ms, 3), format_figure(result.features_ms, 3),
             format_figure(result.decision_ms, 3), format_figure(result.preprocess_ms, 3),
             format_figure(result.infer_ms, 3), format_figure(shown.decode_ms, 3));
}

}  // namespace triage::cli
