// OpenVINO's exceptions as errors of ours, with what they say of the model and nothing of OpenVINO's insides.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "triage/error.h"

namespace triage {

// The last part of a message, which speaks of the model, on one short line.
[[nodiscard]] std::string one_line(std::string_view what);

// Does `work` and turns whatever OpenVINO throws into an Error of `code` that begins with `owner`.
template <class Work>
auto translated(ErrorCode code, const std::string& owner, std::string_view doing, Work&& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(code, fmt::format("{}: {} failed, expected OpenVINO to take it ({}); export the model anew, "
                                  "perhaps for an older opset",
                                  owner, doing, one_line(error.what())));
  }
}

}  // namespace triage
