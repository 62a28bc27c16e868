// Runs another program, without a shell.
#pragma once

#include <span>
#include <stop_token>
#include <string>

namespace triage {

struct ProcessResult {
  int exit_code = 0;   // 128 + signal when a signal ended it
  std::string output;  // the last part of what it wrote to stdout and stderr
};

// `command[0]` is looked up on the PATH; the program reads from /dev/null. When `stop` is raised the program
// is killed and kInterrupted thrown. Throws kIo when it cannot be started.
[[nodiscard]] ProcessResult run_process(std::span<const std::string> command, std::stop_token stop = {});

}  // namespace triage
