// Looking things up in a zoo; fingerprints of its models.
#include "triage/zoo.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace triage {
std::string ModelSpec::fingerprint() const {
  std::string text;
  for (const ModelFile& file : files) text += file.sha256 + "\n";
  text += recipe_key(input) + "\n";
  text += fmt::format("kind {} index {} classes {} offset {} scale {}", static_cast<int>(output.kind),
                      output.index, output.n_classes, output.label_offset, output.scale);
  if (output.label_tail != 0) text += fmt::format(" tail {}", output.label_tail);
  // Where precision could not be chosen it was f32, and those fingerprints stay; i8 computes the same.
  if (precision != Precision::kF32 && precision != Precision::kI8)
    text += fmt::format(" precision {}", to_string(precision));
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 16);
}

ModelIndex Zoo::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].name == wanted) return static_cast<ModelIndex>(i);
  }
  return kNoModel;
}

std::filesystem::path Zoo::resolve(const ModelFile& file) const { return folder / file.path; }

}  // namespace triage
