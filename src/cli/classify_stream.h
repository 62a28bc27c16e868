// `triage classify --stream`: frames in order, one line each, as they come.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "triage/classifier.h"

namespace triage::cli {

struct StreamArguments {
  bool wanted = false;
  std::string raw;  // "640x480"; empty: MJPEG
  std::string pixels = "rgb";
  std::optional<double> reuse_limit;  // instead of what the policy learned
  std::optional<int> max_age;
};

// --stream, and what goes with it; `excluded` are options that do not.
void add_stream_options(CLI::App& command, StreamArguments& arguments,
                        const std::vector<CLI::Option*>& excluded);

struct StreamWanted {
  std::vector<std::string> inputs;  // one: a folder, or - for stdin
  Request request;
  std::optional<double> mean_latency_ms;
  int top = 5;
  bool json = false;
};

// Until the frames end or a signal comes; the summary is printed in either case. Throws kUsage for what does
// not fit together, kInterrupted after a signal.
void classify_stream(const Classifier& classifier, const StreamArguments& arguments, const StreamWanted& run,
                     Session& session);

}  // namespace triage::cli
