// From a table to CSV.
#include <algorithm>
#include <cmath>

#include "base/csv.h"
#include "base/stop.h"
#include "import/export_columns.h"
#include "import/growing_file.h"

namespace triage {
namespace {

class TableWriter {
 public:
  TableWriter(const Table& table, TableForm form, const std::filesystem::path& out)
      : table_(table), form_(form), columns_(export_columns(table, form)), file_(out) {}

  void write(const std::stop_token& stop) {
    for (const ExportColumn& each : columns_) texts_.push_back(each.column.name);
    file_.write(csv_line(texts_));
    for (std::size_t i = 0; i < table_.n_inputs(); ++i) {
      throw_if_stopped(stop, "export");
      write_input(i);
    }
    file_.finish();
  }

  [[nodiscard]] TableColumns description() const {
    TableColumns out;
    out.separator = ',';
    for (const ExportColumn& each : columns_) out.columns.push_back(each.column);
    const Terms& terms = table_.terms;
    out.score_name = terms.score.empty() ? "top-1" : terms.score;
    const bool reads_as_percent = terms.worst == 0 && terms.best == 100;
    out.worst = reads_as_percent ? 0 : terms.worst;
    out.best = reads_as_percent ? 1 : terms.best;
    out.cost_unit = terms.cost_unit;
    out.cutoff = terms.cutoff;
    return out;
  }

 private:
  void write_input(std::size_t input) {
    if (form_ == TableForm::kWide) return write_line(input, 0);
    bool is_any_run = false;
    for (std::size_t m = 0; m < table_.n_models(); ++m) {
      const auto model = static_cast<ModelIndex>(m);
      if (std::isnan(table_.score(input, model, Criterion::kTop1))) continue;
      write_line(input, model);
      is_any_run = true;
    }
    if (!is_any_run) write_line(input, 0);  // with nothing of the model
  }

  void write_line(std::size_t input, ModelIndex model) {
    for (std::size_t c = 0; c < columns_.size(); ++c) texts_[c] = columns_[c].text(input, model);
    file_.write(csv_line(texts_));
  }

  const Table& table_;
  TableForm form_;
  std::vector<ExportColumn> columns_;
  GrowingFile file_;
  std::vector<std::string> texts_;
};

}  // namespace

TableColumns export_table(const Table& table, TableForm form, const std::filesystem::path& out,
                          const std::stop_token& stop) {
  TableWriter writer(table, form, out);
  writer.write(stop);
  return writer.description();
}

}  // namespace triage
