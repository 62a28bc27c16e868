#include "profile/measurer.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/hash.h"
#include "preprocess/needed_extent.h"
#include "profile/picture_hash.h"
#include "triage/error.h"

namespace triage {
namespace {

// Errors of one input; any other ends the run.
bool is_input_error(ErrorCode code) {
  return is_image_error(code) || code == ErrorCode::kIo || code == ErrorCode::kEngine;
}

// A made-up clock and the real processor time have nothing to do with each other.
const Clock* cpu_clock_of(const ProfileOptions& options) {
  if (options.cpu_clock != nullptr) return options.cpu_clock.get();
  return options.clock != nullptr ? nullptr : &process_cpu_clock();
}

}  // namespace

std::vector<ModelIndex> recipe_users(const ProfileHeader& header) {
  std::vector<ModelIndex> users(header.recipes.size(), kNoModel);
  for (std::size_t m = header.models.size(); m-- > 0;) {
    users[static_cast<std::size_t>(header.models[m].recipe)] = static_cast<ModelIndex>(m);
  }
  return users;
}

Measurer::Measurer(ModelPool& pool, const ProfileHeader& header, const Dataset& data,
                   const ProfileOptions& options)
    : header_(&header),
      data_(&data),
      options_(&options),
      decode_(decode_options_for(pool.zoo(), header.schema.working_px, options.decode)),
      clock_(&clock_or_steady(options.clock)),
      cpu_clock_(cpu_clock_of(options)),
      backend_(pool, profiled_models(pool.zoo()), header.schema, *clock_),
      recipe_users_(recipe_users(header)),
      order_(header.models.size()),
      recipe_standstills_(header.recipes.size()),
      model_standstills_(header.models.size()) {
  for (const ProfileModel& model : header.models) {
    const auto first =
        std::find_if(header.models.begin(), header.models.end(), [&](const ProfileModel& other) {
          return other.fingerprint == model.fingerprint && other.is_selector() == model.is_selector();
        });
    speaker_.push_back(static_cast<std::size_t>(first - header.models.begin()));
  }
}

void Measurer::measure(std::size_t position, InputRecord& record) {
  begin(position, record);
  try {
    const Stopwatch watch(*clock_);
    const Image image = data_->load(position, decode_);
    record.decode_ms = watch.ms();
    record.remark = image.remark;
    record.width = image.original_size().width;
    record.height = image.original_size().height;
    record.channels = image.channels;
    record.pixel_hash = hash_input(*data_, position, image, decode_);
    measure_features(image, record);
    if (header_->timing.mode == TimingMode::kExhaustive) measure_recipes(image, record);
    // Shuffled for every input, so that no model always finds the caches as one and the same other left them.
    Random random(position);
    shuffle(std::span(order_), random);
    for (const std::size_t model : order_) measure_model(image, model, record);
    share_answers(record);
  } catch (const Error& error) {
    if (!is_input_error(error.code())) throw;
    record.error = error.what();
  } catch (const std::bad_alloc&) {
    record.error = record.id + ": memory is exhausted, expected enough to decode it; lower the pixel limit";
  }
}

void Measurer::begin(std::size_t position, InputRecord& record) {
  record.input = static_cast<std::int64_t>(position);
  record.id = data_->id(position);
  record.group = data_->group(position);
  resampling_ = data_->resampling(position);
  const bool labelled = !header_->times_only && header_->labels_from.empty();
  record.label = labelled ? data_->label(position) : kNoLabel;
  record.error.clear();
  record.remark.clear();
  record.width = record.height = record.channels = 0;
  record.pixel_hash.reset();
  record.features.assign(header_->schema.size(), 0.0F);
  record.node_ms.assign(header_->nodes.size(), 0.0F);
  record.preprocess_ms.assign(header_->recipes.size(), 0.0);
  record.preprocess_spread.assign(header_->recipes.size(), {});
  record.ranks.assign(header_->models.size(), 0);
  record.outputs.resize(header_->models.size());
  record.infer_ms.assign(header_->models.size(), 0.0);
  record.infer_spread.assign(header_->models.size(), {});
  record.feature_runs = 1;
  record.capped = 0;
  record.warming_ms = 0;
  record.retries = record.disturbed = 0;
  tensor_timed_.assign(header_->recipes.size(), false);
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
}

void Measurer::count(const CellTimes& cell, InputRecord& record) const {
  if (header_->timing.mode == TimingMode::kExhaustive && !cell.within(header_->timing.bound)) ++record.capped;
  record.retries += cell.retries;
  if (cell.disturbed) ++record.disturbed;
}

// Threads of the engine may do the work, so that the whole process' time is compared.
template <class Run>
CellRun Measurer::timed(const Run& run) const {
  CellRun cell;
  const Stopwatch wall(*clock_);
  if (cpu_clock_ == nullptr) {
    cell.ms = run();
    return cell;
  }
  const Stopwatch cpu(*cpu_clock_);
  cell.ms = run();
  cell.cpu_ms = cpu.ms();
  cell.wall_ms = wall.ms();
  return cell;
}

// The nodes' times are means over the runs that the extraction as a whole needs.
void Measurer::measure_features(const Image& image, InputRecord& record) {
  std::vector<double> node_ms(record.node_ms.size(), 0.0);
  const auto extract = [&] {
    backend_.begin(image, resampling_);
    return backend_.extract(all_features(header_->schema), record.features).ms;
  };
  const CellTimes cell = time_cell(
      header_->timing, options_->stop, feature_standstills_, [&] { return timed(extract); },
      [&] {
        for (std::size_t node = 0; node < node_ms.size(); ++node) {
          node_ms[node] += static_cast<double>(backend_.node_ms()[node]);
        }
      });
  for (std::size_t node = 0; node < node_ms.size(); ++node) {
    record.node_ms[node] = static_cast<float>(node_ms[node] / cell.runs);
  }
  record.feature_runs = cell.runs;
  count(cell, record);
}

// Leaves every tensor made, so that the times of the networks, measured next, exclude preprocessing.
void Measurer::measure_recipes(const Image& image, InputRecord& record) {
  for (std::size_t recipe = 0; recipe < recipe_users_.size(); ++recipe) {
    const auto prepare = [&] {
      backend_.begin(image, resampling_);
      return backend_.prepare(recipe_users_[recipe]);
    };
    const CellTimes cell = time_cell(header_->timing, options_->stop, recipe_standstills_[recipe],
                                     [&] { return timed(prepare); });
    record.preprocess_ms[recipe] = cell.mean;
    record.preprocess_spread[recipe] = {cell.runs, cell.m2};
    tensor_timed_[recipe] = true;
    count(cell, record);
  }
  for (const ModelIndex user : recipe_users_) (void)backend_.prepare(user);
}

// In the cheap mode the first model of a recipe makes the tensor, and its time is taken then. Beginning anew
// forgets all tensors, which is why the others may have to be made again, untimed.
void Measurer::measure_tensor(const Image& image, std::size_t model, InputRecord& record) {
  const auto index = static_cast<ModelIndex>(model);
  const auto recipe = static_cast<std::size_t>(header_->models[model].recipe);
  if (!tensor_timed_[recipe]) {
    bool again = false;
    const CellTimes cell = time_cell(Timing{}, options_->stop, recipe_standstills_[recipe], [&] {
      if (std::exchange(again, true)) backend_.begin(image, resampling_);
      return timed([&] { return backend_.prepare(index); });
    });
    record.preprocess_ms[recipe] = cell.mean;
    record.retries += cell.retries;
    if (cell.disturbed) ++record.disturbed;
    tensor_timed_[recipe] = true;
  }
  (void)backend_.prepare(index);
}

void Measurer::measure_model(const Image& image, std::size_t model, InputRecord& record) {
  const auto index = static_cast<ModelIndex>(model);
  measure_tensor(image, model, record);
  const auto run = [&] {
    record.outputs[model] = backend_.run(index).output;
    return backend_.last_times().infer_ms;
  };
  try {
    // In use a network runs again and again; here others have evicted it from the caches since its last run,
    // so an untimed run comes first.
    if (header_->timing.mode == TimingMode::kCheap) {
      const CellRun warming = timed(run);
      (void)model_standstills_[model].stood_still(warming);
      record.warming_ms += warming.ms;
    }
    const CellTimes cell =
        time_cell(header_->timing, options_->stop, model_standstills_[model], [&] { return timed(run); });
    record.infer_ms[model] = cell.mean;
    record.infer_spread[model] = {cell.runs, cell.m2};
    count(cell, record);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("model '{}': {}", header_->models[model].name, error.what()));
  }
  const bool ranked = record.label != kNoLabel && !header_->models[model].is_selector();
  record.ranks[model] = !ranked ? 0 : rank_of(backend_.last_probabilities(), record.label);
}

// Variants of one network (the same fingerprint) share its answers: those of another device or number of
// threads may differ in the last digits, which would make them look like another network's.
void Measurer::share_answers(InputRecord& record) const {
  for (std::size_t model = 0; model < speaker_.size(); ++model) {
    if (speaker_[model] == model) continue;
    record.outputs[model] = record.outputs[speaker_[model]];
    record.ranks[model] = record.ranks[speaker_[model]];
  }
}

}  // namespace triage
