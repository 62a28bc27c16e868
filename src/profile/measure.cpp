// Measuring: every classifier on every input, through the live backend, into the store.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "profile/energy_measuring.h"
#include "profile/label_shift.h"
#include "profile/measurer.h"
#include "profile/writer.h"
#include "runtime/pool.h"
#include "triage/error.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

constexpr double kBusyLoad = 0.5;  // load per core from which on times are not to be trusted
// So many inputs that fail at the start, and none that goes well: the data or the models are wrong, not they.
constexpr std::size_t kHopelessFailures = 24;
// Labels are checked on the first so many inputs, then on so many more, and so on.
constexpr std::size_t kFirstLabelCheck = 64;

// Spent inside the networks, all runs.
double network_ms(const InputRecord& record) {
  double total = record.warming_ms;
  for (std::size_t m = 0; m < record.infer_ms.size(); ++m) {
    total += record.infer_ms[m] * record.infer_spread[m].runs;
  }
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

// A finished profile is not measured again, so nobody else looks at the files. Those that are gone since need
// not be there.
void expect_same_models(const Zoo& zoo, const std::string& profile) {
  for (const ModelIndex m : profiled_models(zoo)) {
    const ModelSpec& model = zoo.models[static_cast<std::size_t>(m)];
    try {
      verify_files(zoo, model);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kManifest) continue;
      throw Error(error.code(),
                  fmt::format("{}; {} has the figures of the file before: after adding it anew, "
                              "profile into another file",
                              error.what(), profile));
    }
  }
}

// One run over the inputs that are still missing.
class ProfileRun {
 public:
  ProfileRun(const Dataset& data, const ProfileOptions& options, ProfileWriter& writer,
             ProfileSummary& summary, const std::function<void(const ProfileProgress&)>& on_progress)
      : data_(&data), options_(&options), writer_(&writer), summary_(&summary), on_progress_(&on_progress) {}

  void load(ModelPool& pool) {
    for (const ModelIndex model : profiled_models(pool.zoo())) {
      summary_->progress.loading = pool.zoo().models[static_cast<std::size_t>(model)].name;
      report();
      check_stop();
      (void)pool.acquire(model);
    }
    summary_->progress.loading.clear();
  }

  // Once for each machine, and again if a meter has become available since.
  void measure_energy(const IdlePower& idle, ModelPool& pool, const ProfileHeader& header,
                      std::int32_t machine) {
    const ProfileEnergy before = writer_->energy(machine);
    if (before.measured() || (!before.note.empty() && options_->energy.meter == nullptr)) return;
    const ProfileEnergy energy =
        triage::measure_energy(*options_, idle, pool, header, *data_, [&](const std::string& item) {
          summary_->progress.energy = item;
          report();
          check_stop();
        });
    summary_->progress.energy.clear();
    writer_->set_energy(machine, energy);
    writer_->commit();
  }

  void measure(Measurer& measurer, const ProfileHeader& header, std::int32_t machine) {
    InputRecord record;
    record.machine = machine;
    LabelShift labels(header.n_classifiers());
    const std::vector<std::size_t> missing = missing_inputs();
    measurer.measure(missing.front(), record);  // warms code, caches and buffers; not kept
    update_size();
    report();
    const Stopwatch wall(steady_clock());
    Stopwatch since_commit(steady_clock());
    for (const std::size_t position : missing) {
      measurer.measure(position, record);
      check_stop();
      writer_->add(record);
      note_remark(record);
      if (record.error.empty()) {
        summary_->network_ms += network_ms(record);
        labels.add(record);
        if (std::has_single_bit(labels.n_inputs()) && labels.n_inputs() >= kFirstLabelCheck)
          check_labels(labels, header);
      }
      check_hope(record);
      summary_->progress.retries += static_cast<std::size_t>(record.retries);
      summary_->progress.disturbed += static_cast<std::size_t>(record.disturbed);
      if (since_commit.ms() >= options_->commit_seconds * 1000) {
        writer_->commit();
        update_size();
        since_commit = Stopwatch(steady_clock());
      }
      report();
    }
    writer_->commit();
    summary_->wall_ms = wall.ms();
    warn_of_standstills();
    check_labels(labels, header);
  }

 private:
  // Goes on with labels that are as likely right as not; ends the run where they are surely one off.
  void check_labels(const LabelShift& labels, const ProfileHeader& header) {
    const auto found = labels.find();
    if (!found) return;
    writer_->commit();
    throw Error(
        ErrorCode::kData,
        fmt::format("labels: {} is right on {:.4g} % of {} inputs, and on {:.4g} % if every label is one {}, "
                    "expected "
                    "class numbers as the models count them; mend the labels{}, remove {} and start again",
                    header.models[found->model].name, 100 * found->as_given, labels.n_inputs(),
                    100 * found->shifted, found->shift < 0 ? "less" : "more",
                    found->shift < 0 ? " (first_label 1 where they count from 1)" : "", writer_->name()));
  }

  void note_remark(const InputRecord& record) {
    constexpr std::size_t kKept = 5;
    if (record.remark.empty()) return;
    if (++summary_->n_remarks <= kKept) summary_->remarks.push_back(record.id + ": " + record.remark);
  }

  // Ends a run that has nothing but failures to show.
  void check_hope(const InputRecord& record) {
    if (record.error.empty()) any_ok_ = true;
    if (any_ok_ || ++n_failures_ < kHopelessFailures) return;
    writer_->commit();
    throw Error(
        ErrorCode::kData,
        fmt::format(
            "{}: the first {} inputs all failed, the last with '{}', expected some to go well; mend the data "
            "or the models, then run the same command again",
            writer_->name(), n_failures_, record.error));
  }

  [[nodiscard]] std::vector<std::size_t> missing_inputs() const {
    std::vector<std::size_t> missing;
    for (std::size_t i = options_->shard.index; i < data_->size(); i += options_->shard.count) {
      if (!writer_->has(static_cast<std::int64_t>(i))) missing.push_back(i);
    }
    return missing;
  }

  void check_stop() {
    if (!options_->stop.stop_requested()) return;
    writer_->commit();
    throw Error(
        ErrorCode::kInterrupted,
        fmt::format("{}: interrupted with {} of {} inputs done, all of them kept; run the same command "
                    "again to go on",
                    writer_->name(), writer_->n_done(), summary_->progress.total));
  }

  void warn_of_standstills() {
    const std::size_t disturbed = summary_->progress.disturbed;
    if (disturbed == 0) return;
    summary_->progress.warnings.push_back(fmt::format(
        "the process stood still again and again while {} cells were timed: their times may be too "
        "long; profile on a machine that does nothing else",
        disturbed));
    report();
  }

  void update_size() { summary_->progress.size_bytes = writer_->size_bytes(); }

  void report() {
    summary_->progress.done = writer_->n_done();
    summary_->progress.failed = writer_->n_failed();
    summary_->progress.capped = writer_->n_capped();
    if (*on_progress_) (*on_progress_)(summary_->progress);
  }

  const Dataset* data_;
  const ProfileOptions* options_;
  ProfileWriter* writer_;
  ProfileSummary* summary_;
  const std::function<void(const ProfileProgress&)>* on_progress_;
  bool any_ok_ = false;
  std::size_t n_failures_ = 0;  // before any_ok_
};

}  // namespace

ProfileSummary measure_profile(const Zoo& manifest, EngineSet& engines, const Dataset& data,
                               const ProfileOptions& options, const std::filesystem::path& out,
                               const std::function<void(const ProfileProgress&)>& on_progress) {
  const Zoo zoo = engines.resolved(manifest);
  const ProfileHeader header = make_header(zoo, data, options);
  // Before the models are loaded, so that a second writer fails at once.
  ProfileWriter writer(out, header);
  ProfileSummary summary;
  summary.progress.total = static_cast<std::size_t>(header.n_inputs());
  summary.progress.done = summary.progress.resumed = writer.n_done();
  summary.progress.failed = writer.n_failed();
  summary.progress.retried = writer.n_to_retry();
  summary.progress.capped = writer.n_capped();
  summary.progress.size_bytes = writer.size_bytes();
  if (summary.progress.done < summary.progress.total) {
    const std::string machine = machine_description();
    warn_about_machine(writer, machine, summary);
    const IdlePower idle = measure_idle_power(options.energy);  // before our own threads keep cores awake
    ModelPool pool(zoo, engines);
    ProfileRun run(data, options, writer, summary, on_progress);
    run.load(pool);
    const std::int32_t number = writer.machine(machine);
    run.measure_energy(idle, pool, header, number);
    Measurer measurer(pool, header, data, options);
    run.measure(measurer, header, number);
  } else {
    expect_same_models(zoo, writer.name());
  }
  writer.finish();
  summary.progress.size_bytes = writer.size_bytes();
  return summary;
}

}  // namespace triage
