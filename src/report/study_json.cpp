// The study as one JSON document: every table, no pictures.
#include <string>
#include <variant>

#include "report/json_parts.h"
#include "report/sentences.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

OrderedJson to_json(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return figure_json(std::get<double>(cell));
}

OrderedJson to_json(const Exhibit& exhibit) {
  OrderedJson columns = OrderedJson::array(), rows = OrderedJson::array();
  for (const Column& column : exhibit.data.columns) columns.push_back(column.name);
  for (const auto& cells : exhibit.data.rows) {
    auto& row = rows.emplace_back(OrderedJson::array());
    for (const Cell& cell : cells) row.push_back(to_json(cell));
  }
  return {{"id", exhibit.id},
          {"title", exhibit.title},
          {"about", exhibit.about},
          {"paper", exhibit.paper},
          {"ours", exhibit.ours},
          {"verdict", exhibit.verdict},
          {"columns", std::move(columns)},
          {"rows", std::move(rows)}};
}

}  // namespace

std::string study_json(const Study& study, const ReportInfo& info) {
  OrderedJson exhibits = OrderedJson::array();
  for (const Exhibit& exhibit : study.exhibits) exhibits.push_back(to_json(exhibit));
  const OrderedJson out = {{"format", "triage-study"},
                           {"format_version", 1},
                           {"triage", info.version},
                           {"command", info.command},
                           {"date", info.date},
                           {"profiles", info.sources},
                           {"machine", study.evaluation.machine},
                           {"inputs", study.evaluation.n_inputs},
                           {"classes", study.evaluation.n_classes},
                           {"title", study.title},
                           {"verdict", study.verdict},
                           {"findings", study.findings},
                           {"warnings", evaluation_warnings(study.evaluation)},
                           {"exhibits", std::move(exhibits)}};
  return out.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace triage
