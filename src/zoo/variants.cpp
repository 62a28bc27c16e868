// One network, run in several ways.
#include <fmt/format.h>

#include <algorithm>

#include "triage/error.h"
#include "triage/zoo.h"

namespace triage {
namespace {

std::string text_of(const std::string& name) { return name; }
std::string text_of(int number) { return fmt::to_string(number); }
std::string text_of(Precision precision) { return std::string(to_string(precision)); }

template <class Value>
void check_list(std::string_view what, std::span<const Value> values) {
  if (values.empty()) throw Error(ErrorCode::kUsage, fmt::format("{}: none, expected 1 or more", what));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) ==
        values.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: {} is named twice, expected once", what, text_of(values[i])));
  }
}

ModelSpec variant_of(const ModelSpec& model, const std::string& device, int threads, Precision precision) {
  ModelSpec variant = model;
  variant.device = device;
  variant.threads = threads;
  variant.precision = precision;
  variant.name += "@" + device;
  if (device == "CPU") variant.name += fmt::format("x{}", threads);
  if (precision != Precision::kF32) variant.name += fmt::format("-{}", to_string(precision));
  return variant;
}

}  // namespace

Zoo variants_of(const Zoo& zoo, std::span<const std::string> devices, std::span<const int> threads,
                std::span<const Precision> precisions) {
  check_list("devices", devices);
  check_list("threads", threads);
  check_list("precisions", precisions);
  if (std::find(precisions.begin(), precisions.end(), Precision::kI8) != precisions.end()) {
    throw Error(ErrorCode::kUsage,
                "precisions: i8, which runs a network as f32 does, expected f32, bf16, f16 or auto; 8-bit "
                "networks keep their 8-bit layers in each of them");
  }
  Zoo out = zoo;
  out.models.clear();
  for (const ModelSpec& model : zoo.models) {
    if (model.role != Role::kClassifier) {
      out.models.push_back(model);
      continue;
    }
    for (const std::string& device : devices) {
      // The number of threads applies to the CPU only; other devices ignore it.
      const std::span<const int> ways = device == "CPU" ? threads : std::span(&model.threads, 1);
      for (const int n : ways) {
        for (const Precision precision : precisions) {
          out.models.push_back(variant_of(model, device, n, precision));
        }
      }
    }
  }
  return out;
}

}  // namespace triage
