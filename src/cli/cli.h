// The command line: one file per command, each adding its sub-command to the application.
//
// A command's callback either returns, having set Session::exit_code when some inputs failed, or throws
// triage::Error, which main turns into one line on stderr and the exit code of its ErrorCode. Results go to
// stdout; with --json exactly one JSON document and nothing else. Progress, warnings and errors go to stderr.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "triage/policy.h"
#include "triage/tools/estimate.h"

namespace triage::cli {

inline constexpr int kExitSomeFailed = 1;

struct Session {
  const CLI::App* app = nullptr;
  int exit_code = 0;
  std::atomic<bool> stop = false;  // set by SIGINT, SIGTERM and SIGHUP
  std::stop_source stop_source;    // asked as soon as `stop` is set; long work polls its token
};

// Each declared here, defined in cmd_<name>.cpp, called once by main.
void add_info(CLI::App& app, Session& session);
void add_zoo(CLI::App& app, Session& session);
void add_profile(CLI::App& app, Session& session);
void add_merge(CLI::App& app, Session& session);
void add_choose(CLI::App& app, Session& session);
void add_import(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_features(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_evaluate(CLI::App& app, Session& session);
void add_calibrate(CLI::App& app, Session& session);
void add_reuse(CLI::App& app, Session& session);
void add_compare(CLI::App& app, Session& session);
void add_study(CLI::App& app, Session& session);
void add_classify(CLI::App& app, Session& session);
void add_serve(CLI::App& app, Session& session);
void add_time(CLI::App& app, Session& session);

// A bar with rate and time left on a terminal; elsewhere a plain line now and then. Writes to stderr.
class Progress {
 public:
  // `what` is a verb phrase such as "profiling"; `done` counts what an earlier run had finished.
  Progress(std::string what, std::size_t total, std::size_t done = 0);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void update(std::size_t done, std::string_view note = {});

 private:
  void draw(std::size_t done, std::string_view note);
  std::string what_;
  std::size_t total_;
  std::size_t start_done_;
  std::size_t last_done_;
  std::int64_t start_ns_;
  std::int64_t last_draw_ns_ = 0;
  bool terminal_;
};

// The line, cut so that it leaves the last of so many columns free; whole where `columns` is 0. A character
// beyond ASCII counts as one column and is never cut through.
[[nodiscard]] std::string_view fit_line(std::string_view line, std::size_t columns);

// On stderr, which may be closed or full: a failed write never stops the work.
void say_text(std::string_view text);
template <class... Values>
void say(fmt::format_string<Values...> format, Values&&... values) {
  say_text(fmt::format(format, std::forward<Values>(values)...));
}

// "triage: warning: <text>" on stderr, made printable. What the library warns of goes through with_flags()
// first.
void warn(std::string_view text);

// Text from outside (a path, a label) for a terminal: control characters become \xNN, so that one line stays
// one line. main does this to every error message.
[[nodiscard]] std::string printable(std::string_view text);

// Throws kUsage when an output is one of the inputs or another output, or an existing profile, which takes
// long to measure. Empty names are left out.
void check_outputs(std::span<const std::string> outputs, std::span<const std::string> inputs);

// The one document of --json. Bytes that are not UTF-8 are replaced.
void print_json(const nlohmann::json& document);

// --max-latency-ms, --cap-quantile, --max-energy-j, --min-confidence and --price, what is asked of the policy
// for every input; and --mean-latency-ms, what is asked for all of them together.
void add_request_options(CLI::App& command, Request& request, std::optional<double>& mean_latency_ms);

// Says so when a cap is below what any of the policy's models needs, so that all inputs will be refused, and
// when it keeps out a model for what it takes once in many runs.
void warn_of_caps(const Policy& policy, const Request& request);

// The manifest beside the policy file, unless `zoo` names another: the two are shipped together. Throws
// kUsage, naming the command, where there is none.
[[nodiscard]] std::filesystem::path zoo_of_policy(const std::string& policy, const std::string& zoo,
                                                  std::string_view command);

// For counts and seeds: CLI11 takes "-1", and what is too large, for the largest number that there is.
[[nodiscard]] CLI::Validator not_negative();

// Throws kInterrupted once a signal has set Session::stop; `command` names the work.
void throw_if_stopped(const Session& session, std::string_view command);

// "3 min 20 s", "1.2 GB", "250/s" and the like, for estimates: at most four digits that mean something.
[[nodiscard]] std::string format_duration(double seconds);
[[nodiscard]] std::string format_speed(double per_second);
[[nodiscard]] std::string format_bytes(double bytes);

// "+0.12 [-0.05, +0.29]": a share of score in points, with its interval.
[[nodiscard]] std::string format_points(const Estimate& share);

}  // namespace triage::cli
