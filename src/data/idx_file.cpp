#include "data/idx_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxValues = std::uint64_t{4} << 30;
constexpr std::size_t kBlockBytes = std::size_t{8} << 20;
constexpr std::uint8_t kUnsignedByte = 0x08;

Error data_error(const fs::path& path, std::string_view found, std::string_view expected) {
  return {ErrorCode::kData, fmt::format("{}: {}, expected {}; check that it is a complete IDX file",
                                        path.string(), found, expected)};
}

// zlib reads gzipped and plain files alike.
class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path), file_(gzopen(path.c_str(), "rb"), &gzclose) {
    if (file_ == nullptr) {
      throw Error(ErrorCode::kIo,
                  fmt::format("{}: cannot be opened ({}), expected an IDX file; check the path",
                              path.string(), std::strerror(errno)));
    }
    gzbuffer(file_.get(), 1 << 17);
  }

  // Fills `out` as far as the file goes and returns how far.
  std::size_t read(std::span<std::uint8_t> out) {
    const int got = gzread(file_.get(), out.data(), static_cast<unsigned>(out.size()));
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    if (code == Z_ERRNO) {
      throw Error(ErrorCode::kIo, fmt::format("{}: reading failed ({}); check the disk", path_.string(),
                                              std::strerror(errno)));
    }
    if (got < 0 || code == Z_BUF_ERROR)
      throw data_error(path_, fmt::format("gzip data is corrupt or cut short ({})", text), "a whole file");
    return static_cast<std::size_t>(got);
  }

 private:
  fs::path path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

std::vector<std::size_t> read_sizes(Reader& reader, const fs::path& path, std::size_t n_dimensions) {
  std::array<std::uint8_t, 4> word{};
  if (reader.read(word) != word.size()) throw data_error(path, "ends within its header", "an IDX header");
  const std::array<std::uint8_t, 4> magic{0, 0, kUnsignedByte, static_cast<std::uint8_t>(n_dimensions)};
  if (word != magic) {
    throw data_error(
        path, fmt::format("starts with {:02x}", fmt::join(word, " ")),
        fmt::format("{:02x} (IDX, unsigned bytes, {} dimensions)", fmt::join(magic, " "), n_dimensions));
  }
  std::vector<std::size_t> sizes;
  std::uint64_t n_values = 1;
  for (std::size_t d = 0; d < n_dimensions; ++d) {
    if (reader.read(word) != word.size()) throw data_error(path, "ends within its header", "an IDX header");
    const std::uint64_t size = std::uint64_t{word[0]} << 24 | std::uint64_t{word[1]} << 16 |
                               std::uint64_t{word[2]} << 8 | std::uint64_t{word[3]};
    if (size == 0 || size > kMaxValues / n_values) {
      throw data_error(path, fmt::format("states a size of {} in dimension {}", size, d),
                       fmt::format("1 or more and at most {} values in all", kMaxValues));
    }
    n_values *= size;
    sizes.push_back(static_cast<std::size_t>(size));
  }
  return sizes;
}

}  // namespace

IdxFile read_idx(const fs::path& path, std::size_t n_dimensions) {
  Reader reader(path);
  IdxFile file;
  file.sizes = read_sizes(reader, path, n_dimensions);
  std::size_t expected = 1;
  for (const std::size_t size : file.sizes) expected *= size;

  std::size_t filled = 0;
  while (filled < expected) {
    // Block by block: a header that promises gigabytes gets no more memory than there is data.
    file.values.resize(std::min(expected, filled + kBlockBytes));
    const std::size_t got = reader.read(std::span(file.values).subspan(filled));
    if (got == 0) {
      throw data_error(path, fmt::format("holds {} values", filled),
                       fmt::format("{} ({})", expected, fmt::join(file.sizes, " x ")));
    }
    filled += got;
  }
  // Reading on to the end also has zlib verify the checksum.
  std::uint8_t extra = 0;
  if (reader.read({&extra, 1}) != 0) {
    throw data_error(path, fmt::format("holds more than {} values", expected),
                     fmt::format("as many as its header states ({})", fmt::join(file.sizes, " x ")));
  }
  return file;
}

}  // namespace triage
