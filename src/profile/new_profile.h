// Profiles that are made from others, whole or not at all.
#pragma once

#include <filesystem>
#include <functional>

#include "profile/reader.h"
#include "profile/writer.h"

namespace triage {

// Throws kUsage when `out` exists.
void expect_new(const std::filesystem::path& out);
// Throws kProfile for a profile that lacks inputs.
void expect_finished(const ProfileReader& reader);
// Has `fill` write and finish the file, under another name until it is complete.
void make_profile(const std::filesystem::path& out, const ProfileHeader& header,
                  const std::function<void(ProfileWriter&)>& fill);

}  // namespace triage
