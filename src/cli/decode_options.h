// --max-pixels, --max-bytes and --max-work: what one picture may cost.
#pragma once

#include <CLI/CLI.hpp>

#include "triage/image.h"

namespace triage::cli {

void add_decode_options(CLI::App& command, DecodeOptions& decode);

}  // namespace triage::cli
