#include "fuzz_target.h"

#include <array>

#include "base/files.h"
#include "support/temp_folder.h"
#include "triage/error.h"

namespace triage::fuzz {
namespace {

template <void (*work)(std::span<const std::uint8_t>)>
std::string read(std::span<const std::uint8_t> bytes) {
  return outcome_of(work, bytes);
}

// A further reader, or picture format: its function in fuzz_target.h, a line here and a corpus
// (make_corpus.cpp).
constexpr std::array kTargets{Target{"jpeg", &read<read_jpeg>},
                              Target{"mjpeg", &read<read_mjpeg>},
                              Target{"png", &read<read_png>},
                              Target{"webp", &read<read_webp>},
                              Target{"pnm", &read<read_pnm>},
                              Target{"bmp", &read<read_bmp>},
                              Target{"gif", &read<read_gif>},
                              Target{"tiff", &read<read_tiff>},
                              Target{"heif", &read<read_heif>},
                              Target{"onnx", &read<read_onnx>},
                              Target{"label_csv", &read<read_label_csv>},
                              Target{"idx", &read<read_idx>},
                              Target{"table_csv", &read<read_table_csv>},
                              Target{"table_json", &read<read_table_json>},
                              Target{"columns", &read<read_columns>},
                              Target{"arff", &read<read_arff>},
                              Target{"aslib", &read<read_aslib>},
                              Target{"manifest", &read<read_manifest>},
                              Target{"json", &read<read_json>},
                              Target{"labels", &read<read_labels>},
                              Target{"policy", &read<read_policy>},
#ifdef TRIAGE_WITH_SERVE
                              Target{"infer", &read<read_infer>},
                              Target{"form", &read<read_form>},
#endif
                              Target{"profile", &read<read_profile>},
                              Target{"feedback", &read<read_feedback>},
                              Target{"compiled", &read<read_compiled>}};

}  // namespace

std::span<const Target> targets() { return kTargets; }

std::string outcome_of(void (*work)(std::span<const std::uint8_t>), std::span<const std::uint8_t> bytes) {
  try {
    work(bytes);
    return "read";
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
    return error.what();
  }
}

std::filesystem::path as_file(std::string_view name, std::span<const std::uint8_t> bytes) {
  static const testing::TempFolder folder;
  return folder.write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace triage::fuzz
