#include "import/aslib_folds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "import/aslib_file.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::int32_t kNoFold = -1;
constexpr std::string_view kFoldsName = "cv.arff";

[[noreturn]] void fail_folds(ErrorCode code, const std::filesystem::path& folder, const std::string& what) {
  throw Error(code, fmt::format("{}: {}", (folder / kFoldsName).string(), what));
}

void expect_repetition(const std::filesystem::path& folder, const std::set<std::int64_t>& found,
                       std::int64_t wanted) {
  if (found.contains(wanted)) return;
  if (found.empty()) fail_folds(ErrorCode::kData, folder, "no rows, expected one for each instance");
  fail_folds(ErrorCode::kUsage, folder,
             fmt::format("no repetition {}, expected cv_repetition to be one of {}", wanted,
                         fmt::join(found, ", ")));
}

}  // namespace

std::vector<std::int32_t> read_aslib_folds(const std::filesystem::path& folder, const AslibNames& instances,
                                           std::int64_t repetition) {
  AslibFile file(folder, kFoldsName);
  const std::size_t fold_column = file.column("fold", "the folds of instances");
  std::vector<std::int32_t> folds(instances.size(), kNoFold);
  std::set<std::int64_t> repetitions;
  while (file.next()) {
    const std::optional<std::int64_t> fold = file.count(fold_column);
    repetitions.insert(file.repetition());
    if (!fold || file.repetition() != repetition) continue;
    const std::string instance = quoted_cell(file.instance());
    const std::optional<std::size_t> at = instances.find(file.instance());
    if (!at) {
      file.refuse_row(
          fmt::format("instance {}, which has no runs, expected one of algorithm_runs.arff", instance));
    } else if (folds[*at] != kNoFold) {
      file.refuse_row(
          fmt::format("instance {}, repetition {} for the second time, expected once", instance, repetition));
    } else {
      folds[*at] = static_cast<std::int32_t>(*fold);
    }
  }
  file.finish();
  expect_repetition(folder, repetitions, repetition);
  const auto none = std::find(folds.begin(), folds.end(), kNoFold);
  if (none != folds.end()) {
    fail_folds(ErrorCode::kData, folder,
               fmt::format("instance '{}' has runs but no fold in repetition {}, expected one",
                           instances.names()[static_cast<std::size_t>(none - folds.begin())], repetition));
  }
  const std::int32_t first = *std::min_element(folds.begin(), folds.end());
  for (std::int32_t& fold : folds) fold -= first;
  return folds;
}

}  // namespace triage
