#include "profile/new_profile.h"

#include <fmt/format.h>

#include "triage/error.h"

namespace triage {
namespace {

void remove_profile(const std::filesystem::path& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path.string() + suffix, ignored);
  }
}

}  // namespace

void expect_new(const std::filesystem::path& out) {
  if (!std::filesystem::exists(out)) return;
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
    std::filesystem::rename(temporary, out);
  } catch (const std::filesystem::filesystem_error& error) {
    remove_profile(temporary);
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be made ({}), expected a writable folder",
                                            out.string(), error.code().message()));
  } catch (...) {
    remove_profile(temporary);
    throw;
  }
}

}  // namespace triage
