// What describes a zoo, and what is kept of it.
#include "base/files.h"
#include "engine/compile_cache.h"
#include "fuzz_target.h"
#include "triage/error.h"
#include "triage/zoo.h"
#include "zoo/json_reader.h"
#include "zoo/onnx_files.h"

namespace triage::fuzz {
namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void read_manifest(std::span<const std::uint8_t> bytes) {
  const Zoo zoo = load_zoo(as_file("zoo.json", bytes));
  const std::filesystem::path copy = zoo.folder / "copy.json";
  save_zoo(zoo, copy);
  // A name in a manifest may lead anywhere, so that no file of the machine's is read here.
  for (const ModelSpec& model : zoo.models) (void)model.fingerprint();
  Zoo again = load_zoo(copy);
  if (again.models != zoo.models) {
    throw Error(ErrorCode::kInternal, "a manifest that was written differs from what was read");
  }
}

void read_json(std::span<const std::uint8_t> bytes) {
  (void)parse_json(text_of(bytes), "any.json", ErrorCode::kManifest);
}

void read_labels(std::span<const std::uint8_t> bytes) {
  (void)read_label_names(as_file("labels.txt", bytes));
}

// The key of make_corpus.cpp.
void read_compiled(std::span<const std::uint8_t> bytes) {
  (void)open_compiled({bytes.begin(), bytes.end()}, {"model: 0123\ndevice: CPU\n", "engine 1"});
}

void read_onnx(std::span<const std::uint8_t> bytes) { (void)onnx_data_files(as_file("net.onnx", bytes)); }

}  // namespace triage::fuzz
