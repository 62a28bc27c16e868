// A text file from its beginning to its end, several times: plain or gzipped, or what standard input has.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace triage {

class TextFile {
 public:
  // "-" is standard input. Throws kIo, and kData for Parquet; here and below also kInterrupted, once `stop`
  // is requested.
  explicit TextFile(const std::filesystem::path& path, std::stop_token stop = {});

  // Throws kIo, kData for gzipped data that is damaged or cut short.
  void rewind();
  // The next bytes, at most some hundred thousand; none at the end. Valid until the next call.
  [[nodiscard]] std::string_view next();
  // For messages: the path, or "standard input".
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void refuse_parquet();
  [[noreturn]] void fail() const;

  std::string name_;
  std::stop_token stop_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  std::string buffer_;
};

}  // namespace triage
