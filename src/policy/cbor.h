// The small part of CBOR (RFC 8949) that policy files use, checked before a parser sees it.
#pragma once

#include <cstdint>
#include <span>

namespace triage {

// Throws kPolicy unless `bytes` are exactly one item made of integers, floats, true, false, null, and of
// strings, arrays and maps of stated length, nested at most 8 deep, no length beyond the end. What passes
// makes no parser recurse deeply or allocate more than a small multiple of its size.
void check_cbor(std::span<const std::uint8_t> bytes);

}  // namespace triage
