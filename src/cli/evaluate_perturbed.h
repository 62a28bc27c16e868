// `triage evaluate --perturb`: a finished policy, live on images as they are and perturbed.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "triage/runtime.h"
#include "triage/tools/perturb.h"

namespace triage::cli {

struct PerturbArguments {
  std::string list;  // as parse_perturbations reads it
  std::string zoo;
  std::vector<std::filesystem::path> data;
  std::optional<Label> first_label;
  std::string range;
  std::optional<std::size_t> limit;
  std::string versus;
  std::string cache = default_cache_dir().string();
  DecodeOptions decode;
};

// What the command's own options say too.
struct PerturbRun {
  std::string policy;
  std::vector<std::string> labels;
  Criterion criterion = Criterion::kTop1;
  Request request;
  int resamples = 0;
  std::uint64_t seed = 0;
  bool json = false;
};

// Adds --perturb, and the options of images that need it; returns --perturb.
CLI::Option* add_perturb_options(CLI::App& command, PerturbArguments& arguments);
// Throws what study_perturbations and open_dataset do, and kUsage where options are missing.
void evaluate_perturbed(const PerturbArguments& arguments, const PerturbRun& run, Session& session);

}  // namespace triage::cli
