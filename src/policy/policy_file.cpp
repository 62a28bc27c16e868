// Policy files on disk.
#include <fmt/format.h>

#include "base/files.h"
#include "features/schema.h"
#include "policy/policy_codec.h"
#include "triage/error.h"
#include "triage/policy.h"

namespace triage {
namespace {

constexpr std::uint64_t kMaxPolicyBytes = std::uint64_t{1} << 30;

}  // namespace

void save_policy(const Policy& policy, const std::filesystem::path& path) {
  write_file_atomic(path, encode_policy(policy));
}

std::unique_ptr<Policy> load_policy(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxPolicyBytes);
  const std::string owner = fmt::format("policy '{}'", path.string());
  std::unique_ptr<Policy> policy;
  try {
    policy = decode_policy(bytes);
  } catch (const MissingCodec& error) {
    throw Error(error.code(), fmt::format("{}: {}", owner, error.what()));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}; make it again with 'triage train'", owner, error.what()));
  }
  // Features that are not ours are the caller's.
  if (policy->info().schema.groups.empty()) check_schema(policy->info().schema, owner);
  return policy;
}

}  // namespace triage
