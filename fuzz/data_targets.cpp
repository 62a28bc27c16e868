// Data sets and profiles.
#include <array>
#include <filesystem>
#include <string>

#include "fuzz_target.h"
#include "profile/new_profile.h"
#include "triage/error.h"
#include "triage/tools/dataset.h"
#include "triage/tools/import_feedback.h"
#include "triage/tools/profile.h"

namespace triage::fuzz {
namespace {

namespace fs = std::filesystem;

void read_all(const DatasetOptions& options) {
  const auto data = open_dataset(options);
  (void)data->label_names();
  for (std::size_t i = 0; i < data->size(); ++i) {
    (void)data->id(i);
    (void)data->label(i);
    if (i == 0) (void)data->load(i, {.max_pixels = 1'000'000});
  }
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

void read_label_csv(std::span<const std::uint8_t> bytes) {
  static const fs::path folder = [] {
    fs::path any;
    for (const char* name : {"pictures/a.pgm", "pictures/b.pgm", "pictures/sub/c.pgm"}) {
      any = as_file(name, bytes_of("P5 1 1 255\nx"));
    }
    return any.parent_path().parent_path();
  }();
  DatasetOptions options;
  options.data = {folder};
  options.labels = {as_file("labels.csv", bytes)};
  read_all(options);
}

// As pictures, and as the labels of two pictures.
void read_idx(std::span<const std::uint8_t> bytes) {
  static const std::string two("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01xy", 18);
  static const fs::path pictures = as_file("two-pictures", bytes_of(two));
  (void)outcome_of(
      [](std::span<const std::uint8_t> labels) {
        DatasetOptions options;
        options.data = {pictures};
        options.labels = {as_file("labels", labels)};
        read_all(options);
      },
      bytes);
  DatasetOptions options;
  options.data = {as_file("any-images-idx3-ubyte", bytes)};
  options.require_labels = false;
  read_all(options);
}

void read_profile(std::span<const std::uint8_t> bytes) {
  const fs::path path = as_file("any.profile", bytes);
  const std::array paths{path};
  const fs::path out = path.parent_path() / "merged.profile";
  std::error_code ignored;
  fs::remove(out, ignored);
  (void)outcome_of(
      [](std::span<const std::uint8_t>) {
        const fs::path both = as_file("none", {}).parent_path() / "any.profile";
        const std::array<fs::path, 2> twice{both, both};
        (void)merge_profiles(twice, both.parent_path() / "merged.profile");
      },
      bytes);
  (void)outcome_of(
      [](std::span<const std::uint8_t>) {
        const fs::path any = as_file("none", {}).parent_path() / "any.profile";
        (void)failed_inputs(any);
        (void)load_times(any);
      },
      bytes);
  (void)load_table(paths, true);
}

void read_feedback(std::span<const std::uint8_t> bytes) {
  const fs::path path = as_file("any.sqlite", bytes), out = path.parent_path() / "feedback.profile";
  remove_profile(out);
  (void)import_feedback(path, out, {.unlabelled = true});
  (void)load_table(std::array{out});
}

}  // namespace triage::fuzz
