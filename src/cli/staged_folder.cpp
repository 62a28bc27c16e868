#include "cli/staged_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "triage/error.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

// The path itself, or its nearest parent that exists.
fs::path nearest_existing(const fs::path& path) {
  std::error_code ignored;
  fs::path nearest = fs::absolute(path);
  while (nearest.has_relative_path() && !fs::exists(nearest, ignored)) nearest = nearest.parent_path();
  return nearest;
}

void expect_no_error(const std::error_code& error, const fs::path& target) {
  if (!error) return;
  throw Error(ErrorCode::kIo,
              fmt::format("{}: {}, expected a folder to write the results into; choose another with --out",
                          target.string(), error.message()));
}

}  // namespace

StagedFolder::StagedFolder(fs::path target)
    : target_(std::move(target)),
      path_(nearest_existing(target_) / fmt::format(".triage.{}.tmp", ::getpid())) {
  std::error_code error;
  fs::create_directory(path_, error);
  expect_no_error(error, target_);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void StagedFolder::publish() {
  std::vector<fs::path> files;  // first, since moving them changes what is listed
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path_)) {
    if (!entry.is_directory()) files.push_back(entry.path());
  }
  std::error_code error;
  for (const fs::path& file : files) {
    const fs::path to = target_ / file.lexically_relative(path_);
    fs::create_directories(to.parent_path(), error);
    expect_no_error(error, target_);
    fs::rename(file, to, error);
    expect_no_error(error, target_);
  }
}

}  // namespace triage::cli
