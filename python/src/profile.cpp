// Measuring a zoo, and joining what was measured.
#include "triage/tools/profile.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <filesystem>

#include "core.h"
#include "interruptible.h"
#include "network.h"
#include "triage/error.h"
#include "triage/runtime.h"

namespace triage::python {
namespace {

namespace fs = std::filesystem;

struct ProfileCall {
  std::vector<fs::path> data, labels;
  std::string labels_from;
  std::vector<std::string> models, features;
  std::optional<std::pair<std::size_t, std::size_t>> range;
  std::uint32_t shard = 0, shards = 1;
  std::optional<int> threads;
  bool exhaustive = false, times_only = false;
  double commit_seconds = 1;
};

Zoo open_zoo(const fs::path& manifest, const ProfileCall& call) {
  Zoo zoo = load_zoo(manifest);
  std::vector<ModelSpec> chosen;
  for (const std::string& name : call.models) {
    const ModelIndex index = zoo.find(name);
    if (index == kNoModel) {
      throw Error(ErrorCode::kUsage,
                  "models: '" + name + "' is not in " + manifest.string() + ", expected one that is");
    }
    chosen.push_back(zoo.models[static_cast<std::size_t>(index)]);
  }
  if (!chosen.empty()) zoo.models = std::move(chosen);
  if (call.threads) {
    for (ModelSpec& model : zoo.models) model.threads = *call.threads;
  }
  return zoo;
}

nb::dict measure(const fs::path& manifest, const fs::path& out, const ProfileCall& call,
                 const Callables& networks, const nb::object& show) {
  const Zoo zoo = open_zoo(manifest, call);
  const auto engines = std::make_shared<EngineSet>(EngineOptions{.cache_dir = default_cache_dir()});
  run_by_callables(zoo, *engines, networks);
  const ProfileSummary summary =
      run_interruptibly(show, [&](const std::stop_token& stop, Progress& progress) {
        DatasetOptions data;
        data.data = call.data;
        data.labels = call.labels;
        data.classes = classes_of(zoo);
        data.range = call.range;
        data.require_labels = !call.times_only && call.labels_from.empty();
        ProfileOptions options;
        options.features = call.features;
        options.shard = {call.shard, call.shards};
        if (call.exhaustive)
          options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 100};
        options.times_only = call.times_only;
        options.labels_from = call.labels_from;
        options.commit_seconds = call.commit_seconds;
        options.stop = stop;
        return measure_profile(
            zoo, *engines, *open_dataset(data), options, out,
            [&](const ProfileProgress& now) { progress.set(now.done, now.total, now.loading); });
      });
  nb::dict facts;
  facts["inputs"] = summary.progress.total;
  facts["done"] = summary.progress.done;
  facts["failed"] = summary.progress.failed;
  facts["resumed"] = summary.progress.resumed;
  facts["wall_ms"] = summary.wall_ms;
  facts["network_ms"] = summary.network_ms;
  facts["warnings"] = summary.progress.warnings;
  return facts;
}

}  // namespace

void bind_profile(nb::module_& module) {
  nb::class_<ProfileCall>(module, "ProfileOptions")
      .def(nb::init<>())
      .def_rw("data", &ProfileCall::data)
      .def_rw("labels", &ProfileCall::labels)
      .def_rw("labels_from", &ProfileCall::labels_from)
      .def_rw("models", &ProfileCall::models)
      .def_rw("features", &ProfileCall::features)
      .def_rw("range", &ProfileCall::range)
      .def_rw("shard", &ProfileCall::shard)
      .def_rw("shards", &ProfileCall::shards)
      .def_rw("threads", &ProfileCall::threads)
      .def_rw("exhaustive", &ProfileCall::exhaustive)
      .def_rw("times_only", &ProfileCall::times_only)
      .def_rw("commit_seconds", &ProfileCall::commit_seconds);
  module.def("measure_profile", &measure, nb::arg("zoo"), nb::arg("out"), nb::arg("options"),
             nb::arg("networks"), nb::arg("progress").none());
  module.def("merge_profiles",
             [](const std::vector<fs::path>& inputs, const fs::path& out, bool machines_apart) {
               return run_interruptibly(nb::none(), [&](const std::stop_token&, Progress&) {
                 return merge_profiles(inputs, out, {.machines_apart = machines_apart}).inputs;
               });
             });
  module.def("failed_inputs", [](const fs::path& profile) {
    std::vector<std::pair<std::string, std::string>> failed;
    for (const FailedInput& each : failed_inputs(profile)) failed.emplace_back(each.id, each.message);
    return failed;
  });
  module.def("machine_description", &machine_description);
}

}  // namespace triage::python
