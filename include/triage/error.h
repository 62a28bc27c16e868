// Errors of the library: one exception type, one table of codes.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace triage {

enum class ErrorCode {
  kUsage,          // the caller asked for something that makes no sense (arguments, options, unknown names)
  kImageFormat,    // one image is of no format that is read here, or not of the one that its name says
  kImageDamaged,   // one image is empty, cut short or corrupt
  kImageTooLarge,  // one image is over the pixel limit
  kData,           // a data set (folder, CSV, IDX) is malformed
  kManifest,       // a zoo manifest is malformed, or a model file does not have the checksum that it states
  kProfile,        // a profile is damaged, of another version, locked, or does not fit the request
  kPolicy,         // a policy file is damaged, of another version, or does not fit the zoo
  kModel,          // a model file cannot be loaded, or its shapes are not the manifest's
  kEngine,         // the engine failed while running a model, or is not available in this build
  kIo,             // a file cannot be opened, read or written; the disk is full
  kInterrupted,    // the caller's stop flag was raised (Ctrl-C)
  kInternal,       // a bug in Triage
};

// One row per code: its name, the command line's exit code, the server's HTTP status.
struct ErrorInfo {
  ErrorCode code;
  std::string_view name;
  int exit_code;
  int http_status;
};

// All codes, in the order of the enum.
[[nodiscard]] std::span<const ErrorInfo> error_table();
[[nodiscard]] const ErrorInfo& error_info(ErrorCode code);

// Whether one image is at fault, so that others may go well.
[[nodiscard]] constexpr bool is_image_error(ErrorCode code) {
  return code == ErrorCode::kImageFormat || code == ErrorCode::kImageDamaged ||
         code == ErrorCode::kImageTooLarge;
}

// The message reads `<object>: <found>, expected <...>; <next step>`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace triage
