// A zoo of fake networks and a data set that they classify: what most tests start from.
//
//   triage::testing::TempFolder dir;
//   const auto zoo = write_fake_zoo(dir.path() / "zoo", {{.name = "small", .accuracy = 0.7, .ms = 0.1},
//                                                        {.name = "large", .accuracy = 0.9, .ms = 1.0}});
//   const auto data = write_fake_data(dir.path() / "data", 200);
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "support/temp_folder.h"
#include "triage/image.h"
#include "triage/types.h"
#include "triage/zoo.h"

namespace triage::testing {

// One network; src/engine/fake_engine.cpp says what the fields do. Those with equal side, mean and scale
// share a preprocessing recipe.
struct FakeNetworkSpec {
  std::string name;
  double accuracy = 1.0;
  double ms = 0.0;
  std::uint64_t seed = 0;  // 0: its position + 1, so that networks differ
  double shared = 0.0;
  double confidence = 0.7;
  std::int64_t fail_every = 0;
  bool logits = false;
  std::int32_t background = 0;
  int side = 28;
  double mean = 0.0;
  double scale = 255.0;
  double jitter = 0.0;
  double parallel = 0.0;
  std::map<std::string, double> devices = {};
};

// Writes `<folder>/zoo.json`, a `<name>.fake` for each network and, unless `labels` is false, `labels.txt`
// with the names "class 0", "class 1", ... Gray f32 inputs. Returns the manifest's path.
std::filesystem::path write_fake_zoo(const std::filesystem::path& folder,
                                     const std::vector<FakeNetworkSpec>& networks,
                                     std::int32_t n_classes = 10, bool labels = true);

// Adds model `of` once more under another name, run in another way, as a manifest lists it.
void add_variant(Zoo& zoo, std::string_view of, const std::string& name, const std::string& device,
                 int threads);

// A gray picture that every fake network of `n_classes` takes for `label` when it is right. Others for other
// seeds. (side, side, 1)
[[nodiscard]] Image fake_image(Label label, std::uint64_t seed, std::int32_t n_classes = 10, int side = 28);

struct FakeData {
  std::filesystem::path images;  // IDX, uncompressed
  std::filesystem::path labels;
};
// Writes `n` pictures with labels hashed from (seed, i) as an IDX pair, `<folder>/fake-images-idx3-ubyte` and
// `<folder>/fake-labels-idx1-ubyte`.
FakeData write_fake_data(const std::filesystem::path& folder, std::size_t n, std::int32_t n_classes = 10,
                         std::uint64_t seed = 1, int side = 28);
// Label of picture i of write_fake_data.
[[nodiscard]] Label fake_label(std::size_t i, std::int32_t n_classes = 10, std::uint64_t seed = 1);

// IDX files of any gray pictures of one size, and of any labels from 0 to 255.
void write_idx_images(const std::filesystem::path& path, std::span<const Image> images);
void write_idx_labels(const std::filesystem::path& path, std::span<const Label> labels);
// Binary PPM, or PGM for gray.
void write_pnm(const std::filesystem::path& path, const Image& image);

}  // namespace triage::testing
