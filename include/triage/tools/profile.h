// Profiles on disk (SQLite): measuring them, merging them, reading them into a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "triage/engine.h"
#include "triage/image.h"
#include "triage/tools/dataset.h"
#include "triage/tools/energy.h"
#include "triage/tools/table.h"
#include "triage/zoo.h"

namespace triage {

struct Shard {
  std::uint32_t index = 0;  // 0-based
  std::uint32_t count = 1;
};

// Energy of models, recipes and feature nodes: each runs over and over in a block of its own, on a sample of
// the inputs, and what the machine draws idle is deducted.
struct EnergyMeasuring {
  EnergyMeter* meter = nullptr;                        // null: nothing is measured
  std::string reason = "not measured: not asked for";  // recorded where there is no meter
  double idle_seconds = 2;
  std::function<void(double seconds)> wait;  // how idle time passes; empty: sleeps
  BlockOptions block;
  std::size_t inputs = 8;  // of the sample; networks run on the first alone
};

struct ProfileOptions {
  std::vector<std::string> features;  // empty: all of the registry
  int working_px = 224;
  Shard shard;  // input i belongs to shard i % count
  DecodeOptions decode;
  Timing timing;  // mode, bound and runs; `min_runs` and `max_runs` count in the exhaustive mode alone
  // Scores are not recorded: labels are not looked at, and neither features nor outputs are kept. For a
  // device whose times are then merged over scores from elsewhere (merge_times).
  bool times_only = false;
  // For inputs without labels: the classifier whose answers are taken for labels (label_by_model) whenever
  // the profile is loaded; labels of the data set are not looked at. Empty: the data set's. Not with
  // times_only.
  std::string labels_from;
  EnergyMeasuring energy;
  std::shared_ptr<const Clock> clock = nullptr;  // none: steady_clock()
  // By which runs are found during which the process stood still, to be timed again. None:
  // process_cpu_clock(), or with a `clock` of one's own nothing is judged.
  std::shared_ptr<const Clock> cpu_clock = nullptr;
  double commit_seconds = 1.0;  // at most this much work is repeated after a kill
  std::stop_token stop = {};    // when asked to stop: commits and throws kInterrupted
};

struct ProfileProgress {
  std::size_t done = 0;         // inputs in the file, earlier runs included, but what is tried again
  std::size_t failed = 0;       // of those, in this run
  std::size_t total = 0;        // of this shard
  std::size_t resumed = 0;      // were there, and well, when this run began
  std::size_t retried = 0;      // had failed in earlier runs and are tried again in this one
  std::int64_t size_bytes = 0;  // of the file, as of the last commit
  std::size_t capped = 0;       // cells whose time is known less well than the bound asks for
  std::size_t retries = 0;      // runs timed again, in this run, because the process stood still meanwhile
  std::size_t disturbed = 0;    // cells in which it did so every time: they may be too long
  std::string loading;          // name of the model that is being loaded; empty while measuring
  std::string energy;           // what energy is being measured of; empty otherwise
  std::vector<std::string> warnings;  // so far: a loaded machine, say
};

struct ProfileSummary {
  ProfileProgress progress;
  std::size_t n_remarks = 0;         // pictures of this run that were whole, though their files were odd
  std::vector<std::string> remarks;  // the first few, with their inputs
  double wall_ms = 0;                // of this run, loading models excluded
  double network_ms = 0;             // of it, spent inside the networks
};

// Runs every classifier of the zoo on every input and extracts features, through the live backend. Creates
// `out`, or continues where an earlier run stopped; a file of another zoo, data set, shard or feature list
// throws kProfile and is left alone, and so is one that another process is writing. Inputs that fail are
// recorded with their message, and tried again by the next run. Models with equal fingerprints give the
// same answers: those of the first are recorded for all. Throws kManifest for a model whose files have
// changed under its checksum, also where nothing is left to measure.
ProfileSummary measure_profile(const Zoo& zoo, EngineSet& engines, const Dataset& data,
                               const ProfileOptions& options, const std::filesystem::path& out,
                               const std::function<void(const ProfileProgress&)>& on_progress = {});

struct MergeOptions {
  // Join profiles of different machines all the same; their times are kept as they are, each input's where it
  // was measured, and Table::times_note says so.
  bool machines_apart = false;
};

struct MergeSummary {
  std::size_t inputs = 0;             // in the new file
  std::size_t failed = 0;             // of those
  std::vector<std::string> machines;  // that measured them
};

// Joins shards, or profiles of other inputs by the same models, into a new file. All shards of a data set
// give what one run over it would have written (times aside). Inputs that occur twice with the same content
// are taken once. Throws kProfile for models or features that differ, for unfinished profiles and for inputs
// that occur twice with different content, and for profiles of different machines, whose times have no common
// mean; kUsage when `out` exists.
MergeSummary merge_profiles(std::span<const std::filesystem::path> inputs, const std::filesystem::path& out,
                            const MergeOptions& options = {});

struct TimesSummary {
  std::size_t inputs = 0;  // in the new file
  std::size_t failed = 0;  // of those
  std::size_t own = 0;     // timed themselves
  std::size_t dealt = 0;   // given another input's times
};

// Puts the times (and energy) of one profile, usually made with times_only on the target, over the scores of
// another: a new profile with the target's models, devices, threads and machine, and the scores' inputs.
// Models are matched by fingerprint. An input that both have (same id, size and pixels) gets its own times;
// each other gets all the times of one input that was timed, dealt out so that each is used equally often:
// means, quantiles and correlations of times are then the target's, though not this input's. Throws kProfile,
// naming the model, when either lacks one of the other's, for features that differ and for unfinished
// profiles; kUsage when `out` exists.
TimesSummary merge_times(const std::filesystem::path& times, const std::filesystem::path& scores,
                         const std::filesystem::path& out);

// Reads one or several profiles of the same models into a table, rows in the order of the inputs. Labels that
// are a model's answers are made here, by label_by_model. Sources are the profiles, by the names of their
// files; of a single one the folders that the ids of its inputs begin with, or the IDX files. Throws kIo,
// kProfile; a profile that is not finished throws kProfile unless `allow_partial`, as do profiles of
// different machines.
[[nodiscard]] Table load_table(std::span<const std::filesystem::path> profiles, bool allow_partial = false);

// The same for one profile, of which the times alone are read: ranks are 0, outputs empty, and there are no
// features. For profiles of either kind.
[[nodiscard]] Table load_times(const std::filesystem::path& profile);

struct FailedInput {
  std::string id;
  std::string message;
};
[[nodiscard]] std::vector<FailedInput> failed_inputs(const std::filesystem::path& profile);

// Time of each model in a profile: count, mean, half-width of the mean's 95 % interval, quantiles
// (milliseconds, preprocessing and inference together).
struct TimeSummary {
  std::size_t n = 0;
  double mean = 0, bound95 = 0, p50 = 0, p90 = 0, p99 = 0, p999 = 0;
};
[[nodiscard]] TimeSummary summarize_times(std::vector<double> values);

// This machine in one line (CPU model, cores, memory, kernel), and whether it is busy (1-minute load over the
// cores).
[[nodiscard]] std::string machine_description();
// Whether two such lines are of the same processor and number of cores: a kernel's update, or memory that is
// counted otherwise, makes no other machine. Of tables of several machines ("A | B"): whether they are the
// same ones.
[[nodiscard]] bool same_machine(std::string_view a, std::string_view b);
[[nodiscard]] double load_per_core();

}  // namespace triage
