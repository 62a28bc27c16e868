// `triage choose`: a policy's decisions on rows of numbers, one line for each.
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/cli.h"
#include "cli/explain.h"
#include "triage/choose.h"
#include "triage/error.h"
#include "triage/tools/import.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

using ChoiceJson = nlohmann::ordered_json;

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

ChoiceJson figure(double value) { return std::isfinite(value) ? ChoiceJson(value) : ChoiceJson(nullptr); }

std::string answer_name(const PolicyInfo& info, const TopK& answer) {
  const Label best = answer.best();
  if (best == kNoLabel) return {};
  const auto place = static_cast<std::size_t>(best);
  return place < info.label_names.size() ? info.label_names[place] : fmt::format("class {}", best);
}

// In the numbers of the table that the policy was trained on.
ChoiceJson choice_json(const FeatureRow& row, const Choice& choice, const PolicyInfo& info) {
  ChoiceJson out{{"id", row.id}};
  if (!choice.stops) {
    out["run"] = model_name(info, choice.model);
    if (std::isfinite(choice.most_cost)) out["stop_after"] = choice.most_cost;
    out["expected_score"] = figure(info.terms.shown(choice.expected_score));
    out["expected_cost"] = figure(choice.expected_cost);
    if (choice.second != kNoModel) out["next_best"] = model_name(info, choice.second);
    return out;
  }
  out["stop"] = true;
  out["model"] = choice.model == kNoModel ? ChoiceJson(nullptr) : ChoiceJson(model_name(info, choice.model));
  if (const std::string answer = answer_name(info, choice.answer); !answer.empty()) out["answer"] = answer;
  return out;
}

ChoiceJson trace_json(const Trace& trace, const PolicyInfo& info) {
  ChoiceJson lines = ChoiceJson::array();
  for (const TraceEvent& event : trace) {
    const TraceLine line = describe(event, info);
    ChoiceJson values = ChoiceJson::object();
    for (const auto& [name, value] : line.values) values[name] = figure(value);
    lines.push_back({{"what", line.what}, {"values", std::move(values)}});
  }
  return lines;
}

// A row that is not right gets a line that says so, and the next one its turn: whoever asks waits for each.
void answer_rows(std::istream& in, const ChooseArguments& arguments, const Policy& policy, Session& session) {
  FeatureRows rows(in, policy.info(), form_of(arguments));
  Request request;
  request.price = arguments.price;
  FeatureRow row;
  Trace trace;
  while (!session.stop) {
    ChoiceJson out;
    try {
      if (!rows.next(row)) return;
      trace.clear();
      const Choice choice = choose(policy, row.features, row.looks, request, &trace);
      out = choice_json(row, choice, policy.info());
      if (arguments.explain) {
        out["why"] = trace_json(trace, policy.info());
        out["certificate"] = certificate_json(policy.certifies(request) ? policy.certificate() : nullptr);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kData && error.code() != ErrorCode::kUsage) throw;
      session.exit_code = kExitSomeFailed;
      out = {{"error", error.what()}};
    }
    fmt::print("{}\n", out.dump(-1, ' ', false, ChoiceJson::error_handler_t::replace));
    std::fflush(stdout);
  }
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
  if (arguments.file == "-") return answer_rows(std::cin, arguments, *policy, session);
  std::ifstream in(arguments.file, std::ios::binary);
  if (!in)
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be opened, expected a readable file", arguments.file));
  answer_rows(in, arguments, *policy, session);
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
