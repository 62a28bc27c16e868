// A program's own policies in files: the registry of their codecs, and each way in which one is refused.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/files.h"
#include "policy/policies.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/error.h"

namespace triage {
namespace {

using nlohmann::json;
using testing::info_of;
using Bytes = std::vector<std::uint8_t>;

// Runs one model, whose number is all that it has to save.
class Favourite final : public Policy {
 public:
  Favourite(PolicyInfo info, std::string kind, ModelIndex model)
      : Policy(std::move(info)), kind_(std::move(kind)), model_(model) {}
  std::string_view kind() const override { return kind_; }
  Action next(const Evidence& evidence, Trace* /*trace*/) const override {
    return evidence.looks.empty() ? Action::run(model_) : Action::answer_of(evidence.looks.back());
  }
  [[nodiscard]] ModelIndex model() const { return model_; }

 private:
  std::string kind_;
  ModelIndex model_;
};

PolicyCodec codec_of(std::string kind) {
  PolicyCodec codec;
  codec.kind = kind;
  codec.encode = [](const Policy& policy) {
    return Bytes{static_cast<std::uint8_t>(dynamic_cast<const Favourite&>(policy).model())};
  };
  codec.decode = [kind](PolicyInfo info, std::span<const std::uint8_t> bytes) -> std::unique_ptr<Policy> {
    if (bytes.size() != 1) throw Error(ErrorCode::kPolicy, "favourite: no model, expected one byte");
    return std::make_unique<Favourite>(std::move(info), kind, bytes[0]);
  };
  return codec;
}

std::unique_ptr<Policy> favourite(const std::string& kind) {
  auto info = info_of({"small", "big"});
  info.training.notes = {{"chosen", "by hand"}};
  return std::make_unique<Favourite>(std::move(info), kind, 1);
}

TEST(OwnCodec, BringsAPolicyBackFromDisk) {
  register_policy_codec(codec_of("favourite"));
  const testing::TempFolder folder;
  const auto path = folder.path() / "own.triage";
  save_policy(*favourite("favourite"), path);
  const auto policy = load_policy(path);
  EXPECT_EQ(policy->kind(), "favourite");
  EXPECT_EQ(policy->next({}).model, 1);
  EXPECT_EQ(policy->info().training, favourite("favourite")->info().training);
  EXPECT_EQ(policy->info().models[1].name, "big");
}

TEST(OwnCodec, RefusesToRegisterWhatCouldNotWork) {
  const auto refuse = [](const PolicyCodec& codec, std::string_view message) {
    EXPECT_TRIAGE_ERROR(register_policy_codec(codec), ErrorCode::kUsage, message);
  };
  refuse(codec_of(""), "policy codec '': no kind, expected what Policy::kind() says");
  for (const auto kind : kBuiltInKinds)
    refuse(codec_of(std::string(kind)), "a built-in kind, expected a name of its own");
  PolicyCodec codec = codec_of("odd");
  codec.version = 0;
  refuse(codec, "policy codec 'odd': version 0, expected 1 or more");
  codec = codec_of("odd");
  codec.encode = nullptr;
  refuse(codec, "policy codec 'odd': no function to encode or decode, expected both");
  codec = codec_of("odd");
  codec.decode = nullptr;
  refuse(codec, "no function to encode or decode");
  register_policy_codec(codec_of("twice"));
  refuse(codec_of("twice"), "policy codec 'twice': registered already, expected to be registered once");
}

TEST(OwnCodec, OneOfManyThreadsRegisters) {
  std::atomic<int> registered = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        try {
          register_policy_codec(codec_of("raced"));
          ++registered;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kUsage);
        }
      });
    }
  }
  EXPECT_EQ(registered, 1);
}

TEST(OwnCodec, SavingNeedsOne) {
  const testing::TempFolder folder;
  EXPECT_TRIAGE_ERROR(save_policy(*favourite("unknown"), folder.path() / "a.triage"), ErrorCode::kPolicy,
                      "policy of kind 'unknown': no codec, expected one to save it with; call "
                      "triage::register_policy_codec first");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.triage"));
  // A kind() that lies does not help.
  EXPECT_TRIAGE_ERROR(encode_policy(*favourite("single")), ErrorCode::kPolicy,
                      "policy of kind 'single': no codec");
}

// The bytes of a policy of this kind, changed.
Bytes changed(const std::string& kind, const std::function<void(json&)>& change) {
  const auto sealed = json::from_cbor(encode_policy(*favourite(kind)))["payload"].get_binary();
  json payload = json::from_cbor(static_cast<const Bytes&>(sealed));
  change(payload);
  return seal_payload(json::to_cbor(payload));
}

TEST(OwnCodec, LoadingNeedsTheSameOne) {
  register_policy_codec(codec_of("kept"));
  const auto refuse = [](const std::function<void(json&)>& change, std::string_view message) {
    EXPECT_TRIAGE_ERROR(decode_policy(changed("kept", change)), ErrorCode::kPolicy, message);
  };
  EXPECT_EQ(decode_policy(changed("kept", [](json&) {}))->kind(), "kept");
  refuse([](json& p) { p["kind"] = "lost"; }, "kind: 'lost', whose codec is not registered");
  refuse([](json& p) { p.erase("own"); }, "own: missing");
  refuse([](json& p) { p["own"]["version"] = 2; },
         "own.version: 2, expected 1, that of the registered codec");
  refuse([](json& p) { p["own"]["data"] = "text"; }, "own.data: string, expected a byte string");
  refuse([](json& p) { p["own"]["data"] = json::binary(Bytes{}); }, "favourite: no model");
  refuse([](json& p) { p["models"] = json::array(); }, "models: none, expected at least one");
  PolicyCodec odd = codec_of("wrong");
  odd.decode = [](PolicyInfo info, std::span<const std::uint8_t>) { return make_single(std::move(info), 0); };
  register_policy_codec(odd);
  EXPECT_TRIAGE_ERROR(decode_policy(changed("wrong", [](json&) {})), ErrorCode::kPolicy,
                      "own.data: a policy of kind 'single', expected one of kind 'wrong'");
  odd.kind = "nothing";
  odd.decode = [](PolicyInfo, std::span<const std::uint8_t>) { return nullptr; };
  register_policy_codec(odd);
  EXPECT_TRIAGE_ERROR(decode_policy(changed("nothing", [](json&) {})), ErrorCode::kPolicy,
                      "own.data: no policy, expected one of kind 'nothing'");
}

TEST(OwnCodec, AFileOfAnUnknownKindIsNotToBeTrainedAgain) {
  register_policy_codec(codec_of("seen"));
  const testing::TempFolder folder;
  const auto path = folder.path() / "own.triage";
  write_file_atomic(path, changed("seen", [](json& p) { p["kind"] = "unseen"; }));
  try {
    (void)load_policy(path);
    FAIL() << "loaded";
  } catch (const Error& error) {
    const std::string_view what(error.what());
    EXPECT_TRUE(what.starts_with("policy '" + path.string() + "': kind: 'unseen'")) << what;
    EXPECT_TRUE(what.ends_with("call triage::register_policy_codec before loading it")) << what;
  }
}

// Formats before 5 had the built-in kinds alone.
TEST(OwnCodec, OldFormatsHaveNone) {
  register_policy_codec(codec_of("new"));
  const auto golden =
      read_file(std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/policy/golden/single_v4.triage");
  const auto sealed = json::from_cbor(golden)["payload"].get_binary();
  json payload = json::from_cbor(static_cast<const Bytes&>(sealed));
  payload["kind"] = "new";
  EXPECT_TRIAGE_ERROR(decode_policy(seal_payload(json::to_cbor(payload), 4)), ErrorCode::kPolicy,
                      "kind: 'new', expected single, premodel, selector, cascade or adaptive");
}

}  // namespace
}  // namespace triage
