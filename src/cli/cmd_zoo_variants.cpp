// `triage zoo variants`: a manifest that lists each model once for each way of running it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <thread>

#include "cli/cmd_zoo.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/runtime.h"
#include "triage/zoo.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

struct ZooVariantsArguments {
  fs::path zoo;
  std::vector<std::string> devices{"CPU"};
  std::vector<int> threads{1};
  std::vector<std::string> precisions{"f32"};
  bool elsewhere = false;
  fs::path out;
};

std::vector<Precision> precisions_asked(const ZooVariantsArguments& arguments) {
  std::vector<Precision> precisions;
  for (const std::string& text : arguments.precisions) precisions.push_back(parse_precision(text));
  return precisions;
}

// The path of `file` as a manifest in `folder` has to write it.
fs::path from_folder(const fs::path& folder, const fs::path& file) {
  return fs::absolute(file).lexically_normal().lexically_proximate(fs::absolute(folder).lexically_normal());
}

// Each engine that runs a classifier of the zoo, once.
std::set<Engine*> engines_of(const Zoo& zoo, EngineSet& engines) {
  std::set<Engine*> used;
  for (const ModelSpec& model : zoo.models) {
    if (model.role == Role::kClassifier) used.insert(&engines.for_file(model.files.front().path));
  }
  return used;
}

// Variants that cannot run here are found by `profile` only when it comes to them. "GPU" stands for "GPU.0".
void check_devices(Engine& engine, const std::vector<std::string>& devices) {
  const std::vector<std::string> here = engine.devices();
  for (const std::string& device : devices) {
    const bool is_here = std::any_of(here.begin(), here.end(), [&](const std::string& known) {
      return known == device || known.substr(0, known.find('.')) == device;
    });
    if (is_here || device.starts_with("AUTO") || device.starts_with("HETERO")) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("--devices: this machine has no {}, expected of {}; --elsewhere writes a "
                            "manifest for another machine",
                            printable(device), fmt::join(here, ", ")));
  }
}

void check_precisions(Engine& engine, const ZooVariantsArguments& arguments) {
  for (const std::string& device : arguments.devices) {
    std::vector<Precision> here = engine.precisions(device);
    std::erase(here, Precision::kI8);  // see variants_of
    for (const Precision precision : precisions_asked(arguments)) {
      if (precision == Precision::kAuto || precision == Precision::kI8) continue;  // i8: see variants_of
      if (std::find(here.begin(), here.end(), precision) != here.end()) continue;
      throw Error(
          ErrorCode::kUsage,
          fmt::format("--precisions: {} of this machine does not run {}, expected of {}; --elsewhere writes "
                      "a manifest for another machine",
                      printable(device), to_string(precision), fmt::join(names_of(here), ", ")));
    }
  }
}

void check_threads(const std::vector<int>& threads) {
  const int here = static_cast<int>(std::thread::hardware_concurrency());
  const int most = *std::max_element(threads.begin(), threads.end());
  if (here == 0 || most <= here) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("--threads: {}, expected at most {}, the processors of this machine; --elsewhere "
                          "writes a manifest for another machine",
                          most, here));
}

void run(const ZooVariantsArguments& arguments) {
  if (fs::exists(arguments.out)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: exists already, expected a new file; remove it or write another",
                            arguments.out.string()));
  }
  const Zoo zoo = load_zoo(arguments.zoo);
  if (!arguments.elsewhere) {
    EngineSet engines({.cache_dir = {}, .clock = {}, .on_remark = &warn});
    for (Engine* engine : engines_of(zoo, engines)) {
      check_devices(*engine, arguments.devices);
      check_precisions(*engine, arguments);
    }
    check_threads(arguments.threads);
  }
  Zoo variants = variants_of(zoo, arguments.devices, arguments.threads, precisions_asked(arguments));
  const fs::path folder = fs::absolute(arguments.out).parent_path();
  for (ModelSpec& model : variants.models) {
    for (ModelFile& file : model.files) {
      if (file.path.is_relative()) file.path = from_folder(folder, zoo.resolve(file));
    }
  }
  if (!variants.labels_file.empty() && variants.labels_file.is_relative()) {
    variants.labels_file = from_folder(folder, zoo.folder / zoo.labels_file);
  }
  save_zoo(variants, arguments.out);
  fmt::print("{}: {} models of {} in {}\n", printable(arguments.out.string()), variants.models.size(),
             zoo.models.size(), printable(arguments.zoo.string()));
}

}  // namespace

void add_zoo_variants(CLI::App& zoo, Session&) {
  CLI::App* command = zoo.add_subcommand(
      "variants", "Writes a manifest with each model once for each device, number of threads and precision");
  auto arguments = std::make_shared<ZooVariantsArguments>();
  command->add_option("zoo", arguments->zoo, "The manifest, zoo.json")->required();
  command->add_option("--devices", arguments->devices, "As 'triage info' names them, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Numbers of threads on the CPU, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      ->add_option("--precisions", arguments->precisions,
                   "f32, bf16, f16, or auto (what the device would choose), separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  command->add_flag("--elsewhere", arguments->elsewhere,
                    "For another machine: devices, threads and precisions need not be here");
  command->add_option("-o,--out", arguments->out, "Manifest to write; must not exist")->required();
  command->callback([arguments] { run(*arguments); });
}

}  // namespace triage::cli
