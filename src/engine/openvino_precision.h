// What OpenVINO runs networks in: what it is asked for is a hint to it, and where it does not follow a hint
// it says nothing.
#pragma once

#include <openvino/openvino.hpp>
#include <span>
#include <string>
#include <vector>

#include "triage/zoo.h"

namespace triage {

// AUTO and HETERO stand for devices that they choose themselves.
[[nodiscard]] bool is_virtual(const std::string& device);

// What floats are computed in.
[[nodiscard]] ov::element::Type element_of(Precision precision);

// See Engine::precisions. f32 alone for virtual devices and those that are not here.
[[nodiscard]] std::vector<Precision> precisions_of(const ov::Core& core, const std::string& device);

// Throws kEngine where the compiled files of `model` run in another precision than its own, and for kI8 where
// no layer runs in 8 bits.
void check_precision(std::span<const ov::CompiledModel> parts, const ModelSpec& model);

}  // namespace triage
