#include "profile/new_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.h"
#include "triage/error.h"

namespace triage {
void remove_profile(const std::filesystem::path& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path.string() + suffix, ignored);
  }
}

void expect_new(const std::filesystem::path& out) {
  if (!path_exists(out)) return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("{}: exists already, expected a new file; remove it or write another", out.string()));
}

void expect_finished(const ProfileReader& reader) {
  if (reader.finished()) return;
  throw Error(ErrorCode::kProfile, fmt::format("{}: has {} of {} inputs, expected all; run the same 'triage "
                                               "profile' again to finish it",
                                               reader.name(), reader.n_done(), reader.header().n_inputs()));
}

std::string machines_line(const ProfileReader& reader) {
  return fmt::format("{}", fmt::join(reader.machines(), " | "));
}

void expect_same_machine(const TimedOn& first, const TimedOn& next) {
  // Where nothing was timed there is nothing to mix.
  if (first.machines.empty() || next.machines.empty() || same_machine(first.machines, next.machines)) return;
  throw Error(
      ErrorCode::kProfile,
      fmt::format(
          "{}: was timed on '{}', expected '{}' as {}, since times of different machines have no "
          "common mean; put the times of one over the scores of the other with 'triage merge' "
          "and `times`, or join them with 'triage merge' and `machines` apart, which keeps each input's "
          "times as they are",
          next.profile, next.machines, first.machines, first.profile));
}

void make_profile(const std::filesystem::path& out, const ProfileHeader& header,
                  const std::function<void(ProfileWriter&)>& fill) {
  const WriterLock lock(out);
  const std::filesystem::path temporary = out.string() + ".merging";
  remove_profile(temporary);
  try {
    {
      ProfileWriter writer(temporary, header);
      fill(writer);
    }
    remove_profile(out);  // side files of one that somebody removed
    rename_path(temporary, out);
  } catch (...) {
    remove_profile(temporary);
    throw;
  }
}

}  // namespace triage
