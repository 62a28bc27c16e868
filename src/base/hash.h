// Hashes and random numbers that are the same on every platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triage {

// Finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection that mixes all bits.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

// FNV-1a over the bytes, mixed with the seed. Not for untrusted keys.
[[nodiscard]] constexpr std::uint64_t hash64(std::uint64_t seed, std::string_view bytes) {
  std::uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mix64(h ^ mix64(seed));
}

// splitmix64 as a generator.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() {
    const std::uint64_t out = mix64(state_);
    state_ += 0x9E3779B97F4A7C15ULL;
    return out;
  }
  // Uniform in [0, n); n > 0. The bias is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }
  // Uniform in [0, 1).
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t state_;
};

// Fisher-Yates.
template <class T>
void shuffle(std::span<T> values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[static_cast<std::size_t>(random.below(i))]);
  }
}

// With padding, on one line.
[[nodiscard]] std::string base64(std::span<const std::uint8_t> bytes);
// Back, with or without padding and line ends; nothing for other text.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> base64_decoded(std::string_view text);

// 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);
// Of a file's content, read in blocks. Throws kIo.
[[nodiscard]] std::string sha256_file(const std::filesystem::path& path);
// Of several files' contents, one after the other. Throws kIo.
[[nodiscard]] std::string sha256_files(std::span<const std::filesystem::path> paths);

}  // namespace triage
