// `triage zoo list`: what a manifest says, without opening the weights.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/cmd_zoo.h"
#include "triage/zoo.h"

namespace triage::cli {
namespace {

struct ZooListArguments {
  std::filesystem::path zoo;
  bool json = false;
};

nlohmann::json files_json(const Zoo& zoo, const ModelSpec& model) {
  nlohmann::json files = nlohmann::json::array();
  for (const ModelFile& file : model.files) {
    const std::filesystem::path path = zoo.resolve(file);
    files.push_back({{"path", path.string()}, {"present", std::filesystem::exists(path)}});
  }
  return files;
}

// With the precision `auto` it depends on the machine.
nlohmann::json fingerprint_json(const ModelSpec& model) {
  if (model.precision == Precision::kAuto) return nullptr;
  return model.fingerprint();
}

void list_json(const Zoo& zoo) {
  nlohmann::json models = nlohmann::json::array();
  for (const ModelSpec& model : zoo.models) {
    models.push_back({{"name", model.name},
                      {"role", model.role == Role::kClassifier ? "classifier" : "selector"},
                      {"files", files_json(zoo, model)},
                      {"recipe", recipe_key(model.input)},
                      {"output", to_string(model.output.kind)},
                      {"classes", model.output.n_classes},
                      {"label_offset", model.output.label_offset},
                      {"label_tail", model.output.label_tail},
                      {"device", model.device},
                      {"threads", model.threads},
                      {"precision", to_string(model.precision)},
                      {"license", model.license},
                      {"source", model.source},
                      {"fingerprint", fingerprint_json(model)}});
  }
  print_json({{"name", zoo.name}, {"labels", zoo.label_names.size()}, {"models", models}});
}

std::string size_of_files(const Zoo& zoo, const ModelSpec& model) {
  double bytes = 0;
  for (const ModelFile& file : model.files) {
    const std::filesystem::path path = zoo.resolve(file);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) return "missing";
    bytes += static_cast<double>(model_bytes(path));
  }
  return format_bytes(bytes);
}

// What it takes to have all of them loaded; nothing where a file is missing.
std::string memory_text(const Zoo& zoo) {
  std::uint64_t bytes = 0;
  for (const ModelSpec& model : zoo.models) {
    if (size_of_files(zoo, model) == "missing") return {};
    bytes += loaded_size_bytes(zoo, model);
  }
  return fmt::format(", at least {} of memory with all loaded", format_bytes(static_cast<double>(bytes)));
}

void list_text(const Zoo& zoo) {
  TextTable table({"model", "file", "input", "classes", "output", "device", "precision", "licence"});
  for (const ModelSpec& model : zoo.models) {
    table.add({printable(model.name), size_of_files(zoo, model), recipe_key(model.input),
               fmt::to_string(model.output.n_classes), std::string(to_string(model.output.kind)),
               fmt::format("{} x{}", printable(model.device), model.threads),
               std::string(to_string(model.precision)), printable(model.license)});
  }
  fmt::print(
      "zoo {}: {} models, {}{}\n", printable(zoo.name), zoo.models.size(),
      zoo.label_names.empty() ? "no label names" : fmt::format("{} label names", zoo.label_names.size()),
      memory_text(zoo));
  table.print();
}

}  // namespace

void add_zoo_list(CLI::App& zoo, Session&) {
  CLI::App* command = zoo.add_subcommand("list", "Shows what a manifest says");
  auto arguments = std::make_shared<ZooListArguments>();
  command->add_option("zoo", arguments->zoo, "The manifest, zoo.json")->required();
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] {
    const Zoo manifest = load_zoo(arguments->zoo);
    arguments->json ? list_json(manifest) : list_text(manifest);
  });
}

}  // namespace triage::cli
