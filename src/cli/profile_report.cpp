#include "cli/profile_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/data_labels.h"
#include "triage/clock.h"
#include "triage/tools/report.h"
#include "triage/tools/rows.h"

namespace triage::cli {
namespace {

constexpr double kLongWorkSeconds = 3;  // what takes longer gets an estimate first
constexpr std::size_t kListedFailures = 5;

std::int64_t free_bytes(const std::filesystem::path& out) {
  std::error_code error;
  const auto space = std::filesystem::space(std::filesystem::absolute(out).parent_path(), error);
  return error ? INT64_MAX : static_cast<std::int64_t>(std::min<std::uintmax_t>(space.available, INT64_MAX));
}

// Clears a progress bar that stands on the line.
void begin_line() {
  if (::isatty(STDERR_FILENO) == 1) say("\r\x1b[K");
}

// Milliseconds to three figures.
std::string format_ms(double ms) {
  if (std::isnan(ms)) return "-";
  const int digits = ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 1 ? 2 : ms >= 0.1 ? 3 : 4;
  return fmt::format("{:.{}f}", ms, digits);
}

std::string format_rate(const ProfileReport& report, double rate) {
  return report.times_only ? "-" : fmt::format("{:.4f}", rate);
}

// "bf16: a, b; f16: c"; empty where all models ran in f32.
std::string other_precisions(const ProfileReport& report) {
  std::string text;
  for (const Precision precision : all_precisions()) {
    std::vector<std::string> names;
    for (const ModelReport& model : report.models) {
      if (model.precision == precision && precision != Precision::kF32) names.push_back(model.name);
    }
    if (names.empty()) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", to_string(precision), fmt::join(names, ", "));
  }
  return text;
}

double network_share(const ProfileSummary& summary) {
  return summary.wall_ms > 0 ? summary.network_ms / summary.wall_ms : kNotMeasured;
}

std::vector<std::string> names_at_chance(const ProfileReport& report) {
  std::vector<std::string> names;
  for (const ModelIndex model : report.at_chance.models) {
    names.push_back(report.models[static_cast<std::size_t>(model)].name);
  }
  return names;
}

}  // namespace

void ProfileDisplay::update(const ProfileProgress& progress) {
  for (; n_warnings_ < progress.warnings.size(); ++n_warnings_) {
    begin_line();
    warn(progress.warnings[n_warnings_]);
  }
  if (!progress.loading.empty()) {
    if (!loading_) loading_.emplace("loading models:", 0);
    loading_->update(++n_loading_, printable(progress.loading));
    return;
  }
  if (!progress.energy.empty()) {
    loading_.reset();
    if (!energy_) energy_.emplace("measuring energy:", 0);
    energy_->update(++n_energy_, printable(progress.energy));
    return;
  }
  if (!measuring_) {
    loading_.reset();
    energy_.reset();
    if (progress.resumed > 0) say("continuing after {} inputs\n", progress.resumed);
    if (progress.retried > 0) say("trying {} again that failed\n", progress.retried);
    measuring_.emplace("profiling", progress.total, progress.resumed);
    start_ns_ = steady_clock().now_ns();
    start_bytes_ = progress.size_bytes;
  }
  // Sizes change with the first commit, after about a second of work.
  if (!estimated_ && progress.size_bytes != start_bytes_) show_estimate(progress);
  measuring_->update(progress.done, progress.failed > 0 ? fmt::format("{} failed", progress.failed) : "");
}

void ProfileDisplay::show_estimate(const ProfileProgress& progress) {
  estimated_ = true;
  const double measured = static_cast<double>(progress.done - progress.resumed);
  const double left = static_cast<double>(progress.total - progress.done);
  const double seconds = static_cast<double>(steady_clock().now_ns() - start_ns_) * 1e-9;
  const double more_bytes = static_cast<double>(progress.size_bytes - start_bytes_) / measured * left;
  const double time_left = seconds / measured * left;
  if (!(time_left >= kLongWorkSeconds)) return;
  begin_line();
  say("estimate: {} more for {} inputs, {} in the end\n", format_duration(time_left),
      progress.total - progress.done, format_bytes(static_cast<double>(progress.size_bytes) + more_bytes));
  const auto free = static_cast<double>(free_bytes(out_));
  if (more_bytes > free) {
    warn(fmt::format(
        "{} are free where {} is written, expected {}; free some space, nothing is lost meanwhile",
        format_bytes(free), out_.string(), format_bytes(more_bytes)));
  }
}

ProfileReport make_report(const std::filesystem::path& out, const ProfileSummary& summary,
                          const ProfileOptions& options) {
  ProfileReport report;
  report.out = out;
  report.summary = summary;
  report.times_only = options.times_only;
  report.labels_from = options.labels_from;
  report.failed = failed_inputs(out);
  if (report.failed.size() >= summary.progress.total) return report;
  const Table table = options.times_only ? load_times(out) : load_table({&out, 1});
  report.machine = table.machine;
  report.timing = table.timing;
  report.energy = table.energy;
  report.mapping = table.label_mapping;
  report.label_names = table.label_names;
  if (!options.times_only) report.at_chance = models_at_chance(table);
  const std::vector<double> joules = mean_energy(table);
  const auto rows = all_rows(table);
  const std::vector<double> top1 = mean_scores(table, rows, Criterion::kTop1);
  const std::vector<double> top5 = mean_scores(table, rows, Criterion::kTop5);
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    std::vector<double> times(rows.size());
    for (const std::uint32_t row : rows) times[row] = table.cost_ms(row, static_cast<ModelIndex>(m));
    report.models.push_back({table.models[m].name, table.models[m].precision, top1[m], top5[m],
                             summarize_times(std::move(times)), joules[m]});
  }
  return report;
}

void print_report(const ProfileReport& report) {
  std::size_t width = 5;
  for (const ModelReport& model : report.models) width = std::max(width, printable(model.name).size());
  const std::string top1 = score_word(Criterion::kTop1, report.labels_from);
  const std::string top5 = score_word(Criterion::kTop5, report.labels_from);
  const std::size_t width1 = std::max<std::size_t>(6, top1.size());
  const std::size_t width5 = std::max<std::size_t>(6, top5.size());
  if (!report.models.empty()) {
    fmt::print("{:<{}}  {:>{}}  {:>{}}  {:>8} {:>9}  {:>7}  {:>7}  {:>7}  {:>12}\n", "model", width, top1,
               width1, top5, width5, "mean ms", "+-95 %", "p50", "p90", "p99", "joules a run");
  }
  for (const ModelReport& model : report.models) {
    const TimeSummary& time = model.time;
    fmt::print("{:<{}}  {:>{}}  {:>{}}  {:>8} {:>9}  {:>7}  {:>7}  {:>7}  {:>12}\n", printable(model.name),
               width, format_rate(report, model.top1_rate), width1, format_rate(report, model.top5_rate),
               width5, format_ms(time.mean), format_ms(time.bound95), format_ms(time.p50),
               format_ms(time.p90), format_ms(time.p99),
               std::isnan(model.mean_j) ? "not measured" : fmt::format("{:.4g}", model.mean_j));
  }
  if (!report.models.empty()) {
    fmt::print("machine {}\n", printable(report.machine));
    if (const std::string other = other_precisions(report); !other.empty())
      fmt::print("precision {}\n", printable(other));
    fmt::print("timing {}\nenergy {}\n", timing_phrase(report.timing), printable(report.energy.note));
  }
  if (!report.labels_from.empty()) fmt::print("{}\n", printable(agreement_note(report.labels_from)));
  if (const std::string line = label_mapping_line(report.mapping, report.label_names); !line.empty()) {
    fmt::print("{}\n", printable(line));
  }
  const ProfileProgress& progress = report.summary.progress;
  fmt::print("{}: {} inputs, {} failed, {}\n", printable(report.out.string()), progress.done, progress.failed,
             format_bytes(static_cast<double>(progress.size_bytes)));
  if (report.summary.wall_ms > 0) {
    fmt::print("this run took {}, {:.0f} % of it inside the networks\n",
               format_duration(report.summary.wall_ms * 1e-3), 100 * network_share(report.summary));
  }
  warn_of_chance(names_at_chance(report), report.models.size(),
                 report.summary.progress.done - report.summary.progress.failed, report.at_chance.chance);
  for (const std::string& remark : report.summary.remarks) say("triage: {}\n", printable(remark));
  if (report.summary.n_remarks > report.summary.remarks.size()) {
    say("triage: {} more pictures were taken from odd files\n",
        report.summary.n_remarks - report.summary.remarks.size());
  }
  if (progress.retries > 0) {
    fmt::print(
        "{} runs were timed again, as the process stood still meanwhile (stopped, or others had the "
        "processor){}\n",
        progress.retries,
        progress.disturbed > 0 ? fmt::format("; {} cells stayed so", progress.disturbed) : "");
  }
  const std::size_t listed = std::min(report.failed.size(), kListedFailures);
  for (std::size_t i = 0; i < listed; ++i) {
    say("triage: {}\n", printable(report.failed[i].message));
  }
  if (listed < report.failed.size()) {
    say("triage: {} more inputs failed; --json lists all\n", report.failed.size() - listed);
  }
}

nlohmann::json to_json(const ProfileReport& report) {
  using Json = nlohmann::json;
  const ProfileProgress& progress = report.summary.progress;
  Json json = {{"profile", report.out.string()},
               {"machine", report.machine},
               {"contents", report.times_only ? "times" : "all"},
               {"labels_from", report.labels_from.empty() ? Json() : Json(report.labels_from)},
               {"labels", label_mapping_json(report.mapping)},
               {"at_chance", names_at_chance(report)},
               {"timing",
                {{"mode", to_string(report.timing.mode)},
                 {"bound", report.timing.bound},
                 {"min_runs", report.timing.min_runs},
                 {"max_runs", report.timing.max_runs},
                 {"cells", report.timing.cells},
                 {"capped", report.timing.capped}}},
               {"energy", {{"note", report.energy.note}, {"idle_w", report.energy.idle_w}}},
               {"inputs", progress.done},
               {"resumed", progress.resumed},
               {"retried", progress.retried},
               {"timed_again", progress.retries},
               {"disturbed_cells", progress.disturbed},
               {"size_bytes", progress.size_bytes},
               {"wall_ms", report.summary.wall_ms},
               {"network_ms", report.summary.network_ms},
               {"network_share", network_share(report.summary)},
               {"warnings", progress.warnings},
               {"odd_pictures", report.summary.n_remarks},
               {"remarks", report.summary.remarks},
               {"models", Json::array()},
               {"failed", Json::array()}};
  const auto rate = [&](double value) { return report.times_only ? Json() : Json(value); };
  for (const ModelReport& model : report.models) {
    const TimeSummary& time = model.time;
    json["models"].push_back({{"name", model.name},
                              {"precision", to_string(model.precision)},
                              {"top1_rate", rate(model.top1_rate)},
                              {"top5_rate", rate(model.top5_rate)},
                              {"mean_j", model.mean_j},
                              {"time",
                               {{"n", time.n},
                                {"mean_ms", time.mean},
                                {"bound95_ms", time.bound95},
                                {"p50_ms", time.p50},
                                {"p90_ms", time.p90},
                                {"p99_ms", time.p99},
                                {"p999_ms", time.p999}}}});
  }
  for (const FailedInput& failed : report.failed) {
    json["failed"].push_back({{"id", failed.id}, {"message", failed.message}});
  }
  return json;
}

}  // namespace triage::cli
