// `triage choose`: a policy's decisions on rows of numbers, one line for each.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli.h"
#include "cli/input_stream.h"
#include "triage/choose.h"
#include "triage/error.h"
#include "triage/tools/import.h"
#include "triage/tools/result_json.h"

namespace triage::cli {
namespace {

struct ChooseArguments {
  std::string policy, file = "-", form = "auto";
  double price = kNotMeasured;
  bool explain = false;
};

TextForm form_of(const ChooseArguments& arguments) {
  if (arguments.form == "csv") return TextForm::kCsv;
  if (arguments.form == "jsonl") return TextForm::kJsonLines;
  return arguments.file.ends_with(".csv") ? TextForm::kCsv : TextForm::kJsonLines;
}

// Rows that were read and not yet answered. Those that nothing ran on yet are chosen together, which is much
// faster.
class ChooseBlock {
 public:
  ChooseBlock(const ChooseArguments& arguments, const Policy& policy, Session& session)
      : explain_(arguments.explain), policy_(&policy), session_(&session) {
    request_.price = arguments.price;
  }

  // A row that is not right gets a line that says so, and the next one its turn.
  void add(FeatureRow row) { rows_.push_back({std::move(row), {}}); }
  void add(const Error& error) { rows_.push_back({{}, error.what()}); }
  [[nodiscard]] bool is_full() const { return rows_.size() >= kMostRows; }

  void answer() {
    if (rows_.empty()) return;
    choose_first();
    auto first = first_.begin();
    std::string lines;
    for (const Asked& asked : rows_) {
      lines += is_first(asked) ? choice_json(policy_->info(), asked.row.id, *first++) : line_of(asked);
      lines += '\n';
    }
    rows_.clear();
    fmt::print("{}", lines);
    std::fflush(stdout);
  }

 private:
  static constexpr std::size_t kMostRows = 4096;
  struct Asked {
    FeatureRow row;
    std::string error;  // instead of a row
  };

  [[nodiscard]] bool is_first(const Asked& asked) const {
    return asked.error.empty() && asked.row.looks.empty() && !explain_;
  }

  void choose_first() {
    std::vector<float> features;
    std::size_t n = 0;
    for (const Asked& asked : rows_) {
      if (!is_first(asked)) continue;
      features.insert(features.end(), asked.row.features.begin(), asked.row.features.end());
      ++n;
    }
    first_.assign(n, {});
    choose_rows(*policy_, features, std::span(first_), request_);
  }

  [[nodiscard]] std::string error_line(std::string_view message) const {
    session_->exit_code = kExitSomeFailed;
    return nlohmann::json{{"error", message}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  [[nodiscard]] std::string line_of(const Asked& asked) const {
    if (!asked.error.empty()) return error_line(asked.error);
    try {
      Trace trace;
      const Choice choice = choose(*policy_, asked.row.features, asked.row.looks, request_, &trace);
      if (!explain_) return choice_json(policy_->info(), asked.row.id, choice);
      return choice_json(*policy_, asked.row.id, choice, trace, request_);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kData && error.code() != ErrorCode::kUsage) throw;
      return error_line(error.what());
    }
  }

  bool explain_;
  Request request_;
  const Policy* policy_;
  Session* session_;
  std::vector<Asked> rows_;
  std::vector<Choice> first_;  // of the rows that nothing ran on
};

// Whoever waits for answers before it writes on gets them: all rows so far are answered before a read that
// would wait.
void answer_rows(int descriptor, const ChooseArguments& arguments, const Policy& policy, Session& session) {
  ChooseBlock block(arguments, policy, session);
  InputStream buffer(descriptor, [&] { block.answer(); });
  std::istream in(&buffer);
  in.exceptions(std::ios::badbit);  // what `before_wait` throws
  FeatureRows rows(in, policy.info(), form_of(arguments));
  bool is_more = true;
  while (!session.stop && is_more) {
    try {
      FeatureRow row;
      is_more = rows.next(row);
      if (is_more) block.add(std::move(row));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kData) throw;
      block.add(error);
    }
    if (block.is_full()) block.answer();
  }
  block.answer();
}

void run_choose(const ChooseArguments& arguments, Session& session) {
  const auto policy = load_policy(arguments.policy);
  if (policy->info().terms == Terms{} && policy->info().schema.groups.empty() &&
      policy->info().schema.size() > 0) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}: chooses by features of images, expected a policy of an imported table; 'triage "
                    "classify' runs it on images",
                    arguments.policy));
  }
  if (arguments.file == "-") return answer_rows(STDIN_FILENO, arguments, *policy, session);
  const int descriptor = open(arguments.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be opened, expected a readable file", arguments.file));
  }
  answer_rows(descriptor, arguments, *policy, session);
  close(descriptor);
}

}  // namespace

void add_choose(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand(
      "choose",
      "What a policy of an imported table does on rows: run a model, or stop; a JSON line for each");
  const auto arguments = std::make_shared<ChooseArguments>();
  auto& a = *arguments;
  command->add_option("file", a.file, "Rows: JSON lines, or CSV with a line of names; - is standard input")
      ->capture_default_str()
      ->type_name("FILE");
  command->add_option("--policy", a.policy, "Policy (triage train)")->required()->type_name("P.triage");
  command->add_option("--form", a.form, "csv or jsonl; auto: by the file's name, jsonl on standard input")
      ->check(CLI::IsMember({"auto", "csv", "jsonl"}))
      ->capture_default_str();
  command->add_option("--price", a.price,
                      "Score that a unit of cost is worth, instead of what training chose");
  command->add_flag("--explain", a.explain, "Say why");
  command->callback([arguments, &session] { run_choose(*arguments, session); });
}

}  // namespace triage::cli
