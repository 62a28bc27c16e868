// The extension module triage._core: a thin layer over the public headers. What is pleasant to use stands in
// Python beside it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "triage/policy.h"

namespace triage::python {

namespace nb = nanobind;

// Arrays that callers give: in place where they are of this type and layout, which Python sees to.
template <class T>
using Vector = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
// And that they are given.
template <class T>
using NewVector = nb::ndarray<nb::numpy, T, nb::ndim<1>, nb::c_contig>;
template <class T>
using NewMatrix = nb::ndarray<nb::numpy, T, nb::ndim<2>, nb::c_contig>;

template <class Array>
[[nodiscard]] auto span_of(const Array& array) {
  return std::span(array.data(), array.size());
}

// Of models, features and whatever else has a `name`.
template <class Range>
[[nodiscard]] std::vector<std::string> names_of(const Range& named) {
  std::vector<std::string> names;
  for (const auto& each : named) names.push_back(each.name);
  return names;
}

// Values that live as long as the arrays that are made of them.
template <class T>
struct Kept {
  T* data = nullptr;
  nb::capsule owner;

  explicit Kept(std::vector<T> values) {
    auto owned = std::make_unique<std::vector<T>>(std::move(values));
    data = owned->data();
    owner = nb::capsule(owned.release(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  }
};
template <class T>
[[nodiscard]] NewVector<T> vector_of(std::vector<T> values) {
  const std::size_t n = values.size();
  const Kept<T> kept(std::move(values));
  return NewVector<T>(kept.data, {n}, kept.owner);
}
template <class T>
[[nodiscard]] NewMatrix<T> matrix_of(std::vector<T> values, std::size_t rows, std::size_t columns) {
  const Kept<T> kept(std::move(values));
  return NewMatrix<T>(kept.data, {rows, columns}, kept.owner);
}

// A policy as Python holds it: immutable, and shared with classifiers.
struct SharedPolicy {
  std::shared_ptr<const Policy> policy;
  [[nodiscard]] const PolicyInfo& info() const { return policy->info(); }
};

void bind_errors(nb::module_& module);
void bind_table(nb::module_& module);
void bind_policy(nb::module_& module);
void bind_learning(nb::module_& module);
void bind_decisions(nb::module_& module);
void bind_classifier(nb::module_& module);
void bind_profile(nb::module_& module);

}  // namespace triage::python
