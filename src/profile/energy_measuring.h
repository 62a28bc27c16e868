// Measures the energy of models, recipes and feature nodes for a profile.
#pragma once

#include <functional>

#include "profile/header.h"
#include "runtime/pool.h"

namespace triage {

// Idle power; call it before any model is loaded. NaN watts where there is no meter.
[[nodiscard]] IdlePower measure_idle_power(const EnergyMeasuring& options);

// `on_item` is told what is measured next, and may throw to end it. A block whose reading fails leaves the
// whole unmeasured, with the reason as its note.
[[nodiscard]] ProfileEnergy measure_energy(const ProfileOptions& options, const IdlePower& idle,
                                           ModelPool& pool, const ProfileHeader& header, const Dataset& data,
                                           const std::function<void(const std::string&)>& on_item);

}  // namespace triage
