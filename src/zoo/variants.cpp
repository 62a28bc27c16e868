// One network, run in several ways.
#include <fmt/format.h>

#include <algorithm>

#include "triage/error.h"
#include "triage/zoo.h"

namespace triage {
namespace {

template <class Value>
void check_list(std::string_view what, std::span<const Value> values) {
  if (values.empty()) throw Error(ErrorCode::kUsage, fmt::format("{}: none, expected 1 or more", what));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) ==
        values.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    throw Error(ErrorCode::kUsage, fmt::format("{}: {} is named twice, expected once", what, values[i]));
  }
}

}  // namespace

Zoo variants_of(const Zoo& zoo, std::span<const std::string> devices, std::span<const int> threads) {
  check_list("devices", devices);
  check_list("threads", threads);
  Zoo out = zoo;
  out.models.clear();
  for (const ModelSpec& model : zoo.models) {
    if (model.role != Role::kClassifier) {
      out.models.push_back(model);
      continue;
    }
    for (const std::string& device : devices) {
      // The number of threads applies to the CPU only; other devices ignore it.
      const std::size_t ways = device == "CPU" ? threads.size() : 1;
      for (std::size_t i = 0; i < ways; ++i) {
        ModelSpec variant = model;
        variant.device = device;
        variant.threads = device == "CPU" ? threads[i] : model.threads;
        variant.name = device == "CPU" ? fmt::format("{}@CPUx{}", model.name, variant.threads)
                                       : fmt::format("{}@{}", model.name, device);
        out.models.push_back(std::move(variant));
      }
    }
  }
  return out;
}

}  // namespace triage
