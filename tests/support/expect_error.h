// EXPECT_TRIAGE_ERROR(statement, code, part...): the statement throws triage::Error with that code and every
// part in its message.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "triage/error.h"

namespace triage::testing {

inline void expect_error(const std::function<void()>& work, ErrorCode code,
                         std::initializer_list<std::string_view> parts) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error_info(error.code()).name, error_info(code).name) << error.what();
    for (const std::string_view part : parts) {
      EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos)
          << "message: " << error.what() << "\nlacks:   " << part;
    }
    return;
  }
  ADD_FAILURE() << "nothing was thrown, expected " << error_info(code).name;
}

// The same for work that takes some lines.
inline void expect_error(ErrorCode code, std::string_view part, const std::function<void()>& work) {
  expect_error(work, code, {part});
}

}  // namespace triage::testing

#define EXPECT_TRIAGE_ERROR(statement, code, ...) \
  ::triage::testing::expect_error([&] { (void)(statement); }, (code), {__VA_ARGS__})
