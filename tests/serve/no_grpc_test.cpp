// Of a build without gRPC.
#include <gtest/gtest.h>

#include "serve/served_fixture.h"
#include "support/expect_error.h"
#include "triage/tools/serve.h"

namespace triage {
namespace {

TEST(NoGrpc, IsSaidToWhoAsksForIt) {
  const testing::ServedFixture made;
  ServeOptions options;
  options.policy = made.policy("small");
  options.zoo = made.zoo;
  options.runtime.cache_dir = "";
  EXPECT_EQ(Server(options).grpc_port(), 0);
  options.listen.grpc_port = 0;
  EXPECT_TRIAGE_ERROR(Server(options), ErrorCode::kUsage, "TRIAGE_WITH_GRPC");
}

}  // namespace
}  // namespace triage
