#include "cli/train_command.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage::cli {
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=@%+";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

namespace {

const std::string& best_model(const Evaluation& evaluation) {
  const auto& chosen = evaluation.find({MethodKind::kSbs})->chosen;
  const auto best = std::max_element(chosen.begin(), chosen.end() - 1) - chosen.begin();
  return evaluation.models[static_cast<std::size_t>(best)];
}

// What differs from what `train` does by itself.
std::string premodel_flags(const PremodelOptions& options) {
  const PremodelOptions plain;
  std::string out;
  if (options.kind != plain.kind) out += " --premodel " + shell_word(options.kind);
  if (options.label != plain.label) out += fmt::format(" --label {}", to_string(options.label));
  if (options.theta != plain.theta) out += fmt::format(" --theta {:g}", 100 * options.theta);
  if (options.k != plain.k) out += fmt::format(" --k {}", options.k);
  if (options.weights != plain.weights) out += fmt::format(" --weights {}", to_string(options.weights));
  if (options.fallback != plain.fallback) out += " --fallback " + shell_word(options.fallback);
  if (options.full) out += " --full";
  if (!options.selector.empty()) out += " --selector " + shell_word(options.selector);
  if (options.max_distance_quantile) {
    out += fmt::format(" --max-distance-quantile {:g}", *options.max_distance_quantile);
    if (options.beyond == Beyond::kFallback) out += " --beyond fallback";
  }
  return out;
}

}  // namespace

std::string train_command(const Evaluation& evaluation, const EvaluateOptions& options,
                          const EvaluatedProfiles& profiles) {
  const MethodId best = evaluation.recommendation.method;
  std::string kind, flags;
  if (best.kind == MethodKind::kPolicy) return {};
  if (best.kind == MethodKind::kSbs) {
    kind = "single:" + best_model(evaluation);
  } else if (best.kind == MethodKind::kPremodel) {
    kind = "premodel";
    flags = premodel_flags(evaluation.premodels[static_cast<std::size_t>(best.index)].options);
  } else {
    kind = to_string(best.kind);
    if (options.margin) flags = fmt::format(" --margin {:g}", 100 * *options.margin);
  }
  if (options.cost != kTimeCost && best.kind != MethodKind::kSbs) {
    flags += " --cost " + shell_word(to_string(options.cost));
  }
  if (options.criterion != Criterion::kTop1)
    flags += fmt::format(" --criterion {}", to_string(options.criterion));
  if (options.seed != 0 && best.kind != MethodKind::kSbs) flags += fmt::format(" --seed {}", options.seed);
  if (!profiles.labels.empty()) flags += " --labels " + shell_word(profiles.labels);
  for (const std::string& profile : profiles.augment) flags += " --augment " + shell_word(profile);
  std::string command = "triage train";
  for (const std::string& profile : profiles.profiles) command += " " + shell_word(profile);
  if (best.kind == MethodKind::kAuto) return fmt::format("{}{} -o policy.triage", command, flags);
  const std::string file = best.kind == MethodKind::kSbs ? "single" : kind;
  return fmt::format("{} --policy {}{} -o {}.triage", command, shell_word(kind), flags, file);
}

}  // namespace triage::cli
