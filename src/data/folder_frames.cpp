// The pictures of a folder as frames, in the order of their names.
#include <fmt/format.h>

#include "triage/error.h"
#include "triage/tools/dataset.h"
#include "triage/tools/frames.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

class FolderFrames final : public FrameReader {
 public:
  FolderFrames(fs::path folder, std::vector<std::string> files)
      : folder_(std::move(folder)), files_(std::move(files)) {}
  std::optional<Image> next(const DecodeOptions& options) override {
    if (n_ == files_.size()) return std::nullopt;
    ++n_;
    return read_image(name(), options);
  }
  [[nodiscard]] std::string name() const override {
    return n_ == 0 ? folder_.string() : (folder_ / files_[n_ - 1]).string();
  }

 private:
  fs::path folder_;
  std::vector<std::string> files_;
  std::size_t n_ = 0;  // begun
};

}  // namespace

std::unique_ptr<FrameReader> folder_frames(const fs::path& folder) {
  ImageFiles found = find_image_files(folder);
  if (found.files.empty()) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: no image files{}, expected frames, one a file; check the folder", folder.string(),
                    found.left_out.empty() ? "" : fmt::format(" (left out: {})", found.left_out)));
  }
  return std::make_unique<FolderFrames>(folder, std::move(found.files));
}

}  // namespace triage
