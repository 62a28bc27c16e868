// Which files below a folder are pictures: the same for data sets and for what is classified.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// What was passed over, for one remark.
struct LeftOutFiles {
  std::map<std::string, std::size_t> by_extension;  // files that are no pictures by their names, ".txt" say
  std::size_t hidden = 0;                           // files and folders whose names begin with a dot
  std::vector<std::string> system;                  // folders that other programs keep there, such as @eaDir
  std::vector<std::string> links;                   // to nothing, or to a folder that they are in

  void add(const LeftOutFiles& other);
  // "3 .txt, 1 hidden, system folder @eaDir"; empty when nothing was left out.
  [[nodiscard]] std::string text() const;
};

struct ImageTree {
  std::vector<std::string> files;  // pictures, relative to the folder, with forward slashes; sorted
  LeftOutFiles left_out;
};

// Pictures in `folder` / `below` and its sub-folders (relative to `folder`); with `deep` false, in itself
// alone. Hidden files and folders, and folders of other programs, are left out; links are followed where they
// lead to something that is not around them. Throws kIo, naming the path, for a folder that cannot be read.
[[nodiscard]] ImageTree list_images(const std::filesystem::path& folder, const std::string& below = {},
                                    bool deep = true);

// Sub-folders of a folder by name, sorted; the same are left out.
[[nodiscard]] std::vector<std::string> list_folders(const std::filesystem::path& folder,
                                                    LeftOutFiles& left_out);

}  // namespace triage
