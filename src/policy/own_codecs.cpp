// Codecs of policies of the user's own.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"
#include "policy/policy_codec.h"
#include "triage/error.h"

namespace triage {
namespace {

using Codec = std::shared_ptr<const PolicyCodec>;

struct Registry {
  std::mutex mutex;
  std::map<std::string, Codec, std::less<>> codecs;
};

Registry& registry() {
  static Registry all;
  return all;
}

// Null where there is none.
Codec find_codec(std::string_view kind) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto found = all.codecs.find(kind);
  return found == all.codecs.end() ? nullptr : found->second;
}

[[noreturn]] void refuse(const PolicyCodec& codec, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kUsage,
              fmt::format("policy codec '{}': {}, expected {}", codec.kind, found, expected));
}

}  // namespace

void register_policy_codec(PolicyCodec codec) {
  if (codec.kind.empty()) refuse(codec, "no kind", "what Policy::kind() says");
  if (std::find(kBuiltInKinds.begin(), kBuiltInKinds.end(), codec.kind) != kBuiltInKinds.end()) {
    refuse(codec, "a built-in kind", "a name of its own; rename Policy::kind()");
  }
  if (codec.version < 1) refuse(codec, fmt::format("version {}", codec.version), "1 or more");
  if (!codec.encode || !codec.decode) refuse(codec, "no function to encode or decode", "both");
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto [at, added] = all.codecs.try_emplace(codec.kind, nullptr);
  if (!added) refuse(codec, "registered already", "to be registered once");
  at->second = std::make_shared<const PolicyCodec>(std::move(codec));
}

nlohmann::json encode_own(const Policy& policy) {
  const Codec codec = find_codec(policy.kind());
  if (codec == nullptr) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("policy of kind '{}': no codec, expected one to save it with; call "
                            "triage::register_policy_codec first",
                            policy.kind()));
  }
  return {{"version", codec->version}, {"data", nlohmann::json::binary(codec->encode(policy))}};
}

std::unique_ptr<Policy> decode_own(PolicyInfo info, const std::string& kind, const Fields& payload) {
  const Codec codec = find_codec(kind);
  if (codec == nullptr) {
    throw MissingCodec(
        fmt::format("kind: '{}', whose codec is not registered, expected {} or one with a "
                    "codec; call triage::register_policy_codec before loading it",
                    kind, fmt::join(kBuiltInKinds, ", ")));
  }
  const Fields body = payload.object("own");
  const std::int32_t version = body.integer("version");
  if (version != codec->version) {
    fail_field("own.version", version, fmt::format("{}, that of the registered codec", codec->version));
  }
  check_info(info);
  auto policy = codec->decode(std::move(info), body.bytes("data"));
  if (policy == nullptr || policy->kind() != kind) {
    fail_field("own.data",
               policy == nullptr ? "no policy" : fmt::format("a policy of kind '{}'", policy->kind()),
               fmt::format("one of kind '{}' from its codec", kind));
  }
  return policy;
}

}  // namespace triage
