// Shows that what is evaluated is what is deployed: the same policies by replay over a profile and live over
// the engine, image by image.
#pragma once

#include <filesystem>

#include "triage/tools/dataset.h"

namespace triage::testing {

// Profiles `data` with the zoo into `folder`, trains policies of every kind on one half of the table, saves
// them, and demands on every image that the loaded policy's live run makes the same choices and gives the
// same answer, to the last bit, as the trained one's replay. Fails, too, when the policies did not use their
// freedom (always one model, say).
void expect_live_equals_replay(const std::filesystem::path& zoo_path, const Dataset& data,
                               const std::filesystem::path& folder);

}  // namespace triage::testing
