// Uses the tools library: a profile that is not there is an Error, with its code.
#include <triage/error.h>
#include <triage/tools/profile.h>

#include <iostream>

int main() {
  try {
    const std::filesystem::path profiles[] = {"absent.profile"};
    return triage::load_table(profiles).ids.empty() ? 3 : 4;
  } catch (const triage::Error& error) {
    std::cout << error.what() << '\n';
    return error.code() == triage::ErrorCode::kIo ? 0 : 1;
  }
}
