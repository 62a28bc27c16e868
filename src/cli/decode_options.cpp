#include "cli/decode_options.h"

namespace triage::cli {

void add_decode_options(CLI::App& command, DecodeOptions& decode) {
  const auto add = [&](const char* name, std::int64_t& value, const char* help) {
    command.add_option(name, value, help)
        ->capture_default_str()
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->type_name("N");
  };
  add("--max-pixels", decode.max_pixels, "Images with more are an error");
  add("--max-bytes", decode.max_bytes, "Images that take more memory to decode are an error");
  add("--max-work", decode.max_work, "Images of more pixels in all their passes are an error");
}

}  // namespace triage::cli
