#include "evaluate/diagnose.h"

#include <algorithm>

#include "evaluate/breakdown.h"
#include "evaluate/reliability.h"

namespace triage {
namespace {

// SBS first.
std::vector<const Entry*> shown_entries(std::span<const Entry> entries, std::string_view recommended) {
  std::vector<const Entry*> shown;
  bool has_cascade = false;
  for (const Entry& entry : entries) {
    const bool is_cascade = entry.kind == MethodKind::kCascade;
    const bool is_shown = entry.kind == MethodKind::kAdaptive || entry.kind == MethodKind::kPolicy ||
                          (is_cascade && !has_cascade) || entry.replay.name == recommended;
    has_cascade = has_cascade || is_cascade;
    if (is_shown && entry.kind != MethodKind::kSbs) shown.push_back(&entry);
  }
  const auto sbs =
      std::find_if(entries.begin(), entries.end(), [](const Entry& e) { return e.kind == MethodKind::kSbs; });
  shown.insert(shown.begin(), &*sbs);
  return shown;
}

// What is recommended; where that is SBS alone what is adaptive, or else the last.
std::size_t subject_of(std::span<const Entry* const> shown, std::string_view recommended) {
  std::size_t subject = shown.size() - 1;
  for (std::size_t i = 1; i < shown.size(); ++i) {
    if (shown[i]->kind == MethodKind::kAdaptive) subject = i;
  }
  for (std::size_t i = 1; i < shown.size(); ++i) {
    if (shown[i]->replay.name == recommended) subject = i;
  }
  return subject;
}

}  // namespace

void diagnose(const Table& table, std::span<const Fold> folds, std::span<const Entry> entries,
              std::span<const MethodPolicies> policies, const EvaluateOptions& options,
              Evaluation& evaluation) {
  const auto shown = shown_entries(entries, evaluation.recommended);
  evaluation.breakdown =
      break_down(table, shown, subject_of(shown, evaluation.recommended), options.criterion);
  for (const Entry* entry : shown) {
    const Reliability found = measure_reliability(table, entry->replay);
    if (found.inputs > 0) evaluation.reliability.push_back(found);
    const auto behind = std::find_if(policies.begin(), policies.end(),
                                     [&](const MethodPolicies& p) { return p.method == entry->replay.name; });
    if (behind == policies.end()) continue;
    throw_if_stopped(options);
    const auto& by_fold = behind->by_fold;
    if (!std::all_of(by_fold.begin(), by_fold.end(), [](const Policy* p) { return p != nullptr; })) continue;
    // A fold whose order is of one model alone never decides, but its inputs count.
    if (std::none_of(by_fold.begin(), by_fold.end(), [](const Policy* p) { return looks_in_order(*p); })) {
      continue;
    }
    Decisions decisions = count_decisions(table, folds, *behind, entry->replay, options.criterion);
    if (decisions.stages.size() > 1) evaluation.decisions.push_back(std::move(decisions));
  }
}

}  // namespace triage
