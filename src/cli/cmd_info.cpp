// triage info: the machine, this build, and what is missing for the rest of the commands.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/system_info.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/runtime.h"
#include "triage/tools/energy.h"
#include "triage/tools/profile.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kDefaultData = "/usr/share/datasets/fashion-mnist";

struct Missing {
  std::string what;
  std::string how_to_get_it;
};

struct Info {
  Json document;  // what --json prints
  std::vector<Missing> missing;
};

// JSON has no NaN.

// What networks run in, by device, the engine's own choice first.
Json precisions_json(const Engine& engine) {
  Json precisions = Json::object();
  for (const std::string& device : engine.devices()) precisions[device] = names_of(engine.precisions(device));
  return precisions;
}

Json engines_json(std::vector<Missing>& missing) {
  EngineSet engines;
  Json list = Json::array();
  bool has_openvino = false;
  for (Engine* engine : engines.all()) {
    try {
      list.push_back({{"name", engine->name()},
                      {"version", engine->version()},
                      {"devices", engine->devices()},
                      {"precisions", precisions_json(*engine)}});
      has_openvino = has_openvino || engine->name() == "OpenVINO";
    } catch (const Error& error) {
      missing.push_back({engine->name() + ": " + error.what(), "run scripts/setup again"});
    }
  }
  if (!has_openvino) {
    missing.push_back({"OpenVINO: not in this build, so only fake models run",
                       "run scripts/setup and configure with -DTRIAGE_WITH_OPENVINO=ON"});
  }
  return list;
}

Json energy_json(const fs::path& sysfs) {
  const EnergySources sources = find_energy_sources(sysfs);
  Json meters = Json::array();
  for (const EnergySource& source : sources.all) {
    meters.push_back({{"name", source.name},
                      {"readable", source.readable},
                      {"counted", source.counted},
                      {"note", source.note},
                      {"update_interval_ms", source.interval_ms}});
  }
  const auto meter = make_energy_meter(sources);
  return {{"meters", meters}, {"note", meter ? "measured: " + meter->description() : sources.reason}};
}

Json data_json(std::vector<Missing>& missing) {
  std::error_code ignored;
  const bool present = fs::exists(fs::path(kDefaultData) / "train-images-idx3-ubyte.gz", ignored);
  if (!present) {
    missing.push_back({"Fashion-MNIST, the data of scripts/demo: not in " + std::string(kDefaultData),
                       "sudo apt-get install dataset-fashion-mnist"});
  }
  return {{"name", "Fashion-MNIST"}, {"folder", kDefaultData}, {"present", present}};
}

Json cache_json(std::vector<Missing>& missing) {
  const fs::path folder = default_cache_dir();
  std::error_code refused;
  if (!folder.empty()) fs::create_directories(folder, refused);
  if (folder.empty() || refused || ::access(folder.c_str(), W_OK) != 0) {
    missing.push_back({"model cache: neither XDG_CACHE_HOME nor HOME is a folder that can be written",
                       "set one of them; without it models are compiled at every start"});
    return {{"folder", nullptr}};
  }
  std::uintmax_t bytes = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    std::error_code not_a_file;
    const std::uintmax_t size = it->file_size(not_a_file);
    if (!not_a_file) bytes += size;
  }
  return {{"folder", folder.string()}, {"bytes", bytes}};
}

Json disk_json() {
  std::error_code error;
  const fs::space_info space = fs::space(fs::current_path(error), error);
  if (error) return {{"error", error.message()}};
  return {{"free_bytes", space.available}, {"total_bytes", space.capacity}};
}

Info collect(const fs::path& sysfs) {
  Info info;
  Json cpu = Json::object();
  for (const auto& [name, has] : cpu_features()) cpu[name] = has;
  Json libraries = Json::object();
  for (const LibraryVersion& library : library_versions()) libraries[library.name] = library.version;
  info.document = {{"version", TRIAGE_VERSION},
                   {"compiler", "GCC " __VERSION__},
                   {"machine", machine_description()},
                   {"load_per_core", load_per_core()},
                   {"cpu_features", cpu},
                   {"engines", engines_json(info.missing)},
                   {"libraries", libraries},
                   {"energy", energy_json(sysfs)},
                   {"default_data", data_json(info.missing)},
                   {"model_cache", cache_json(info.missing)},
                   {"disk", disk_json()}};
  Json missing = Json::array();
  for (const Missing& item : info.missing) {
    missing.push_back({{"what", item.what}, {"how_to_get_it", item.how_to_get_it}});
  }
  info.document["missing"] = missing;
  return info;
}

void print_row(std::string_view name, const std::string& text) {
  fmt::print("{:<10}  {}\n", name, printable(text));
}

std::string text_of(const Json& value) { return value.get<std::string>(); }

// "CPU (bf16, f32, i8), GPU (f16, f32)"
std::string devices_text(const Json& engine) {
  std::string text;
  for (const Json& device : engine["devices"]) {
    const auto precisions = engine["precisions"][text_of(device)].get<std::vector<std::string>>();
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", text_of(device), fmt::join(precisions, ", "));
  }
  return text;
}

void print_text(const Info& info) {
  const Json& doc = info.document;
  print_row("triage", fmt::format("{} ({})", text_of(doc["version"]), text_of(doc["compiler"])));
  print_row("machine", fmt::format("{}; load {:.2f} per core", text_of(doc["machine"]),
                                   doc["load_per_core"].get<double>()));
  std::string features;
  for (const auto& [name, has] : doc["cpu_features"].items()) {
    features += fmt::format("{}{} {}", features.empty() ? "" : ", ", name, has.get<bool>() ? "yes" : "no");
  }
  print_row("processor", features.empty() ? "features not known on this architecture" : features);
  for (const Json& engine : doc["engines"]) {
    print_row("engine", fmt::format("{} {}: {}", text_of(engine["name"]), text_of(engine["version"]),
                                    devices_text(engine)));
  }
  std::string libraries;
  for (const auto& [name, version] : doc["libraries"].items()) {
    libraries += fmt::format("{}{} {}", libraries.empty() ? "" : ", ", name, text_of(version));
  }
  print_row("libraries", libraries);
  for (const Json& meter : doc["energy"]["meters"]) {
    const std::string note = text_of(meter["note"]);
    print_row("meter", fmt::format("{}, {}{}", text_of(meter["name"]),
                                   meter["readable"].get<bool>() ? "readable" : "not readable",
                                   note.empty() ? "" : ", not added: " + note));
  }
  print_row("energy", text_of(doc["energy"]["note"]));
  const Json& data = doc["default_data"];
  print_row("data", fmt::format("{} {} {}", text_of(data["name"]),
                                data["present"].get<bool>() ? "in" : "absent from", text_of(data["folder"])));
  const Json& cache = doc["model_cache"];
  print_row("cache", cache["folder"].is_null() ? "none"
                                               : fmt::format("{}, {}", text_of(cache["folder"]),
                                                             format_bytes(cache["bytes"].get<double>())));
  const Json& disk = doc["disk"];
  print_row("disk", disk.contains("error") ? text_of(disk["error"])
                                           : format_bytes(disk["free_bytes"].get<double>()) + " free here");
  if (info.missing.empty()) print_row("missing", "nothing");
  for (const Missing& item : info.missing) print_row("missing", item.what + "; " + item.how_to_get_it);
}

}  // namespace

void add_info(CLI::App& app, Session&) {
  CLI::App* command =
      app.add_subcommand("info", "Show machine, engines, versions, meters and what is missing");
  struct Arguments {
    bool json = false;
    fs::path sysfs = "/sys";
  };
  const auto arguments = std::make_shared<Arguments>();
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->add_option("--sysfs-root", arguments->sysfs, "Where energy meters are looked for")
      ->envname("TRIAGE_SYSFS_ROOT")
      ->group("");
  command->callback([arguments] {
    const Info info = collect(arguments->sysfs);
    if (arguments->json) {
      print_json(info.document);
    } else {
      print_text(info);
    }
  });
}

}  // namespace triage::cli
