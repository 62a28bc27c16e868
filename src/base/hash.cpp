#include "base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "base/check.h"
#include "triage/error.h"

namespace triage {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    TRIAGE_CHECK(context_ != nullptr);
    TRIAGE_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void update(const void* data, std::size_t size) {
    TRIAGE_CHECK(EVP_DigestUpdate(context_.get(), data, size) == 1);
  }
  [[nodiscard]] std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    TRIAGE_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    std::string text;
    for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::vector<std::uint8_t>> base64_decoded(std::string_view text) {
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int n = 0;
  while (!text.empty() && (text.back() == '=' || text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const char letter : text) {
    if (letter == '\n' || letter == '\r') continue;
    const std::size_t digit = kDigits.find(letter);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    if (++n % 4 == 0) {
      for (const int shift : {16, 8, 0}) out.push_back(static_cast<std::uint8_t>(bits >> shift));
      bits = 0;
    }
  }
  if (n % 4 == 1) return std::nullopt;
  if (n % 4 == 2) out.push_back(static_cast<std::uint8_t>(bits >> 4));
  if (n % 4 == 3) {
    out.push_back(static_cast<std::uint8_t>(bits >> 10));
    out.push_back(static_cast<std::uint8_t>(bits >> 2));
  }
  return out;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 sha;
  sha.update(bytes.data(), bytes.size());
  return sha.hex();
}

std::string sha256_file(const std::filesystem::path& path) { return sha256_files({&path, 1}); }

std::string sha256_files(std::span<const std::filesystem::path> paths) {
  Sha256 sha;
  std::vector<char> block(1 << 20);
  for (const std::filesystem::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::error_code unknown;
    if (!in || std::filesystem::is_directory(path, unknown)) {
      throw Error(
          ErrorCode::kIo,
          fmt::format("{}: cannot be opened, expected a readable file; check the path and its permissions",
                      path.string()));
    }
    while (in) {
      in.read(block.data(), static_cast<std::streamsize>(block.size()));
      sha.update(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad())
      throw Error(ErrorCode::kIo, fmt::format("{}: reading failed; check the disk", path.string()));
  }
  return sha.hex();
}

}  // namespace triage
