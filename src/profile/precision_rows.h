// The table of a profile that says which models run in another precision than f32.
#pragma once

#include "profile/header.h"

namespace triage {

// Makes the table where there are such models.
void write_precisions(const Database& database, const ProfileHeader& header);
// Of the header's models. Throws kProfile.
void read_precisions(const Database& database, ProfileHeader& header);

}  // namespace triage
