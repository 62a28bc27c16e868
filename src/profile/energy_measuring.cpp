#include "profile/energy_measuring.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "data/readable.h"
#include "features/graph.h"
#include "preprocess/needed_extent.h"
#include "profile/measurer.h"
#include "triage/error.h"

namespace triage {
namespace {

// Inputs spread over the shard; those that cannot be decoded are left out.
std::vector<Image> sample_images(const Zoo& zoo, const ProfileOptions& options, const ProfileHeader& header,
                                 const Dataset& data) {
  const DecodeOptions decode = decode_options_for(zoo, header.schema.working_px, options.decode);
  std::vector<Image> images;
  const auto n = static_cast<std::size_t>(header.n_inputs());
  const std::size_t wanted = std::min(n, options.energy.inputs);
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t in_shard = i * n / wanted;
    auto image = load_readable(data, options.shard.index + in_shard * options.shard.count, decode);
    if (image) images.push_back(*std::move(image));
  }
  return images;
}

// Everything that the schema's features need, computed; any node may then be computed again on its own.
FeatureWork computed_work(const ImageView& image, const FeatureSchema& schema, NodeMask nodes) {
  FeatureWork work;
  work.image = image;
  work.working_px = schema.working_px;
  for (std::size_t node = 0; node < kNodeCount; ++node) {
    if ((nodes >> node & 1U) != 0) node_spec(node).compute(work);
  }
  return work;
}

class EnergyRun {
 public:
  EnergyRun(const ProfileOptions& options, const IdlePower& idle, const ProfileHeader& header,
            const std::function<void(const std::string&)>& on_item)
      : options_(&options), idle_(&idle), header_(&header), on_item_(&on_item) {
    clock_ = &clock_or_steady(options.clock);
    energy_.node.resize(header.nodes.size());
    energy_.preprocess.resize(header.recipes.size());
    energy_.infer.resize(header.models.size());
  }

  void measure_nodes(const std::vector<Image>& images) {
    const NodeMask nodes = nodes_of(header_->schema, all_features(header_->schema));
    std::vector<FeatureWork> works;
    works.reserve(images.size());
    for (const Image& image : images) works.push_back(computed_work(image, header_->schema, nodes));
    for (std::size_t node = 0; node < kNodeCount; ++node) {
      if ((nodes >> node & 1U) == 0) continue;
      measure(
          energy_.node[node], "feature node " + header_->nodes[node],
          [&, next = std::size_t{0}]() mutable { node_spec(node).compute(works[next++ % works.size()]); });
    }
  }

  void measure_recipes(LiveBackend& backend, const std::vector<Image>& images) {
    const std::vector<ModelIndex> users = recipe_users(*header_);
    for (std::size_t recipe = 0; recipe < users.size(); ++recipe) {
      measure(energy_.preprocess[recipe], "recipe " + header_->recipes[recipe],
              [&, next = std::size_t{0}]() mutable {
                backend.begin(images[next++ % images.size()]);
                (void)backend.prepare(users[recipe]);
              });
    }
  }

  // On one input: a network does the same work on all, and another tensor would have to be handed to the
  // engine in between.
  void measure_models(LiveBackend& backend, const Image& image) {
    backend.begin(image);
    for (std::size_t model = 0; model < header_->models.size(); ++model) {
      const auto index = static_cast<ModelIndex>(model);
      (void)backend.run(index);  // makes the tensor, and warms
      measure(energy_.infer[model], "model " + header_->models[model].name,
              [&] { (void)backend.run(index); });
    }
  }

  [[nodiscard]] ProfileEnergy finish() {
    if (!problem_.empty()) return {.note = problem_, .node = {}, .preprocess = {}, .infer = {}};
    energy_.idle_w = idle_->watts;
    energy_.note = fmt::format("measured: {}; idle {:.3g} W deducted", options_->energy.meter->description(),
                               idle_->watts);
    if (std::isfinite(slowest_hz_)) {
      energy_.note += fmt::format(", sampled {:.0f} times a second at least", slowest_hz_);
    }
    return std::move(energy_);
  }

 private:
  template <class Work>
  void measure(EnergyCell& cell, const std::string& item, const Work& work) {
    if (!problem_.empty()) return;
    (*on_item_)(item);
    const BlockEnergy block =
        measure_block(*options_->energy.meter, idle_->watts, *clock_, options_->energy.block, work);
    problem_ = block.reading.problem;
    slowest_hz_ = std::fmin(slowest_hz_, block.reading.achieved_hz);
    cell = {block.mean_j, static_cast<std::int64_t>(block.runs), block.reading.seconds};
  }

  const ProfileOptions* options_;
  const IdlePower* idle_;
  const ProfileHeader* header_;
  const std::function<void(const std::string&)>* on_item_;
  const Clock* clock_;
  ProfileEnergy energy_;
  std::string problem_;
  double slowest_hz_ = kNotMeasured;
};

}  // namespace

IdlePower measure_idle_power(const EnergyMeasuring& options) {
  if (options.meter == nullptr) return {.watts = kNotMeasured, .reading = {.problem = options.reason}};
  return measure_idle(*options.meter, options.idle_seconds, options.wait);
}

ProfileEnergy measure_energy(const ProfileOptions& options, const IdlePower& idle, ModelPool& pool,
                             const ProfileHeader& header, const Dataset& data,
                             const std::function<void(const std::string&)>& on_item) {
  ProfileEnergy nothing;
  nothing.note = idle.reading.problem;
  if (nothing.note.empty() && std::isnan(idle.watts)) {
    nothing.note = "not measured: no time passed while idle power was measured";
  }
  if (!nothing.note.empty()) return nothing;
  const std::vector<Image> images = sample_images(pool.zoo(), options, header, data);
  if (images.empty()) {
    nothing.note = "not measured: none of the sampled inputs could be decoded";
    return nothing;
  }
  const Clock& clock = clock_or_steady(options.clock);
  LiveBackend backend(pool, profiled_models(pool.zoo()), header.schema, clock);
  EnergyRun run(options, idle, header, on_item);
  run.measure_nodes(images);
  run.measure_recipes(backend, images);
  run.measure_models(backend, images.front());
  return run.finish();
}

}  // namespace triage
