// Pictures of a data set, of which some may not be readable.
#pragma once

#include <cstddef>
#include <optional>

#include "triage/error.h"
#include "triage/image.h"
#include "triage/tools/dataset.h"

namespace triage {

// Input i of `data`; nothing where that one cannot be read, so that others may go on. Other errors are thrown
// on.
[[nodiscard]] inline std::optional<Image> load_readable(const Dataset& data, std::size_t i,
                                                        const DecodeOptions& decode) {
  try {
    return data.load(i, decode);
  } catch (const Error& error) {
    if (!is_image_error(error.code()) && error.code() != ErrorCode::kIo) throw;
    return std::nullopt;
  }
}

}  // namespace triage
