#include "evaluate/diagnose.h"

#include <algorithm>

#include "base/stop.h"
#include "evaluate/breakdown.h"
#include "evaluate/reliability.h"

namespace triage {
namespace {

// SBS first. Without auto, whose policies are some of the others'.
std::vector<const Entry*> shown_entries(std::span<const Entry> entries, MethodId recommended) {
  std::vector<const Entry*> shown;
  const Entry* sbs = nullptr;
  for (const Entry& entry : entries) {
    const MethodKind kind = entry.id.kind;
    if (kind == MethodKind::kSbs) {
      sbs = &entry;
    } else if (kind == MethodKind::kCascade || kind == MethodKind::kAdaptive || kind == MethodKind::kPolicy ||
               (entry.id == recommended && kind != MethodKind::kAuto)) {
      shown.push_back(&entry);
    }
  }
  shown.insert(shown.begin(), sbs);
  return shown;
}

// The recommended method; where that is SBS alone, the adaptive one or, without one, the last.
std::size_t subject_of(std::span<const Entry* const> shown, MethodId recommended) {
  std::size_t subject = shown.size() - 1;
  for (std::size_t i = 1; i < shown.size(); ++i) {
    if (shown[i]->id == recommended) return i;
    if (shown[i]->id.kind == MethodKind::kAdaptive) subject = i;
  }
  return subject;
}

}  // namespace

void diagnose(const Table& table, std::span<const Fold> folds, std::span<const Entry> entries,
              std::span<const MethodPolicies> policies, const EvaluateOptions& options,
              Evaluation& evaluation) {
  const MethodId recommended = evaluation.recommendation.method;
  const auto shown = shown_entries(entries, recommended);
  evaluation.breakdown = break_down(table, shown, subject_of(shown, recommended), options.criterion);
  for (const Entry* entry : shown) {
    Reliability found = measure_reliability(table, entry->replay);
    found.method = entry->id;
    if (found.inputs > 0) evaluation.reliability.push_back(found);
    const auto behind = std::find_if(policies.begin(), policies.end(),
                                     [&](const MethodPolicies& p) { return p.method == entry->id; });
    if (behind == policies.end()) continue;
    throw_if_stopped(options.stop, "evaluate");
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
