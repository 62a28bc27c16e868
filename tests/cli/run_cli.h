// Runs the real binary, as a user does, and collects what it says.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace triage::testing {

struct CliRun {
  int exit_code = -1;  // 128 + signal when it was killed
  std::string out;
  std::string err;
};

struct CliOptions {
  std::string input{};                  // its stdin
  std::filesystem::path folder{};       // where it runs; empty: here
  std::filesystem::path stdout_path{};  // a file that takes stdout instead of CliRun::out
  bool interrupt = false;               // SIGINT as soon as it is caught, before the work
  std::uint64_t max_file_bytes = 0;     // limit on the size of files that it writes; 0: none
};

// `arguments` follow the binary's name; no shell is involved.
[[nodiscard]] CliRun run_cli(const std::vector<std::string>& arguments, const CliOptions& options = {});

// Whether all of `text` matches; shows it when it does not.
[[nodiscard]] ::testing::AssertionResult matches(const std::string& text, const std::string& regex);

}  // namespace triage::testing
