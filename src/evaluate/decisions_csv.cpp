#include "triage/tools/decisions_csv.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/csv.h"
#include "evaluate/unseen_rows.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

std::string models_text(const PolicyInfo& policy, const Result& result) {
  std::string text;
  for (const Look& look : result.looks) {
    if (!text.empty()) text += " > ";
    text += policy.models[static_cast<std::size_t>(look.model)].name;
  }
  return text;
}

std::string answer_text(const Table& table, std::int32_t answer) {
  if (answer == kNoLabel) return {};
  return table.label_names.empty() ? fmt::format("{}", answer)
                                   : table.label_names[static_cast<std::size_t>(answer)];
}

std::string number_or_none(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", static_cast<float>(value));
}

}  // namespace

std::string decisions_csv(const Table& table, Rows rows, const Policy& policy, const Clock& clock,
                          const Request& request) {
  std::vector<std::string> models(table.n_inputs());
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, rows, policy, clock, replay, request, [&](std::uint32_t input, const Result& result) {
    models[input] = models_text(policy.info(), result);
  });
  std::vector<bool> is_unseen(table.n_inputs(), false);
  for (const std::uint32_t row : unseen_rows(table, policy.info().training)) is_unseen[row] = true;
  const bool reads_as_percent = table.terms.worst == 0 && table.terms.best == 100;
  std::string out = "id,looks,models,answer,score,cost,trained\n";
  for (const std::uint32_t i : rows) {
    const double share = replay.top1[i];
    out += csv_line(std::array<std::string, 7>{
        table.ids[i], fmt::format("{}", replay.looks[i]), models[i], answer_text(table, replay.predicted[i]),
        number_or_none(reads_as_percent ? share : table.terms.shown(share)), number_or_none(replay.ms[i]),
        is_unseen[i] ? "0" : "1"});
  }
  return out;
}

}  // namespace triage
