// For builds without gRPC.
#include "serve/grpc_server.h"
#include "triage/error.h"

namespace triage {

struct GrpcServer::State {};

GrpcServer::GrpcServer(ServerContext&) {
  throw Error(ErrorCode::kUsage,
              "grpc_port: this build has no gRPC, expected none; build with -DTRIAGE_WITH_GRPC=ON");
}

GrpcServer::~GrpcServer() = default;

std::uint16_t GrpcServer::port() const { return 0; }

bool GrpcServer::drain(std::chrono::milliseconds) { return true; }

void GrpcServer::stop() {}

}  // namespace triage
