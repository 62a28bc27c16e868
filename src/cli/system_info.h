// Facts about this machine and this build, for `triage info`.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace triage::cli {

struct LibraryVersion {
  std::string name;
  std::string version;
};
// Of the libraries in this build, as they report themselves while running where they can.
[[nodiscard]] std::vector<LibraryVersion> library_versions();

// Instruction sets that matter for speed, and whether the processor has them; empty where the compiler cannot
// tell.
[[nodiscard]] std::vector<std::pair<std::string, bool>> cpu_features();

}  // namespace triage::cli
