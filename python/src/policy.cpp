// Policies: their files, what they know of themselves, and choosing for rows of numbers.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>

#include "core.h"
#include "in_parts.h"
#include "triage/choose.h"
#include "triage/error.h"
#include "triage/tools/report.h"

namespace triage::python {
namespace {

namespace fs = std::filesystem;

nb::bytes bytes_of(const SharedPolicy& self) {
  const std::vector<std::uint8_t> bytes = encode_policy(*self.policy);
  return nb::bytes(bytes.data(), bytes.size());
}

SharedPolicy policy_of_bytes(const nb::bytes& bytes) {
  return {decode_policy({static_cast<const std::uint8_t*>(bytes.data()), bytes.size()})};
}

nb::list price_settings(const SharedPolicy& self) {
  nb::list settings;
  for (const PriceSetting& setting : self.policy->price_settings()) {
    settings.append(nb::make_tuple(setting.price, setting.score, setting.cost));
  }
  return settings;
}

nb::object certificate(const SharedPolicy& self) {
  const Certificate* held = self.policy->certificate();
  if (held == nullptr) return nb::none();
  nb::dict out;
  out["max_loss"] = held->max_loss;
  out["delta"] = held->delta;
  out["versus"] = held->versus;
  out["inputs"] = held->inputs;
  out["mean_loss"] = held->mean_loss;
  out["promise"] = promise_of(*held, ScoreWords(self.info().terms));
  return out;
}

Request request_of(std::optional<double> price) {
  Request request;
  if (price) request.price = *price;
  return request;
}

// Positions in the policy's models of the model that runs first on each row; -1 where none does.
NewVector<std::int32_t> choose_for_rows(const SharedPolicy& self, const Matrix<float>& features,
                                        std::optional<double> price) {
  const Request request = request_of(price);
  check_request(*self.policy, request);
  const std::size_t d = features.shape(1);
  std::vector<ModelIndex> models(features.shape(0), kNoModel);
  {
    const nb::gil_scoped_release release;
    const auto choose_part = [&](std::size_t first, std::size_t last) {
      choose_rows(*self.policy, span_of(features).subspan(first * d, (last - first) * d),
                  std::span(models).subspan(first, last - first), request);
    };
    in_parts(models.size(), choose_part, kChosenRowsAThread);
  }
  return vector_of(std::move(models));
}

// What is expected of each model on one row: its losses of score, and costs where prices weigh them.
nb::object expectations(const SharedPolicy& self, const Vector<float>& features,
                        std::optional<double> price) {
  Trace trace;
  (void)choose(*self.policy, span_of(features), {}, request_of(price), &trace);
  for (const TraceEvent& event : trace) {
    if (const auto* expected = std::get_if<ForestsExpect>(&event)) {
      return nb::make_tuple(expected->losses, expected->costs);
    }
  }
  return nb::none();
}

// What is expected of each model on each of n rows, (n, m) losses of score; none where the policy expects
// nothing.
nb::object expected_losses(const SharedPolicy& self, const Matrix<float>& features,
                           std::optional<double> price) {
  constexpr std::size_t kRowsAThreadHere = 256;  // a row takes some ten microseconds
  const Request request = request_of(price);
  check_request(*self.policy, request);
  const std::size_t n = features.shape(0), d = features.shape(1), m = self.info().models.size();
  std::vector<double> losses(n * m);
  std::atomic<bool> is_known = n > 0;
  {
    const nb::gil_scoped_release release;
    const auto expect = [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last && is_known; ++i) {
        Trace trace;
        (void)choose(*self.policy, span_of(features).subspan(i * d, d), {}, request, &trace);
        const auto* found = trace.empty() ? nullptr : std::get_if<ForestsExpect>(&trace.back());
        if (found == nullptr) {
          is_known = false;
        } else {
          std::copy(found->losses.begin(), found->losses.end(),
                    losses.begin() + static_cast<std::ptrdiff_t>(i * m));
        }
      }
    };
    in_parts(n, expect, kRowsAThreadHere);
  }
  if (!is_known) return nb::none();
  return nb::cast(matrix_of(std::move(losses), n, m));
}

}  // namespace

void bind_policy(nb::module_& module) {
  nb::class_<SharedPolicy>(module, "Policy")
      .def_prop_ro("kind", [](const SharedPolicy& self) { return std::string(self.policy->kind()); })
      .def_prop_ro("models", [](const SharedPolicy& self) { return names_of(self.info().models); })
      .def_prop_ro("feature_names",
                   [](const SharedPolicy& self) { return names_of(self.info().schema.features); })
      .def_prop_ro("label_names", [](const SharedPolicy& self) { return self.info().label_names; })
      .def_prop_ro("n_classes", [](const SharedPolicy& self) { return self.info().n_classes; })
      .def_prop_ro("cost_unit", [](const SharedPolicy& self) { return self.info().terms.cost_unit; })
      .def_prop_ro("price_settings", &price_settings)
      .def_prop_ro("default_setting", [](const SharedPolicy& self) { return self.policy->default_setting(); })
      .def_prop_ro("certificate", &certificate)
      .def_prop_ro("training", [](const SharedPolicy& self) { return training_lines(*self.policy); })
      .def(
          "look_order",
          [](const SharedPolicy& self, std::optional<double> price) {
            nb::list order;
            for (const OrderedLook& look : self.policy->look_order(request_of(price))) {
              order.append(nb::make_tuple(look.model, look.threshold));
            }
            return order;
          },
          nb::arg("price").none())
      .def("save", [](const SharedPolicy& self, const fs::path& path) { save_policy(*self.policy, path); })
      .def("to_bytes", &bytes_of)
      .def("choose", &choose_for_rows, nb::arg("features"), nb::arg("price").none())
      .def("expected_losses", &expected_losses, nb::arg("features"), nb::arg("price").none())
      .def("expectations", &expectations, nb::arg("features"), nb::arg("price").none());
  module.def("load_policy", [](const fs::path& path) { return SharedPolicy{load_policy(path)}; });
  module.def("policy_of_bytes", &policy_of_bytes);
}

}  // namespace triage::python
