#include "triage/error.h"

#include <array>

namespace triage {
namespace {

constexpr std::array<ErrorInfo, 13> kErrors{{
    {ErrorCode::kUsage, "usage", 2, 400},
    {ErrorCode::kImageFormat, "image_format", 1, 415},
    {ErrorCode::kImageDamaged, "image_damaged", 1, 422},
    {ErrorCode::kImageTooLarge, "image_too_large", 1, 413},
    {ErrorCode::kData, "data", 3, 422},
    {ErrorCode::kManifest, "manifest", 3, 500},
    {ErrorCode::kProfile, "profile", 3, 500},
    {ErrorCode::kPolicy, "policy", 3, 500},
    {ErrorCode::kModel, "model", 4, 500},
    {ErrorCode::kEngine, "engine", 4, 500},
    {ErrorCode::kIo, "io", 5, 500},
    {ErrorCode::kInterrupted, "interrupted", 130, 503},
    {ErrorCode::kInternal, "internal", 70, 500},
}};

}  // namespace

std::span<const ErrorInfo> error_table() { return kErrors; }

const ErrorInfo& error_info(ErrorCode code) {
  for (const ErrorInfo& info : kErrors) {
    if (info.code == code) return info;
  }
  return kErrors.back();
}

}  // namespace triage
