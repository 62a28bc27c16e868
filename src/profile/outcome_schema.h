// How files of outcomes are told from others.
#pragma once

#include <cstdint>

namespace triage {

inline constexpr std::int64_t kOutcomesId = 0x5452494F;  // SQLite's application id, "TRIO"
inline constexpr std::int64_t kOutcomesVersion = 2;      // 1 had no texts

}  // namespace triage
