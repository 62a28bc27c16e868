// Several images in step: all advance to their next look, and each network runs on all that want it.
#include <algorithm>
#include <map>
#include <memory>

#include "base/check.h"
#include "runtime/serving.h"

namespace triage {
namespace {

// One image on its way.
class Traveller {
 public:
  Traveller(Serving& serving, const ImageView& image, const Request& request, const std::stop_token& stop,
            Result& result)
      : backend_(serving.borrow()), result_(&result) {
    backend_->begin(image);
    drive_.emplace(*serving.policy(), *backend_, serving.runtime()->clock(), request, stop, result);
  }
  [[nodiscard]] Drive& drive() { return *drive_; }
  [[nodiscard]] LiveBackend& backend() { return *backend_; }
  [[nodiscard]] Result& result() { return *result_; }
  [[nodiscard]] std::unique_ptr<LiveBackend> leave() { return std::move(backend_); }

 private:
  std::unique_ptr<LiveBackend> backend_;
  Result* result_;
  std::optional<Drive> drive_;
};

// The most impatient of them: all wait for the network together.
Patience patience_of(std::span<Traveller* const> travellers, ModelIndex model) {
  Patience least = travellers.front()->drive().patience(model);
  for (Traveller* each : travellers.subspan(1)) {
    least.until_ns = std::min(least.until_ns, each->drive().patience(model).until_ns);
  }
  return least;
}

// Runs the policy's model on all of them.
void look_together(Serving& serving, ModelIndex model, std::span<Traveller* const> travellers) {
  const Clock& clock = serving.runtime()->clock();
  Stopwatch watch(clock);
  const auto network = serving.runtime()->pool().acquire(
      serving.zoo_models()[static_cast<std::size_t>(model)], patience_of(travellers, model));
  if (!network) {
    for (Traveller* each : travellers) each->drive().gave_up();
    return;
  }
  const double wait_ms = watch.ms();
  std::vector<LookTimes> times(travellers.size());
  std::vector<std::span<const std::byte>> tensors;
  for (std::size_t i = 0; i < travellers.size(); ++i) {
    times[i] = {.preprocess_ms = travellers[i]->backend().prepare(model), .wait_ms = wait_ms};
    tensors.push_back(travellers[i]->backend().tensor(model));
  }
  std::vector<TopK> outputs(travellers.size());
  watch = Stopwatch(clock);
  (*network)->run_batch(tensors, [&](std::size_t i, std::span<const float> raw) {
    outputs[i] = travellers[i]->backend().read(model, raw);
  });
  const double share_ms = watch.ms() / static_cast<double>(travellers.size());
  for (std::size_t i = 0; i < travellers.size(); ++i) {
    times[i].infer_ms = share_ms;
    const Look look = travellers[i]->backend().look(model, outputs[i], times[i]);
    count_look(serving, look, times[i], travellers[i]->result());
    travellers[i]->drive().took(look);
  }
}

}  // namespace

void classify_in_step(Serving& serving, std::span<const ImageView> images, const Request& request,
                      const std::stop_token& stop, std::span<Result> results) {
  TRIAGE_CHECK(images.size() == results.size());
  std::vector<std::unique_ptr<Traveller>> travellers;
  for (std::size_t i = 0; i < images.size(); ++i) {
    travellers.push_back(std::make_unique<Traveller>(serving, images[i], request, stop, results[i]));
  }
  for (;;) {
    std::map<ModelIndex, std::vector<Traveller*>> wanted;
    for (const auto& each : travellers) {
      if (const auto model = each->drive().next_model()) wanted[*model].push_back(each.get());
    }
    if (wanted.empty()) break;
    for (const auto& [model, group] : wanted) look_together(serving, model, group);
  }
  for (const auto& each : travellers) serving.give_back(each->leave());
}

}  // namespace triage
