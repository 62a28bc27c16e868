// Files that stand where a model should be.
#pragma once

#include <filesystem>

namespace triage {

// Throws kModel, saying what it is, for a Git LFS pointer, a web page, a folder, and an empty file unless
// that `may_be_empty`, as the weights of a network without any. A file that cannot be read is left to whoever
// reads it.
void refuse_stand_in(const std::filesystem::path& file, bool may_be_empty = false);

// Throws kModel for a file that is not of the format that its extension says: the engine would try it as
// every format that it knows, and print what each of them says. Other extensions are not looked at.
void refuse_other_format(const std::filesystem::path& file);

}  // namespace triage
