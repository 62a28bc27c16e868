// Measuring a zoo, and joining what was measured.
#include "triage/tools/profile.h"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <filesystem>

#include "core.h"
#include "forks.h"
#include "interruptible.h"
#include "kept_networks.h"
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

ProfileOptions profile_options(const ProfileCall& call, Shard shard, const std::stop_token& stop) {
  ProfileOptions options;
  options.features = call.features;
  options.shard = shard;
  if (call.exhaustive)
    options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 100};
  options.times_only = call.times_only;
  options.labels_from = call.labels_from;
  options.commit_seconds = call.commit_seconds;
  options.stop = stop;
  return options;
}

nb::dict facts_of(const ProfileSummary& summary) {
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

// A zoo and a data set, of which one shard after another is measured: networks are loaded once.
class Profiler {
 public:
  Profiler(const fs::path& manifest, ProfileCall call, const Callables& networks) : call_(std::move(call)) {
    const NetworkCall loading;
    const auto loaders = std::make_shared<EngineSet>(EngineOptions{.cache_dir = default_cache_dir()});
    const Zoo as_stated = open_zoo(manifest, call_);
    run_by_callables(as_stated, *loaders, networks);
    zoo_ = run_interruptibly(nb::none(),
                             [&](const std::stop_token&, Progress&) { return loaders->resolved(as_stated); });
    for (const ModelSpec& model : zoo_.models) {
      const auto kept = std::make_shared<KeptNetworks>(
          [loaders, zoo = zoo_](const ModelSpec& wanted) { return loaders->load(zoo, wanted); });
      engines_->add_networks(model.name, [kept](const ModelSpec& wanted) { return kept->lend(wanted); });
    }
    DatasetOptions options;
    options.data = call_.data;
    options.labels = call_.labels;
    options.classes = classes_of(zoo_);
    options.range = call_.range;
    options.require_labels = !call_.times_only && call_.labels_from.empty();
    data_ = run_interruptibly(nb::none(),
                              [&](const std::stop_token&, Progress&) { return open_dataset(options); });
  }

  [[nodiscard]] std::size_t n_inputs() const { return data_->size(); }

  nb::dict measure(const fs::path& out, std::uint32_t shard, std::uint32_t shards, const nb::object& show) {
    const NetworkCall call;
    return facts_of(run_interruptibly(show, [&](const std::stop_token& stop, Progress& progress) {
      return measure_profile(
          zoo_, *engines_, *data_, profile_options(call_, {shard, shards}, stop), out,
          [&](const ProfileProgress& now) { progress.set(now.done, now.total, now.loading); });
    }));
  }

 private:
  ProfileCall call_;
  OwnedByProcess<EngineSet> engines_{std::make_unique<EngineSet>()};
  Zoo zoo_;
  std::unique_ptr<Dataset> data_;
};

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
      .def_rw("threads", &ProfileCall::threads)
      .def_rw("exhaustive", &ProfileCall::exhaustive)
      .def_rw("times_only", &ProfileCall::times_only)
      .def_rw("commit_seconds", &ProfileCall::commit_seconds);
  nb::class_<Profiler>(module, "Profiler")
      .def(nb::init<const fs::path&, ProfileCall, const Callables&>())
      .def_prop_ro("n_inputs", &Profiler::n_inputs)
      .def("measure", &Profiler::measure, nb::arg("out"), nb::arg("shard"), nb::arg("shards"),
           nb::arg("progress").none());
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
  module.def("same_machine", &same_machine);
  module.def("load_per_core", &load_per_core);
}

}  // namespace triage::python
