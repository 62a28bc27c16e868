// The manifest, zoo.json, read strictly and written tidily. docs/formats.md describes every key.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "triage/error.h"
#include "triage/zoo.h"
#include "zoo/json_reader.h"

namespace triage {
namespace {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{16} << 20;
constexpr std::size_t kMaxModels = 4096;
constexpr int kVersion = 1;
constexpr Range kFinite{-1e30, 1e30};

const std::vector<std::string_view> kRoles{"classifier", "selector"};
const std::vector<std::string_view> kLayouts{"nchw", "nhwc"};
const std::vector<std::string_view> kTypes{"u8", "f32", "i8"};
const std::vector<std::string_view> kColours{"rgb", "bgr", "gray"};
const std::vector<std::string_view> kKinds{to_string(OutputKind::kProbabilities),
                                           to_string(OutputKind::kLogits), to_string(OutputKind::kSigmoid),
                                           to_string(OutputKind::kSigmoidLogit)};

std::array<float, 3> read_channels(ObjectReader& reader, const char* key, int channels, float otherwise) {
  std::array<float, 3> values{otherwise, otherwise, otherwise};
  if (!reader.has(key)) return values;
  const std::vector<double> read = reader.numbers(key, static_cast<std::size_t>(channels), kFinite);
  std::transform(read.begin(), read.end(), values.begin(), [](double v) { return static_cast<float>(v); });
  return values;
}

Recipe read_recipe(ObjectReader reader) {
  Recipe recipe;
  recipe.width = static_cast<int>(reader.integer("width", {1, 8192}));
  recipe.height = static_cast<int>(reader.integer("height", {1, 8192}));
  recipe.layout = static_cast<Layout>(reader.choice("layout", kLayouts));
  recipe.type = static_cast<ElementType>(reader.choice("type", kTypes));
  recipe.colour = static_cast<Colour>(reader.choice("colour", kColours));
  if (recipe.type != ElementType::kF32) {
    for (const char* key : {"mean", "scale"}) {
      if (reader.has(key))
        throw reader.error(key, fmt::format("found with type {}, expected none; 8-bit values are not scaled",
                                            kTypes[static_cast<std::size_t>(recipe.type)]));
    }
  } else {
    recipe.mean = read_channels(reader, "mean", recipe.channels(), 0.0F);
    recipe.scale = read_channels(reader, "scale", recipe.channels(), 1.0F);
    for (const float scale : recipe.scale) {
      if (scale == 0.0F) throw reader.error("scale", "found 0, expected any other number; it is a divisor");
    }
  }
  try {
    recipe.crop = parse_crop(reader.text("crop", "none", 64));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUsage) throw;
    throw reader.error("crop", error.what());
  }
  try {
    recipe.resampling = parse_resampling(reader.text("resampling", "by_size", 64));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUsage) throw;
    throw reader.error("resampling", error.what());
  }
  reader.finish();
  return recipe;
}

OutputSpec read_output(ObjectReader reader) {
  OutputSpec output;
  output.kind = static_cast<OutputKind>(reader.choice("kind", kKinds));
  output.n_classes = static_cast<std::int32_t>(reader.integer("classes", {1, kMaxClasses}));
  output.index = static_cast<int>(reader.integer("index", {0, 63}, 0));
  output.label_offset = static_cast<std::int32_t>(reader.integer("label_offset", {0, kMaxClasses}, 0));
  output.label_tail = static_cast<std::int32_t>(reader.integer("label_tail", {0, kMaxClasses}, 0));
  output.scale = static_cast<float>(reader.number("scale", {1e-30, 1e30}, 1.0));
  output.embedding = reader.text("embedding", "");
  reader.finish();
  if (is_one_value(output.kind)) {
    if (output.n_classes != 2)
      throw reader.error("classes", fmt::format("found {} with kind {}, expected 2", output.n_classes,
                                                to_string(output.kind)));
    for (const char* key : {"label_offset", "label_tail"}) {
      if (reader.has(key))
        throw reader.error(key, fmt::format("found with kind {}, expected none", to_string(output.kind)));
    }
  }
  return output;
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

ModelFile read_model_file(ObjectReader reader) {
  ModelFile file;
  file.path = reader.text("path");
  if (file.path.empty()) throw reader.error("path", "found an empty path, expected a file");
  file.sha256 = reader.text("sha256");
  if (!is_sha256(file.sha256)) {
    throw reader.error(
        "sha256", fmt::format("found '{}', expected 64 lower-case hex digits", file.sha256.substr(0, 80)));
  }
  reader.finish();
  return file;
}

constexpr std::string_view kNone = "none";  // in `chooses`: no model is right

SelectorFold read_fold(ObjectReader reader) {
  SelectorFold fold;
  fold.of = reader.text("of", {}, 200);
  fold.count = static_cast<int>(reader.integer("count", {2, 1000}));
  fold.index = static_cast<int>(reader.integer("index", {0, static_cast<double>(fold.count - 1)}));
  fold.seed = static_cast<std::uint64_t>(reader.integer("seed", {0, 0x1p53}));
  fold.inputs = reader.text("inputs", {}, 64);
  reader.finish();
  return fold;
}

// What a selector has besides what every model has.
void read_selector(ObjectReader& reader, ModelSpec& model) {
  for (const char* key : {"chooses", "fold"}) {
    if (reader.has(key) && model.role != Role::kSelector) {
      throw reader.error(key, "found with a classifier, expected with the role selector alone");
    }
  }
  if (reader.has("chooses")) {
    const auto n = static_cast<std::size_t>(model.output.n_classes);
    model.chooses = reader.texts("chooses", n, n, 200);
    std::replace(model.chooses.begin(), model.chooses.end(), std::string(kNone), std::string());
  }
  if (reader.has("fold")) model.fold = read_fold(reader.object("fold"));
}

ModelSpec read_model(ObjectReader reader) {
  ModelSpec model;
  model.name = reader.text("name", {}, 200);
  const bool printable = std::none_of(model.name.begin(), model.name.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (model.name.empty() || !printable) {
    throw reader.error("name", "found an empty name or a control character, expected printable text");
  }
  model.role = static_cast<Role>(reader.choice("role", kRoles, 0));
  for (ObjectReader& file : reader.objects("files", 1, 2)) model.files.push_back(read_model_file(file));
  model.input = read_recipe(reader.object("input"));
  model.output = read_output(reader.object("output"));
  read_selector(reader, model);
  model.device = reader.text("device", "CPU", 200);
  if (model.device.empty()) throw reader.error("device", "found an empty name, expected one such as CPU");
  model.threads = static_cast<int>(reader.integer("threads", {1, 1024}, 1));
  model.precision = all_precisions()[reader.choice("precision", names_of(all_precisions()), 0)];
  model.license = reader.text("license", "");
  model.source = reader.text("source", "");
  reader.finish();
  return model;
}

void check_names(const std::vector<ModelSpec>& models, const std::string& document) {
  std::map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto [at, fresh] = seen.emplace(models[i].name, i);
    if (fresh) continue;
    throw Error(ErrorCode::kManifest,
                fmt::format("{}: models[{}].name: found '{}' as for models[{}], expected a name of its own",
                            document, i, models[i].name, at->second));
  }
}

// A selector's choices must be classifiers of this zoo, and fold.of must name a selector.
void check_selectors(const Zoo& zoo, const std::string& document) {
  const auto has = [&](const std::string& name, Role role) {
    const ModelIndex found = zoo.find(name);
    return found != kNoModel && zoo.models[static_cast<std::size_t>(found)].role == role;
  };
  for (std::size_t i = 0; i < zoo.models.size(); ++i) {
    const ModelSpec& model = zoo.models[i];
    for (const std::string& name : model.chooses) {
      if (name.empty() || has(name, Role::kClassifier)) continue;
      throw Error(
          ErrorCode::kManifest,
          fmt::format("{}: models[{}].chooses: found '{}', expected names of classifiers of this zoo, "
                      "or none",
                      document, i, name));
    }
    if (!model.fold || has(model.fold->of, Role::kSelector)) continue;
    throw Error(ErrorCode::kManifest,
                fmt::format("{}: models[{}].fold.of: found '{}', expected the name of a selector", document,
                            i, model.fold->of));
  }
}

// All classifiers must have the same number of classes, that of the labels file when there is one.
void check_classes(const Zoo& zoo, const std::string& document) {
  std::size_t expected = zoo.label_names.size();
  std::string reason = fmt::format("as many as {} has names", zoo.labels_file.string());
  for (std::size_t i = 0; i < zoo.models.size(); ++i) {
    if (zoo.models[i].role != Role::kClassifier) continue;
    const auto found = static_cast<std::size_t>(zoo.models[i].output.n_classes);
    if (expected == 0) {
      expected = found;
      reason = fmt::format("as for models[{}]", i);
    }
    if (found != expected) {
      throw Error(ErrorCode::kManifest,
                  fmt::format("{}: models[{}].output.classes: found {}, expected {}, {}", document, i, found,
                              expected, reason));
    }
  }
}

using nlohmann::ordered_json;

// The shortest text of a float ("0.1", not "0.10000000149011612"); reading it gives the same float back.
double shortest(float value) { return std::stod(fmt::format("{}", value)); }

ordered_json channels_json(const std::array<float, 3>& values, int channels) {
  ordered_json array = ordered_json::array();
  for (int c = 0; c < channels; ++c) array.push_back(shortest(values[static_cast<std::size_t>(c)]));
  return array;
}

ordered_json recipe_json(const Recipe& recipe) {
  ordered_json json{{"width", recipe.width},
                    {"height", recipe.height},
                    {"layout", kLayouts[static_cast<std::size_t>(recipe.layout)]},
                    {"type", kTypes[static_cast<std::size_t>(recipe.type)]},
                    {"colour", kColours[static_cast<std::size_t>(recipe.colour)]}};
  if (recipe.type == ElementType::kF32) {
    json["mean"] = channels_json(recipe.mean, recipe.channels());
    json["scale"] = channels_json(recipe.scale, recipe.channels());
  }
  json["crop"] = to_string(recipe.crop);
  if (recipe.resampling != Resampling::kBySize) json["resampling"] = to_string(recipe.resampling);
  return json;
}

ordered_json output_json(const OutputSpec& output) {
  ordered_json json{{"kind", to_string(output.kind)}, {"classes", output.n_classes}};
  if (output.index != 0) json["index"] = output.index;
  if (output.label_offset != 0) json["label_offset"] = output.label_offset;
  if (output.label_tail != 0) json["label_tail"] = output.label_tail;
  if (output.scale != 1.0F) json["scale"] = shortest(output.scale);
  if (!output.embedding.empty()) json["embedding"] = output.embedding;
  return json;
}

ordered_json model_json(const ModelSpec& model) {
  ordered_json files = ordered_json::array();
  for (const ModelFile& file : model.files) {
    files.push_back({{"path", file.path.generic_string()}, {"sha256", file.sha256}});
  }
  ordered_json json{{"name", model.name}};
  if (model.role != Role::kClassifier) json["role"] = kRoles[static_cast<std::size_t>(model.role)];
  json["files"] = std::move(files);
  json["input"] = recipe_json(model.input);
  json["output"] = output_json(model.output);
  if (!model.chooses.empty()) {
    ordered_json chooses = ordered_json::array();
    for (const std::string& name : model.chooses) chooses.push_back(name.empty() ? std::string(kNone) : name);
    json["chooses"] = std::move(chooses);
  }
  if (model.fold) {
    json["fold"] = {{"of", model.fold->of},
                    {"index", model.fold->index},
                    {"count", model.fold->count},
                    {"seed", model.fold->seed},
                    {"inputs", model.fold->inputs}};
  }
  json["device"] = model.device;
  json["threads"] = model.threads;
  if (model.precision != Precision::kF32) json["precision"] = to_string(model.precision);
  if (!model.license.empty()) json["license"] = model.license;
  if (!model.source.empty()) json["source"] = model.source;
  return json;
}

}  // namespace

Zoo load_zoo(const std::filesystem::path& path) {
  const std::string document = path.string();
  const nlohmann::json json = parse_json(read_text(path, kMaxManifestBytes), document, ErrorCode::kManifest);
  ObjectReader reader(json, document, "", ErrorCode::kManifest);
  if (const std::string format = reader.text("format"); format != "triage-zoo") {
    throw reader.error("format", fmt::format("found '{}', expected 'triage-zoo'", format.substr(0, 60)));
  }
  if (const std::int64_t version = reader.integer("version", {1, 1e9}); version != kVersion) {
    throw reader.error("version", fmt::format("found {}, expected {}; this build is older than the manifest",
                                              version, kVersion));
  }
  Zoo zoo;
  zoo.name = reader.text("name", {}, 200);
  zoo.folder = absolute_path(path).parent_path();
  zoo.labels_file = reader.text("labels", "");
  for (ObjectReader& model : reader.objects("models", 0, kMaxModels)) zoo.models.push_back(read_model(model));
  reader.finish();
  if (!zoo.labels_file.empty()) {
    LabelNames labels = read_label_names(zoo.folder / zoo.labels_file);
    zoo.label_names = std::move(labels.names);
    zoo.label_ids = std::move(labels.ids);
  }
  check_names(zoo.models, document);
  check_classes(zoo, document);
  check_selectors(zoo, document);
  return zoo;
}

void save_zoo(const Zoo& zoo, const std::filesystem::path& path) {
  ordered_json models = ordered_json::array();
  for (const ModelSpec& model : zoo.models) models.push_back(model_json(model));
  ordered_json json{{"format", "triage-zoo"}, {"version", kVersion}, {"name", zoo.name}};
  if (!zoo.labels_file.empty()) json["labels"] = zoo.labels_file.generic_string();
  json["models"] = std::move(models);
  write_text_atomic(path, json.dump(2) + "\n");
}

}  // namespace triage
