// Profiles that are made from others, whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "profile/reader.h"
#include "profile/writer.h"

namespace triage {

// With the side files of SQLite; what is not there is no error.
void remove_profile(const std::filesystem::path& path);
// Throws kUsage when `out` exists.
void expect_new(const std::filesystem::path& out);
// Throws kProfile for a profile that lacks inputs.
void expect_finished(const ProfileReader& reader);
// A profile's name and the machines that measured it ("A | B").
struct TimedOn {
  std::string profile;
  std::string machines;
};
// Throws kProfile when `next` was timed elsewhere than `first`.
void expect_same_machine(const TimedOn& first, const TimedOn& next);
// The machines of a profile in one line.
[[nodiscard]] std::string machines_line(const ProfileReader& reader);
// Has `fill` write everything and finish the file, under another name until it is whole.
void make_profile(const std::filesystem::path& out, const ProfileHeader& header,
                  const std::function<void(ProfileWriter&)>& fill);

}  // namespace triage
