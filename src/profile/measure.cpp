// Measuring: every classifier on every input, through the live backend, into the store.
#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "base/hash.h"
#include "profile/writer.h"
#include "triage/error.h"
#include "triage/profile.h"
#include "triage/runtime.h"

namespace triage {
namespace {

constexpr double kBusyLoad = 0.5;  // load per core from which on times are not to be trusted

// Errors of one input; any other ends the run.
bool is_input_error(ErrorCode code) {
  return code == ErrorCode::kImage || code == ErrorCode::kIo || code == ErrorCode::kEngine;
}

std::vector<ModelIndex> classifier_indices(const Zoo& zoo) {
  std::vector<ModelIndex> indices;
  for (std::size_t i = 0; i < zoo.models.size(); ++i) {
    if (zoo.models[i].role == Role::kClassifier) indices.push_back(static_cast<ModelIndex>(i));
  }
  return indices;
}

// Fills records from inputs.
class Measurer {
 public:
  Measurer(ModelPool& pool, const ProfileHeader& header, const Dataset& data, const DecodeOptions& decode)
      : header_(&header),
        data_(&data),
        decode_(decode),
        backend_(pool, classifier_indices(pool.zoo()), header.schema, steady_clock()),
        order_(header.models.size()) {}

  // `position` is of the data set. A failure is recorded with its message.
  void measure(std::size_t position, InputRecord& record) {
    begin(position, record);
    try {
      Stopwatch watch(steady_clock());
      const Image image = data_->load(position, decode_);
      record.decode_ms = watch.ms();
      record.width = image.width;
      record.height = image.height;
      record.channels = image.channels;
      backend_.begin(image);
      backend_.extract(all_features(header_->schema), record.features);
      std::copy(backend_.node_ms().begin(), backend_.node_ms().end(), record.node_ms.begin());
      // In another order for every input, so that no model always runs in the cache that the same other left.
      Random random(position);
      shuffle(std::span(order_), random);
      for (const std::size_t model : order_) run(model, record);
    } catch (const Error& error) {
      if (!is_input_error(error.code())) throw;
      record.error = error.what();
    } catch (const std::bad_alloc&) {
      record.error = record.id + ": memory is exhausted, expected enough to decode it; lower the pixel limit";
    }
  }

 private:
  void begin(std::size_t position, InputRecord& record) {
    record.input = static_cast<std::int64_t>(position);
    record.id = data_->id(position);
    record.label = data_->label(position);
    record.error.clear();
    record.width = record.height = record.channels = 0;
    record.features.assign(header_->schema.size(), 0.0F);
    record.node_ms.assign(header_->nodes.size(), 0.0F);
    record.preprocess_ms.assign(header_->recipes.size(), 0.0);
    record.ranks.assign(header_->models.size(), 0);
    record.outputs.resize(header_->models.size());
    record.infer_ms.assign(header_->models.size(), 0.0);
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
  }

  void run(std::size_t model, InputRecord& record) {
    try {
      record.outputs[model] = backend_.run(static_cast<ModelIndex>(model)).output;
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("model '{}': {}", header_->models[model].name, error.what()));
    }
    const LookTimes times = backend_.last_times();
    // The first model of a recipe makes the tensor; for the others this adds 0.
    record.preprocess_ms[static_cast<std::size_t>(header_->models[model].recipe)] += times.preprocess_ms;
    record.infer_ms[model] = times.infer_ms;
    record.ranks[model] = record.label == kNoLabel ? 0 : rank_of(backend_.last_probabilities(), record.label);
  }

  const ProfileHeader* header_;
  const Dataset* data_;
  DecodeOptions decode_;
  LiveBackend backend_;
  std::vector<std::size_t> order_;
};

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

void warn_about_machine(const ProfileWriter& writer, const std::string& machine, ProfileSummary& summary) {
  const double load = load_per_core();
  if (load > kBusyLoad) {
    summary.progress.warnings.push_back(
        fmt::format("the machine was busy when measuring began: load {:.2f} per core, expected "
                    "at most {:.2f}; times may be too long",
                    load, kBusyLoad));
  }
  const std::vector<std::string> before = writer.machines();
  if (!before.empty() && std::find(before.begin(), before.end(), machine) == before.end()) {
    summary.progress.warnings.push_back("an earlier run was on another machine: " + before.back() +
                                        "; times of both are mixed");
  }
}

// One run over the inputs that are still missing.
class Run {
 public:
  Run(const Dataset& data, const ProfileOptions& options, ProfileWriter& writer, ProfileSummary& summary,
      const std::function<void(const ProfileProgress&)>& on_progress)
      : data_(&data), options_(&options), writer_(&writer), summary_(&summary), on_progress_(&on_progress) {}

  void load(ModelPool& pool) {
    for (const ModelIndex model : classifier_indices(pool.zoo())) {
      summary_->progress.loading = pool.zoo().models[static_cast<std::size_t>(model)].name;
      report();
      check_stop();
      (void)pool.acquire(model);
    }
    summary_->progress.loading.clear();
  }

  void measure(Measurer& measurer, std::int32_t machine) {
    InputRecord record;
    record.machine = machine;
    const std::vector<std::size_t> missing = missing_inputs();
    measurer.measure(missing.front(), record);  // warms code, caches and buffers; not kept
    update_size();
    report();
    const Stopwatch wall(steady_clock());
    Stopwatch since_commit(steady_clock());
    for (const std::size_t position : missing) {
      check_stop();
      measurer.measure(position, record);
      writer_->add(record);
      if (record.error.empty()) summary_->network_ms += sum(record.infer_ms);
      if (since_commit.ms() >= options_->commit_seconds * 1000) {
        writer_->commit();
        update_size();
        since_commit = Stopwatch(steady_clock());
      }
      report();
    }
    writer_->commit();
    summary_->wall_ms = wall.ms();
  }

 private:
  [[nodiscard]] std::vector<std::size_t> missing_inputs() const {
    std::vector<std::size_t> missing;
    for (std::size_t i = options_->shard.index; i < data_->size(); i += options_->shard.count) {
      if (!writer_->has(static_cast<std::int64_t>(i))) missing.push_back(i);
    }
    return missing;
  }

  void check_stop() {
    if (options_->stop == nullptr || !*options_->stop) return;
    writer_->commit();
    throw Error(
        ErrorCode::kInterrupted,
        fmt::format("{}: interrupted with {} of {} inputs done, all of them kept; run the same command "
                    "again to go on",
                    writer_->name(), writer_->n_done(), summary_->progress.total));
  }

  void update_size() { summary_->progress.size_bytes = writer_->size_bytes(); }

  void report() {
    summary_->progress.done = writer_->n_done();
    summary_->progress.failed = writer_->n_failed();
    if (*on_progress_) (*on_progress_)(summary_->progress);
  }

  const Dataset* data_;
  const ProfileOptions* options_;
  ProfileWriter* writer_;
  ProfileSummary* summary_;
  const std::function<void(const ProfileProgress&)>* on_progress_;
};

}  // namespace

ProfileSummary measure_profile(const Zoo& zoo, EngineSet& engines, const Dataset& data,
                               const ProfileOptions& options, const std::filesystem::path& out,
                               const std::function<void(const ProfileProgress&)>& on_progress) {
  const ProfileHeader header = make_header(zoo, data, options);
  // Before the models are loaded, so that a second writer learns at once that it is one.
  ProfileWriter writer(out, header);
  ProfileSummary summary;
  summary.progress.total = static_cast<std::size_t>(header.n_inputs());
  summary.progress.done = summary.progress.resumed = writer.n_done();
  summary.progress.failed = writer.n_failed();
  summary.progress.size_bytes = writer.size_bytes();
  if (summary.progress.done < summary.progress.total) {
    const std::string machine = machine_description();
    warn_about_machine(writer, machine, summary);
    ModelPool pool(zoo, engines);
    Run run(data, options, writer, summary, on_progress);
    run.load(pool);
    Measurer measurer(pool, header, data, options.decode);
    run.measure(measurer, writer.machine(machine));
  }
  writer.finish();
  summary.progress.size_bytes = writer.size_bytes();
  return summary;
}

}  // namespace triage
