#include "support/fake_zoo.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/files.h"
#include "base/hash.h"
#include "triage/zoo.h"

namespace triage::testing {
namespace {

void append_be32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

std::filesystem::path write_fake_zoo(const std::filesystem::path& folder,
                                     const std::vector<FakeNetworkSpec>& networks, std::int32_t n_classes,
                                     bool labels) {
  std::filesystem::create_directories(folder);
  Zoo zoo;
  zoo.name = "fake";
  zoo.folder = folder;
  if (labels) {
    std::string text;
    for (std::int32_t c = 0; c < n_classes; ++c) text += fmt::format("class {}\n", c);
    write_text_atomic(folder / "labels.txt", text);
    zoo.labels_file = "labels.txt";
  }
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const FakeNetworkSpec& network = networks[i];
    const std::string file = network.name + ".fake";
    const nlohmann::json json{{"classes", n_classes},
                              {"accuracy", network.accuracy},
                              {"shared", network.shared},
                              {"confidence", network.confidence},
                              {"ms", network.ms},
                              {"seed", network.seed == 0 ? i + 1 : network.seed},
                              {"fail_every", network.fail_every},
                              {"logits", network.logits},
                              {"background", network.background},
                              {"width", network.side},
                              {"height", network.side},
                              {"mean", network.mean},
                              {"scale", network.scale},
                              {"jitter", network.jitter},
                              {"parallel", network.parallel},
                              {"devices", network.devices}};
    write_text_atomic(folder / file, json.dump(2));
    ModelSpec model;
    model.name = network.name;
    model.files = {{file, model_checksum(folder / file)}};
    model.input.width = model.input.height = network.side;
    model.input.colour = Colour::kGray;
    model.input.mean[0] = static_cast<float>(network.mean);
    model.input.scale[0] = static_cast<float>(network.scale);
    model.output.kind = network.logits ? OutputKind::kLogits : OutputKind::kProbabilities;
    model.output.n_classes = n_classes;
    model.output.label_offset = network.background;
    zoo.models.push_back(std::move(model));
  }
  save_zoo(zoo, folder / "zoo.json");
  return folder / "zoo.json";
}

void add_variant(Zoo& zoo, std::string_view of, const std::string& name, const std::string& device,
                 int threads) {
  ModelSpec model = zoo.models.at(static_cast<std::size_t>(zoo.find(of)));
  model.name = name;
  model.device = device;
  model.threads = threads;
  zoo.models.push_back(std::move(model));
}

Image fake_image(Label label, std::uint64_t seed, std::int32_t n_classes, int side) {
  Image image{side, side, 1, {}};
  image.pixels.resize(image.size_bytes());
  // Noise around the middle of the class's band of gray, in pairs of opposite sign, so that the mean stays.
  const double middle = (label + 0.5) * 256.0 / n_classes;
  const auto reach = static_cast<std::uint64_t>(std::min({middle, 255.0 - middle, 40.0}));
  const auto base = static_cast<int>(middle);
  Random random(hash64(seed, "fake image"));
  for (std::size_t i = 0; i < image.pixels.size(); i += 2) {
    const auto delta = static_cast<int>(random.below(reach + 1));
    image.pixels[i] = static_cast<std::uint8_t>(base + delta);
    if (i + 1 < image.pixels.size()) image.pixels[i + 1] = static_cast<std::uint8_t>(base - delta);
  }
  return image;
}

Label fake_label(std::size_t i, std::int32_t n_classes, std::uint64_t seed) {
  return static_cast<Label>(mix64(mix64(seed) ^ i) % static_cast<std::uint64_t>(n_classes));
}

FakeData write_fake_data(const std::filesystem::path& folder, std::size_t n, std::int32_t n_classes,
                         std::uint64_t seed, int side) {
  std::vector<Image> images;
  std::vector<Label> labels;
  for (std::size_t i = 0; i < n; ++i) {
    labels.push_back(fake_label(i, n_classes, seed));
    images.push_back(fake_image(labels.back(), mix64(seed) + i, n_classes, side));
  }
  FakeData data{folder / "fake-images-idx3-ubyte", folder / "fake-labels-idx1-ubyte"};
  write_idx_images(data.images, images);
  write_idx_labels(data.labels, labels);
  return data;
}

void write_idx_images(const std::filesystem::path& path, std::span<const Image> images) {
  std::vector<std::uint8_t> bytes{0, 0, 8, 3};
  append_be32(bytes, static_cast<std::uint32_t>(images.size()));
  append_be32(bytes, images.empty() ? 0 : static_cast<std::uint32_t>(images[0].height));
  append_be32(bytes, images.empty() ? 0 : static_cast<std::uint32_t>(images[0].width));
  for (const Image& image : images) bytes.insert(bytes.end(), image.pixels.begin(), image.pixels.end());
  write_file_atomic(path, bytes);
}

void write_idx_labels(const std::filesystem::path& path, std::span<const Label> labels) {
  std::vector<std::uint8_t> bytes{0, 0, 8, 1};
  append_be32(bytes, static_cast<std::uint32_t>(labels.size()));
  for (const Label label : labels) bytes.push_back(static_cast<std::uint8_t>(label));
  write_file_atomic(path, bytes);
}

void write_pnm(const std::filesystem::path& path, const Image& image) {
  std::string text = fmt::format("P{}\n{} {}\n255\n", image.channels == 1 ? 5 : 6, image.width, image.height);
  text.append(image.pixels.begin(), image.pixels.end());
  write_text_atomic(path, text);
}

}  // namespace triage::testing
