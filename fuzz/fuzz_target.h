// What is fuzzed: everything that reads bytes of others. A target takes any bytes at all; it may refuse them
// with triage::Error, and do nothing else: no other exception, no internal error, no endless memory or time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage::fuzz {

using Bytes = std::vector<std::uint8_t>;

struct Target {
  std::string_view name;  // its corpus is corpus/<name>
  // "read", or why the bytes were refused. Throws what should not have been thrown.
  std::string (*read)(std::span<const std::uint8_t> bytes);
};

[[nodiscard]] std::span<const Target> targets();

// ---- for the targets ----

// Done with `work`, or its Error as text. An internal error is thrown on.
[[nodiscard]] std::string outcome_of(void (*work)(std::span<const std::uint8_t>),
                                     std::span<const std::uint8_t> bytes);
// A file of that name with these bytes, in a folder of this process; the next call with the name replaces it.
[[nodiscard]] std::filesystem::path as_file(std::string_view name, std::span<const std::uint8_t> bytes);

// By file: picture_targets.cpp, data_targets.cpp, import_targets.cpp, zoo_targets.cpp, policy_target.cpp,
// serve_targets.cpp.
void read_jpeg(std::span<const std::uint8_t> bytes);
void read_mjpeg(std::span<const std::uint8_t> bytes);
void read_png(std::span<const std::uint8_t> bytes);
void read_webp(std::span<const std::uint8_t> bytes);
void read_pnm(std::span<const std::uint8_t> bytes);
void read_bmp(std::span<const std::uint8_t> bytes);
void read_gif(std::span<const std::uint8_t> bytes);
void read_tiff(std::span<const std::uint8_t> bytes);
void read_heif(std::span<const std::uint8_t> bytes);
void read_onnx(std::span<const std::uint8_t> bytes);
void read_label_csv(std::span<const std::uint8_t> bytes);
void read_idx(std::span<const std::uint8_t> bytes);
void read_feedback(std::span<const std::uint8_t> bytes);
void read_profile(std::span<const std::uint8_t> bytes);
void read_table_csv(std::span<const std::uint8_t> bytes);
void read_table_json(std::span<const std::uint8_t> bytes);
void read_columns(std::span<const std::uint8_t> bytes);
void read_arff(std::span<const std::uint8_t> bytes);
void read_aslib(std::span<const std::uint8_t> bytes);
void read_manifest(std::span<const std::uint8_t> bytes);
void read_json(std::span<const std::uint8_t> bytes);
void read_labels(std::span<const std::uint8_t> bytes);
void read_compiled(std::span<const std::uint8_t> bytes);
void read_policy(std::span<const std::uint8_t> bytes);
void read_infer(std::span<const std::uint8_t> bytes);
void read_form(std::span<const std::uint8_t> bytes);

}  // namespace triage::fuzz
