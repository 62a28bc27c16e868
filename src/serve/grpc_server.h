// The protocol over gRPC: connections, limits and their end. What calls mean is grpc_service.h's business.
// Without TRIAGE_WITH_GRPC there is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "serve/infer.h"

namespace triage {

// Listens from its construction on, where the context's options say. Safe concurrently.
class GrpcServer {
 public:
  // Throws kIo where it cannot listen, and for TLS files that cannot be read; kUsage without gRPC.
  // `context` outlives it.
  explicit GrpcServer(ServerContext& context);
  // Ends at once, as stop() does.
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // Takes no more calls. Returns once those under way are answered, or `grace` is over: whether all were.
  bool drain(std::chrono::milliseconds grace);
  // Ends the calls under way: nothing of it uses the context any more, and answers go nowhere.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
