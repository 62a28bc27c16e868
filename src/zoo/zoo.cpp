// Looking things up in a zoo; checksums and fingerprints of its models.
#include "triage/zoo.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "triage/error.h"

namespace triage {
namespace {

// The model file, and the weights beside an .xml.
std::vector<std::filesystem::path> parts_of(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> parts{path};
  if (path.extension() != ".xml") return parts;
  std::filesystem::path weights = path;
  weights.replace_extension(".bin");
  if (path_exists(weights)) parts.push_back(std::move(weights));
  return parts;
}

}  // namespace

std::string ModelSpec::fingerprint() const {
  std::string text;
  for (const ModelFile& file : files) text += file.sha256 + "\n";
  text += recipe_key(input) + "\n";
  text += fmt::format("kind {} index {} classes {} offset {} scale {}", static_cast<int>(output.kind),
                      output.index, output.n_classes, output.label_offset, output.scale);
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 16);
}

ModelIndex Zoo::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].name == wanted) return static_cast<ModelIndex>(i);
  }
  return kNoModel;
}

std::filesystem::path Zoo::resolve(const ModelFile& file) const { return folder / file.path; }

std::string model_checksum(const std::filesystem::path& path) { return sha256_files(parts_of(path)); }

std::uint64_t model_bytes(const std::filesystem::path& path) {
  std::uint64_t bytes = 0;
  for (const std::filesystem::path& part : parts_of(path)) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(part, error);
    if (error) {
      throw Error(ErrorCode::kIo, fmt::format("{}: {}, expected a model file; check the path", part.string(),
                                              error.message()));
    }
    bytes += size;
  }
  return bytes;
}

std::uint64_t model_size_bytes(const Zoo& zoo, const ModelSpec& model) {
  std::uint64_t bytes = 0;
  for (const ModelFile& file : model.files) bytes += model_bytes(zoo.resolve(file));
  return bytes;
}

void verify_files(const Zoo& zoo, const ModelSpec& model) {
  for (const ModelFile& file : model.files) {
    const std::filesystem::path path = zoo.resolve(file);
    if (!path_exists(path)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("{}: is missing, expected the weights of model '{}'; put the file there, build "
                              "it ('triage zoo build') or take the model out of the manifest",
                              path.string(), model.name));
    }
    const std::string found = model_checksum(path);
    if (found == file.sha256) continue;
    throw Error(ErrorCode::kManifest,
                fmt::format("{}: sha256 is {}, expected {} as model '{}' states; restore the file, or add it "
                            "anew with 'triage zoo add'",
                            path.string(), found, file.sha256, model.name));
  }
}

}  // namespace triage
