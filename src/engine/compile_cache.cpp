#include "engine/compile_cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "triage/error.h"

namespace triage {
namespace {

// The file begins with these; the key's text and the payload follow, to the end of the file.
constexpr std::string_view kMagic = "triage compiled\n";
constexpr std::uint32_t kCacheFormat = 1;
constexpr std::size_t kHashChars = 64;  // sha256 of text and payload
constexpr std::size_t kHeaderBytes = kMagic.size() + 4 + 4 + 8 + kHashChars;
constexpr std::size_t kFileNameChars = 32;

std::string text_of(const CompiledKey& key) { return fmt::format("{}build: {}\n", key.network, key.build); }

std::string integer_bytes(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::uint64_t get_integer(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

[[noreturn]] void misfit(std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kIo, fmt::format("{}, expected {}", found, expected));
}

// The first line in which they differ.
[[noreturn]] void fail_differs(std::string_view found, std::string_view expected) {
  while (!found.empty() && !expected.empty() && first_line(found) == first_line(expected)) {
    found.remove_prefix(std::min(found.size(), first_line(found).size() + 1));
    expected.remove_prefix(std::min(expected.size(), first_line(expected).size() + 1));
  }
  misfit(fmt::format("it is of '{}'", first_line(found)), fmt::format("'{}'", first_line(expected)));
}

}  // namespace

std::vector<std::uint8_t> seal_compiled(const CompiledKey& key, std::span<const std::uint8_t> payload) {
  const std::string text = text_of(key);
  std::vector<std::uint8_t> bytes(kHeaderBytes + text.size() + payload.size());
  std::copy(text.begin(), text.end(), bytes.begin() + kHeaderBytes);
  std::copy(payload.begin(), payload.end(), bytes.end() - static_cast<std::ptrdiff_t>(payload.size()));
  const std::string header = std::string(kMagic) + integer_bytes(kCacheFormat, 4) +
                             integer_bytes(text.size(), 4) + integer_bytes(payload.size(), 8) +
                             sha256_hex(std::as_bytes(std::span(bytes).subspan(kHeaderBytes)));
  std::copy(header.begin(), header.end(), bytes.begin());
  return bytes;
}

CompiledFile open_compiled(std::vector<std::uint8_t> file, const CompiledKey& key) {
  const std::span<const std::uint8_t> bytes(file);
  if (bytes.size() < kHeaderBytes) misfit(fmt::format("{} bytes", bytes.size()), "more; it is cut short");
  if (as_text(bytes.first(kMagic.size())) != kMagic) misfit("it begins otherwise", "a compiled network");
  const std::span<const std::uint8_t> numbers = bytes.subspan(kMagic.size(), 16);
  const std::uint64_t version = get_integer(numbers.first(4));
  if (version != kCacheFormat) misfit(fmt::format("version {}", version), fmt::format("{}", kCacheFormat));
  const std::uint64_t text_bytes = get_integer(numbers.subspan(4, 4));
  const std::uint64_t payload_bytes = get_integer(numbers.subspan(8, 8));
  const std::uint64_t left = bytes.size() - kHeaderBytes;
  if (text_bytes > left || payload_bytes != left - text_bytes) {
    misfit(fmt::format("{} bytes", bytes.size()), "as many as it states; it is cut short or damaged");
  }
  const std::span<const std::uint8_t> content = bytes.subspan(kHeaderBytes);
  if (sha256_hex(std::as_bytes(content)) != as_text(bytes.subspan(kHeaderBytes - kHashChars, kHashChars))) {
    misfit("its checksum differs", "that of its content; it is damaged");
  }
  const std::string_view text = as_text(content.first(static_cast<std::size_t>(text_bytes)));
  if (const std::string expected = text_of(key); text != expected) fail_differs(text, expected);
  return {std::move(file), content.subspan(static_cast<std::size_t>(text_bytes))};
}

CompileCache::CompileCache(std::filesystem::path folder, Remark remark)
    : folder_(std::move(folder)), remark_(std::move(remark)) {}

std::filesystem::path CompileCache::path_of(const CompiledKey& key) const {
  const std::string hash = sha256_hex(std::as_bytes(std::span(key.network)));
  return folder_ / (hash.substr(0, kFileNameChars) + ".compiled");
}

std::optional<CompiledFile> CompileCache::find(const CompiledKey& key) {
  if (!on()) return std::nullopt;
  const std::filesystem::path path = path_of(key);
  std::error_code error;
  // What is not known to be absent is opened, so that reading says why it cannot be.
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  try {
    std::vector<std::uint8_t> file = read_file(path);
    try {
      return open_compiled(std::move(file), key);
    } catch (const Error& misfit) {
      refuse(key, misfit.what());
    }
  } catch (const Error& unreadable) {
    say_unusable(unreadable.what());
  }
  return std::nullopt;
}

void CompileCache::keep(const CompiledKey& key, std::span<const std::uint8_t> payload) {
  if (!on()) return;
  {
    const std::lock_guard lock(mutex_);
    if (!writes_) return;
  }
  try {
    write_file_atomic(path_of(key), seal_compiled(key, payload));
  } catch (const Error& error) {
    {
      const std::lock_guard lock(mutex_);
      writes_ = false;
    }
    say_unusable(error.what());
  }
}

void CompileCache::refuse(const CompiledKey& key, std::string_view reason) {
  say(std::string(reason),
      fmt::format("{}: does not fit ({}); such models are compiled anew", path_of(key).string(), reason));
}

// A file or the folder: one has the same cause as the other.
void CompileCache::say_unusable(std::string_view what) {
  say("unusable", fmt::format("{}; what cannot be read or kept there is compiled at every start", what));
}

void CompileCache::say(const std::string& kind, std::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    if (!said_.insert(kind).second) return;
  }
  if (remark_) remark_(text);
}

}  // namespace triage
