// Runs a script of tools/ that compares with a Python reference.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

namespace triage::testing {

inline constexpr int kNoSklearn = 77;

struct ScriptRun {
  int exit_code = -1;
  std::string output;
};

// `python` runs tools/`script` on a folder.
inline ScriptRun run_script(const std::string& python, const std::string& script,
                            const std::filesystem::path& folder) {
  const std::string command =
      "'" + python + "' '" TRIAGE_SOURCE_DIR "/tools/" + script + "' '" + folder.string() + "' 2>&1";
  ScriptRun ran;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) ran.output += line.data();
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace triage::testing
