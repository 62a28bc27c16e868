#include "cli/system_info.h"

#include <fmt/format.h>
#include <jpeglib.h>
#include <openssl/crypto.h>
#include <png.h>
#include <sqlite3.h>
#include <webp/decode.h>
#include <zlib.h>

#include <CLI/Version.hpp>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>

namespace triage::cli {
namespace {

// Three numbers of 8 bits each.
std::string webp_version() {
  const int packed = WebPGetDecoderVersion();
  return fmt::format("{}.{}.{}", packed >> 16 & 0xFF, packed >> 8 & 0xFF, packed & 0xFF);
}

// The header's 2001005 is 2.1.5.
std::string jpeg_version() {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
  constexpr int kNumber = LIBJPEG_TURBO_VERSION_NUMBER;
  return fmt::format("turbo {}.{}.{}", kNumber / 1'000'000, kNumber / 1'000 % 1'000, kNumber % 1'000);
#else
  return fmt::to_string(JPEG_LIB_VERSION);
#endif
}

std::string fmt_version() {
  return fmt::format("{}.{}.{}", FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

}  // namespace

std::vector<LibraryVersion> library_versions() {
  return {{"OpenCV", cv::getVersionString()},
          {"SQLite", sqlite3_libversion()},
          {"libjpeg", jpeg_version()},
          {"libpng", png_get_libpng_ver(nullptr)},
          {"libwebp", webp_version()},
          {"zlib", zlibVersion()},
          {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"fmt", fmt_version()},
          {"CLI11", CLI11_VERSION},
          {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                        NLOHMANN_JSON_VERSION_PATCH)}};
}

std::vector<std::pair<std::string, bool>> cpu_features() {
#if defined(__x86_64__)
  return {{"sse4.2", __builtin_cpu_supports("sse4.2") != 0},
          {"avx2", __builtin_cpu_supports("avx2") != 0},
          {"fma", __builtin_cpu_supports("fma") != 0},
          {"avx512f", __builtin_cpu_supports("avx512f") != 0},
          {"avx512vnni", __builtin_cpu_supports("avx512vnni") != 0},
          {"avx512bf16", __builtin_cpu_supports("avx512bf16") != 0}};
#else
  return {};
#endif
}

}  // namespace triage::cli
