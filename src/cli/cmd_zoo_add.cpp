// `triage zoo add`: finds the recipe of a user's own network and writes its manifest entry.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/cmd_zoo.h"
#include "cli/data_labels.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/runtime.h"
#include "triage/tools/adopt.h"
#include "triage/tools/dataset.h"
#include "triage/tools/lock.h"
#include "triage/tools/report.h"
#include "triage/zoo.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownTrials = 12;

struct ZooAddArguments {
  std::vector<fs::path> files;
  fs::path zoo;
  std::vector<fs::path> data;
  std::vector<fs::path> labels;
  fs::path names;
  std::string license;
  std::string source;
  AdoptOptions adopt;
  bool json = false;
};

// Relative to the manifest's folder when inside it, so that the folder can move; absolute otherwise.
fs::path reference(const fs::path& file, const fs::path& folder) {
  const fs::path absolute = fs::weakly_canonical(fs::absolute(file));
  const fs::path relative = absolute.lexically_relative(fs::weakly_canonical(folder));
  return relative.empty() || *relative.begin() == ".." ? absolute : relative;
}

Zoo open_or_begin(const ZooAddArguments& arguments) {
  if (fs::exists(arguments.zoo)) {
    if (arguments.names.empty()) return load_zoo(arguments.zoo);
    throw Error(ErrorCode::kUsage,
                fmt::format("--names: {} exists, expected a new manifest; its labels key names "
                            "the classes",
                            arguments.zoo.string()));
  }
  Zoo zoo;
  zoo.folder = fs::absolute(arguments.zoo).parent_path();
  zoo.name = zoo.folder.filename().string();
  if (!arguments.names.empty()) {
    zoo.labels_file = reference(arguments.names, zoo.folder);
    LabelNames labels = read_label_names(arguments.names);
    zoo.label_names = std::move(labels.names);
    zoo.label_ids = std::move(labels.ids);
  }
  return zoo;
}

void check_name(const Zoo& zoo, const ZooAddArguments& arguments) {
  const std::string name =
      arguments.adopt.name.empty() ? arguments.files[0].stem().string() : arguments.adopt.name;
  if (zoo.find(name) == kNoModel) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("model '{}': is in {} already, expected a new name; give one with --name", name,
                          arguments.zoo.string()));
}

nlohmann::json trial_json(const RecipeTrial& trial) {
  return {{"recipe", recipe_key(trial.input)},
          {"output_index", trial.output_index},
          {"label_offset", trial.label_offset},
          {"label_tail", trial.label_tail},
          {"images", trial.n_images},
          {"not_finite", trial.n_not_finite},
          {"top1_rate", trial.top1_rate},
          {"top5_rate", trial.top5_rate},
          {"log_likelihood", trial.log_likelihood},
          {"mean_confidence", trial.mean_confidence},
          {"tied", trial.is_tied}};
}

bool differs_in_resampling(const Recipe& recipe, const Recipe& best) {
  Recipe same = recipe;
  same.resampling = best.resampling;
  return same == best && recipe != best;
}

// "1", or "0+1" where the last value is dropped.
std::string offset_text(const RecipeTrial& trial) {
  return trial.label_tail == 0 ? fmt::to_string(trial.label_offset)
                               : fmt::format("{}+{}", trial.label_offset, trial.label_tail);
}

void print_trials(const Adoption& adoption) {
  TextTable table({"recipe", "output", "offset", "images", "top-1", "top-5", "log lik.", ""});
  const std::size_t shown = std::min(adoption.trials.size(), kShownTrials);
  for (std::size_t i = 0; i < shown; ++i) {
    const RecipeTrial& trial = adoption.trials[i];
    table.add({recipe_key(trial.input), fmt::to_string(trial.output_index), offset_text(trial),
               fmt::to_string(trial.n_images), fmt::format("{:.1f} %", 100 * trial.top1_rate),
               fmt::format("{:.1f} %", 100 * trial.top5_rate), fmt::format("{:.3f}", trial.log_likelihood),
               trial.is_tied ? "tied" : ""});
  }
  table.print();
  if (shown < adoption.trials.size()) fmt::print("and {} worse ones\n", adoption.trials.size() - shown);
}

// How the ways of resizing compared; empty where none was tried, as pictures had the right size.
std::string resampling_text(const Adoption& adoption) {
  const Recipe& best = adoption.trials.front().input;
  std::size_t n_tried = 0, n_tied = 0;
  for (const RecipeTrial& trial : adoption.trials) {
    if (!differs_in_resampling(trial.input, best)) continue;
    ++n_tried;
    n_tied += trial.is_tied ? 1 : 0;
  }
  if (n_tried == 0) return {};
  if (n_tied == 0) return fmt::format("resampling: {}, better than all others", to_string(best.resampling));
  return fmt::format("resampling: {}; on these images {} of {} other ways are within noise of it",
                     to_string(best.resampling), n_tied, n_tried);
}

// What a user has to know before relying on the entry.
std::vector<std::string> doubts(const Adoption& adoption) {
  const RecipeTrial& best = adoption.trials.front();
  const std::string name = adoption.model.name;
  std::vector<std::string> found;
  if (adoption.is_at_chance) {
    found.push_back(
        fmt::format("model '{}': {:.1f} % right is no more than guessing ({:.1f} %), so its recipe is a "
                    "guess; try it on other images, or write its input by hand",
                    name, 100 * best.top1_rate, 100 * adoption.chance));
  }
  if (adoption.is_too_sure) {
    found.push_back(fmt::format(
        "model '{}': right on {:.1f} % of {} images, but {:.0f} % sure of itself; usual causes: labels in "
        "another order than its classes (folders sort by name, ids count from 0) or of other classes, "
        "or a recipe that is none of the usual ones; check that before using it",
        name, 100 * best.top1_rate, best.n_images, 100 * best.mean_confidence));
  }
  if (best.n_not_finite > 0) {
    found.push_back(
        fmt::format("model '{}': gives NaN or infinity for {} of {} images, which no command can use; "
                    "export it again, with 32-bit floats if it has 16-bit ones",
                    name, best.n_not_finite, best.n_images));
  }
  const auto n_tied =
      std::count_if(adoption.trials.begin(), adoption.trials.end(), [&](const RecipeTrial& trial) {
        return trial.is_tied && trial.input.resampling == best.input.resampling;
      });
  if (n_tied > 0) {
    found.push_back(
        fmt::format("model '{}': {} other recipe{} as well on these images ('tied'), so which of "
                    "them is its own is a guess; more images or a larger --limit may tell them apart",
                    name, n_tied, n_tied == 1 ? " does" : "s do"));
  }
  return found;
}

void report(const ZooAddArguments& arguments, const Adoption& adoption) {
  const RecipeTrial& best = adoption.trials.front();
  if (arguments.json) {
    nlohmann::json trials = nlohmann::json::array();
    for (const RecipeTrial& trial : adoption.trials) trials.push_back(trial_json(trial));
    print_json({{"zoo", arguments.zoo.string()},
                {"model", adoption.model.name},
                {"recipe", recipe_key(adoption.model.input)},
                {"output", to_string(adoption.model.output.kind)},
                {"classes", adoption.model.output.n_classes},
                {"output_index", adoption.model.output.index},
                {"label_offset", adoption.model.output.label_offset},
                {"label_tail", adoption.model.output.label_tail},
                {"scale", adoption.model.output.scale},
                {"at_chance", adoption.is_at_chance},
                {"too_sure", adoption.is_too_sure},
                {"chance_rate", adoption.chance},
                {"p_value", adoption.p_value},
                {"failed_images", adoption.n_failed},
                {"trials", trials}});
    return;
  }
  print_trials(adoption);
  fmt::print("added {} to {}: {}, {} of {} classes, {:.1f} % right (guessing: {:.1f} %)\n",
             printable(adoption.model.name), printable(arguments.zoo.string()),
             recipe_key(adoption.model.input), to_string(adoption.model.output.kind),
             adoption.model.output.n_classes, 100 * best.top1_rate, 100 * adoption.chance);
  if (const std::string text = resampling_text(adoption); !text.empty()) fmt::print("{}\n", text);
}

// The data set's names of the classes become the zoo's, where it has none.
void write_names(const ZooAddArguments& arguments, const Dataset& data, std::int32_t n_classes, Zoo& zoo) {
  const std::vector<std::string> names = data.label_names();
  if (!zoo.label_names.empty() || std::ssize(names) != n_classes) return;
  const auto fits_a_line = [](const std::string& name) {
    return !name.empty() && name.back() != ' ' && name.find_first_of("\r\n") == std::string::npos;
  };
  if (!std::all_of(names.begin(), names.end(), fits_a_line)) {
    warn(
        "the classes stay without names: a labels file has one on each line, which those of the data do not "
        "allow");
    return;
  }
  zoo.labels_file = arguments.zoo.stem().string() + ".labels.txt";
  const fs::path path = zoo.folder / zoo.labels_file;
  if (fs::exists(path) && read_label_names(path).names != names) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format(
            "{}: exists with other names, expected those of the classes, or no such file; remove it, or "
            "give --names",
            path.string()));
  }
  write_report(path, fmt::format("{}\n", fmt::join(names, "\n")));
  zoo.label_names = names;
  say("triage: {}: the classes are named as in the data\n", printable(path.string()));
}

void add(const ZooAddArguments& arguments, Session& session) {
  // Two at once would each lose what the other adds.
  if (arguments.zoo.has_parent_path()) fs::create_directories(arguments.zoo.parent_path());
  const WriterLock lock(arguments.zoo);
  Zoo zoo = open_or_begin(arguments);
  check_name(zoo, arguments);
  for (const fs::path& file : arguments.files) {
    if (!fs::exists(file)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("{}: is missing, expected a model file; check the path", file.string()));
    }
  }
  EngineSet engines({.cache_dir = default_cache_dir(), .clock = {}, .on_remark = &warn});
  Engine& engine = engines.for_file(arguments.files[0]);
  DatasetOptions data_options;
  data_options.data = arguments.data;
  data_options.labels = arguments.labels;
  data_options.classes = classes_of(zoo);
  const std::unique_ptr<Dataset> data = open_dataset(data_options);
  warn_of_labels(data->label_mapping());

  AdoptOptions options = arguments.adopt;
  options.stop = session.stop_source.get_token();
  Adoption adoption;
  {
    std::unique_ptr<Progress> progress;
    adoption =
        adopt_model(arguments.files, zoo, engine, *data, options, [&](std::size_t done, std::size_t total) {
          if (!progress) progress = std::make_unique<Progress>("trying recipes", total);
          progress->update(done);
        });
  }
  if (adoption.n_failed > 0) {
    warn(fmt::format("{} images could not be read and were left out", adoption.n_failed));
    session.exit_code = kExitSomeFailed;
  }
  ModelSpec model = adoption.model;
  for (ModelFile& file : model.files) file.path = reference(file.path, zoo.folder);
  model.license = arguments.license;
  model.source = arguments.source;
  write_names(arguments, *data, model.output.n_classes, zoo);
  zoo.models.push_back(std::move(model));
  save_zoo(zoo, arguments.zoo);
  report(arguments, adoption);
  for (const std::string& doubt : doubts(adoption)) warn(doubt);
}

}  // namespace

void add_zoo_add(CLI::App& zoo, Session& session) {
  CLI::App* command = zoo.add_subcommand(
      "add", "Tries the usual recipes of a model on labelled images and writes its entry into a manifest");
  auto arguments = std::make_shared<ZooAddArguments>();
  command->add_option("model", arguments->files, "The model, .onnx, .tflite or .xml; two files for a chain")
      ->required()
      ->expected(1, 2);
  command->add_option("--zoo", arguments->zoo, "The manifest; made when it does not exist")->required();
  command->add_option("--data", arguments->data, "Folder of images or IDX file; may be repeated")->required();
  command->add_option("--labels", arguments->labels, "CSV with file,label, or IDX labels");
  command->add_option("--name", arguments->adopt.name, "Its name in the zoo; the file's by default");
  command->add_option("--limit", arguments->adopt.limit, "Images to judge the best recipes by")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  command
      ->add_option("--size", arguments->adopt.size_px, "Input side in pixels, where the model leaves it open")
      ->check(CLI::Range(1, 8192));
  command->add_option("--seed", arguments->adopt.seed, "Which images are drawn")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--names", arguments->names, "Class names, one a line, for a new manifest");
  command->add_flag("--allow-chance", arguments->adopt.allow_chance,
                    "Write the entry even when no recipe is right more often than guessing");
  command->add_option("--license", arguments->license, "Noted in the entry");
  command->add_option("--source", arguments->source, "Noted in the entry");
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments, &session] { add(*arguments, session); });
}

}  // namespace triage::cli
