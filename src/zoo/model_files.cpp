// The files of a model: which belong together, their checksums, and what is no model at all.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "triage/error.h"
#include "triage/zoo.h"
#include "zoo/model_stand_in.h"
#include "zoo/onnx_files.h"

namespace triage {
namespace {

using std::filesystem::path;

// The model file and whatever else its answers depend on: the weights beside an .xml, the external data of an
// .onnx.
std::vector<path> parts_of(const path& model) {
  refuse_stand_in(model);
  std::vector<path> parts{model};
  const std::string extension = lower_extension(model);
  if (extension == ".xml") {
    path weights = model;
    weights.replace_extension(".bin");
    if (path_exists(weights)) parts.push_back(std::move(weights));
  }
  if (extension == ".onnx") {
    try {
      for (path& file : onnx_data_files(model)) parts.push_back(std::move(file));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kModel) throw;  // what is no model has no parts; the engine says so
    }
  }
  for (const path& part : parts) refuse_stand_in(part, part != model);
  return parts;
}

// The first bytes; none where it cannot be read, which whoever reads it says.
std::optional<std::string> start_of(const path& file, std::size_t n_bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string start(n_bytes, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  return start;
}

}  // namespace

void refuse_stand_in(const path& file, bool may_be_empty) {
  std::optional<std::string> found_start = start_of(file, 512);
  if (!found_start) return;
  std::string& start = *found_start;
  const auto refuse = [&](std::string_view found, std::string_view what_to_do) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: {}, expected a model; {}", file.string(), found, what_to_do));
  };
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) refuse("is a folder", "name the model file itself");
  if (start.empty() && !may_be_empty) refuse("is empty", "fetch or export it again");
  if (start.starts_with("version https://git-lfs")) {
    refuse("is a Git LFS pointer, not the file that it stands for", "fetch it with 'git lfs pull'");
  }
  std::transform(start.begin(), start.end(), start.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  const std::size_t text = std::min(start.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), start.size());
  const std::string_view words = std::string_view(start).substr(text);
  if (words.starts_with("<!doctype html") || words.starts_with("<html") ||
      words.find("<html") != std::string_view::npos) {
    refuse("is a web page", "fetch the file itself, and look at the page for why it came instead");
  }
}

void refuse_other_format(const path& file) {
  const std::string extension = lower_extension(file);
  const auto refuse = [&](std::string_view format) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: is no {} model, or is damaged, expected one; export it anew", file.string(),
                            format));
  };
  if (extension == ".onnx") (void)onnx_data_files(file);
  if (extension == ".tflite") {
    const auto start = start_of(file, 8);  // a flat buffer's offset and identifier
    if (start && !start->ends_with("TFL3")) refuse("TensorFlow Lite");
  }
  if (extension == ".xml") {
    const auto start = start_of(file, 65536);  // comments may come before
    if (start && start->find("<net") == std::string::npos) refuse("OpenVINO IR");
  }
}

std::string model_checksum(const path& model) { return sha256_files(parts_of(model)); }

std::uint64_t model_bytes(const path& model) {
  std::uint64_t bytes = 0;
  for (const path& part : parts_of(model)) {
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

std::uint64_t loaded_size_bytes(const Zoo& zoo, const ModelSpec& model) {
  constexpr std::uint64_t kTimes = 3, kMore = 8 << 20;
  return kTimes * model_size_bytes(zoo, model) + kMore;
}

void verify_files(const Zoo& zoo, const ModelSpec& model) {
  for (const ModelFile& file : model.files) {
    const path where = zoo.resolve(file);
    if (!path_exists(where)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("{}: is missing, expected the weights of model '{}'; put the file there, build "
                              "it ('triage zoo build') or take the model out of the manifest",
                              where.string(), model.name));
    }
    const std::string found = model_checksum(where);
    if (found == file.sha256) continue;
    if (sha256_file(where) == file.sha256) {
      throw Error(
          ErrorCode::kManifest,
          fmt::format(
              "{}: the sha256 of model '{}' is of this file alone, expected one that covers its weights in "
              "other "
              "files too, {}; if they are the right ones, put it into the manifest, and profile again",
              where.string(), model.name, found));
    }
    throw Error(ErrorCode::kManifest,
                fmt::format("{}: sha256 is {}, expected {} as model '{}' states; restore the file, or add it "
                            "anew with 'triage zoo add'",
                            where.string(), found, file.sha256, model.name));
  }
}

}  // namespace triage
