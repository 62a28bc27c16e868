// The zoo: which models there are, how to feed them and how to read what they say. docs/formats.md has the
// manifest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/image.h"
#include "triage/types.h"

namespace triage {

enum class Role { kClassifier, kSelector };
enum class Layout { kNchw, kNhwc };
// kI8: as networks of whole numbers alone take them, the 8-bit value - 128.
enum class ElementType { kU8, kF32, kI8 };
// What the output holds. kProbabilities: used as they are; kLogits: softmax is applied. For two classes, one
// value may speak of both: kSigmoid is the probability of class 1, kSigmoidLogit becomes it by the sigmoid.
enum class OutputKind { kProbabilities, kLogits, kSigmoid, kSigmoidLogit };
// As manifests write it: "probabilities", "logits", "sigmoid", "sigmoid_logit".
[[nodiscard]] std::string_view to_string(OutputKind kind);
[[nodiscard]] constexpr bool is_one_value(OutputKind kind) {
  return kind == OutputKind::kSigmoid || kind == OutputKind::kSigmoidLogit;
}

[[nodiscard]] constexpr std::size_t size_of(ElementType type) { return type == ElementType::kF32 ? 4 : 1; }

// Which part of the picture a model sees: the whole, or the centre, `fraction` of each side long (0.875 is
// usual).
struct Crop {
  double fraction = 1.0;  // (0, 1]; 1 is the whole picture
  bool operator==(const Crop&) const = default;
};
[[nodiscard]] std::string to_string(Crop crop);        // "none" or "center:0.875"
[[nodiscard]] Crop parse_crop(std::string_view text);  // throws kUsage

// How a picture is resized. kBySize: by area where it shrinks, bicubic where it grows, as OpenCV does. The
// bilinear and bicubic ones take the 2 x 2 and 4 x 4 pixels next to each result, as OpenCV and PyTorch do;
// the antialias ones widen with the picture's reduction, as Pillow and torchvision do.
enum class Resampling { kBySize, kArea, kBilinear, kBicubic, kBilinearAntialias, kBicubicAntialias };
// As manifests write it: "by_size", "area", "bilinear", "bicubic", "bilinear_antialias", "bicubic_antialias".
[[nodiscard]] std::string_view to_string(Resampling resampling);
[[nodiscard]] std::span<const Resampling> all_resamplings();
[[nodiscard]] Resampling parse_resampling(std::string_view text);  // throws kUsage

// From an image to a model's input: crop, resize to width x height (the aspect ratio is not kept), colour,
// (value - mean) / scale per channel, layout.
struct Recipe {
  int width = 0;
  int height = 0;
  Layout layout = Layout::kNchw;
  ElementType type = ElementType::kF32;
  Colour colour = Colour::kRgb;
  std::array<float, 3> mean{0, 0,
                            0};  // in the model's channel order; the first alone for gray; for kF32 alone
  std::array<float, 3> scale{1, 1, 1};  // never 0
  Crop crop;
  Resampling resampling = Resampling::kBySize;

  [[nodiscard]] int channels() const { return colour == Colour::kGray ? 1 : 3; }
  [[nodiscard]] std::size_t size_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(channels()) * size_of(type);
  }
  bool operator==(const Recipe&) const = default;
};
// Canonical text; equal for recipes that give the same tensor. Preprocessing is charged once per input for
// each.
[[nodiscard]] std::string recipe_key(const Recipe& recipe);

struct OutputSpec {
  OutputKind kind = OutputKind::kProbabilities;
  int index = 0;                  // which output of the (last) network holds the classes
  std::int32_t n_classes = 0;     // up to kMaxClasses, without what is dropped; ids 0 .. n_classes-1
  std::int32_t label_offset = 0;  // outputs to drop in front: 1 for networks whose output 0 is "background"
  std::int32_t label_tail = 0;    // outputs to drop behind, likewise
  float scale = 1.0F;     // raw value * scale = probability (1/256 for 8-bit softmax, 0.01 for percent)
  std::string embedding;  // name of a further output with an embedding, or empty

  // That the network has to give.
  [[nodiscard]] std::size_t n_values() const {
    return is_one_value(kind) ? 1
                              : static_cast<std::size_t>(n_classes) + static_cast<std::size_t>(label_offset) +
                                    static_cast<std::size_t>(label_tail);
  }
  bool operator==(const OutputSpec&) const = default;
};

// A file of a model with its model_checksum, as the manifest states it.
struct ModelFile {
  std::filesystem::path path;  // absolute, or relative to the manifest's folder as written
  std::string sha256;
  bool operator==(const ModelFile&) const = default;
};

// A selector that was trained for one fold of a cross-validation: on its training part alone.
struct SelectorFold {
  std::string of;  // name of the selector that was trained like it, but on everything
  int index = 0;   // 0 .. count-1
  int count = 0;
  std::uint64_t seed = 0;  // of the folds (make_folds)
  std::string inputs;      // inputs_hash() of that training part
  bool operator==(const SelectorFold&) const = default;
};

struct ModelSpec {
  std::string name;
  Role role = Role::kClassifier;
  std::vector<ModelFile>
      files;  // two for a chain: output 0 of the first feeds the second (weights files apart)
  Recipe input;
  OutputSpec output;
  std::string device = "CPU";  // as the engine names it
  int threads = 1;
  Precision precision = Precision::kF32;
  // Selectors alone: the model that each output stands for, empty where it says that none is right.
  std::vector<std::string> chooses;
  std::optional<SelectorFold> fold;
  std::string license;  // free text
  std::string source;   // where it comes from, free text

  // What determines the outputs: weights, recipe, output reading and precision, not device or threads. 16 hex
  // digits. Those of kAuto are of no use before EngineSet::resolved.
  [[nodiscard]] std::string fingerprint() const;
  bool operator==(const ModelSpec&) const = default;
};

struct Zoo {
  std::string name;
  std::filesystem::path folder;          // the manifest's folder; relative model paths start here
  std::filesystem::path labels_file;     // as written in the manifest; may be empty
  std::vector<std::string> label_names;  // one per class, empty when there is no labels file
  std::vector<std::string> label_ids;    // their WordNet ids, empty where the labels file has none
  std::vector<ModelSpec> models;         // names are unique

  // Position by name, or kNoModel.
  [[nodiscard]] ModelIndex find(std::string_view name) const;
  [[nodiscard]] std::filesystem::path resolve(const ModelFile& file) const;
};

// Reads and validates a manifest; messages name the JSON path (`models[2].input.width: ...`). Throws kIo,
// kManifest. Checksums are not verified here, since that reads every weight: verify_files does.
[[nodiscard]] Zoo load_zoo(const std::filesystem::path& path);
// Class names of a labels file, one a line, and their WordNet ids where lines begin with one, as those of
// ImageNet's synset_words.txt do ("n01440764 tench, Tinca tinca" is "tench, Tinca tinca").
struct LabelNames {
  std::vector<std::string> names;
  std::vector<std::string> ids;  // empty where no line has one; "" for single lines without
};
// Throws kIo, and kManifest for an empty file or an empty line before the last.
[[nodiscard]] LabelNames read_label_names(const std::filesystem::path& path);
// Every classifier once for each device and precision and, on the CPU, for each number of threads, named
// "net@CPUx2", "net@GPU" or, in another precision than f32, "net@CPUx2-bf16": candidates of their own, with
// the same fingerprint where the precision is the same. Selectors stay as they are. Throws kUsage for empty
// lists, for what is named twice, and for kI8, which computes what kF32 does.
[[nodiscard]] Zoo variants_of(const Zoo& zoo, std::span<const std::string> devices,
                              std::span<const int> threads, std::span<const Precision> precisions);
// Writes it atomically. Throws kIo.
void save_zoo(const Zoo& zoo, const std::filesystem::path& path);
// Checksum of a model file as manifests state it: sha256 of its bytes, followed by those of the other files
// that its answers depend on: of an OpenVINO .xml the .bin beside it, if there is one; of an .onnx its files
// of external data, in the order of their names. 64 lower-case hex digits. Throws kIo, and kModel for what is
// no model (an empty file, a Git LFS pointer, a web page).
[[nodiscard]] std::string model_checksum(const std::filesystem::path& path);
// Bytes of all files of a model, those that it depends on included. Throws as model_checksum.
[[nodiscard]] std::uint64_t model_size_bytes(const Zoo& zoo, const ModelSpec& model);
// What memory a model takes at least once it is loaded: three times its files and 8 MB, as measured with
// OpenVINO (EfficientNet-Lite 3.1 to 3.2 times, twice as much while it is compiled; 8-bit networks more).
// Throws as model_checksum.
[[nodiscard]] std::uint64_t loaded_size_bytes(const Zoo& zoo, const ModelSpec& model);
// Of a model file, with the files that it depends on. Throws as model_checksum.
[[nodiscard]] std::uint64_t model_bytes(const std::filesystem::path& path);
// Throws kIo for a missing file and kManifest, naming both values, for a checksum that differs.
void verify_files(const Zoo& zoo, const ModelSpec& model);

}  // namespace triage
