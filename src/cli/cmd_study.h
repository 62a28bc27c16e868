// `triage study`: what its sub-commands share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "cli/staged_folder.h"
#include "triage/tools/report.h"

namespace triage::cli {

// What every study reads and writes.
struct StudyFiles {
  std::vector<std::string> profiles;
  std::string out;
  std::string labels;
  std::string criterion = "top1";
};
void add_study_files(CLI::App& command, StudyFiles& files);
// "triage study NAME" with its profiles and labels, as typed, but with the file names alone: a report is
// passed on, folders are the user's own.
[[nodiscard]] std::string study_command(std::string_view name, const StudyFiles& files);
[[nodiscard]] Table load_study_table(const StudyFiles& files);

// Defined in cmd_study_learning.cpp, called once by add_study with the `study` command.
void add_study_learning(CLI::App& study, Session& session);

[[nodiscard]] ReportInfo report_info(std::string command, const std::vector<std::string>& profiles);
// The page, the Markdown and a CSV for each exhibit.
void write_study(const Study& study, const ReportInfo& info, StagedFolder& out);
// Verdict and exhibits in a few lines; warnings on stderr.
void print_study(const Study& study, const std::string& out, const Session& session);

}  // namespace triage::cli
