#include "serve/grpc_server.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

#include "base/files.h"
#include "serve/grpc_service.h"
#include "triage/error.h"

namespace triage {
namespace {

using SystemClock = std::chrono::system_clock;

// That answers have to reach clients, and clients to close their connections, when there is nothing more to
// wait for.
constexpr std::chrono::milliseconds kLastWrites{200};

int as_int(std::chrono::milliseconds time) {
  return static_cast<int>(std::clamp<std::int64_t>(time.count(), 1, std::numeric_limits<int>::max()));
}

int as_int(std::size_t count) {
  return static_cast<int>(std::min<std::size_t>(count, std::numeric_limits<int>::max()));
}

// gRPC writes what clients do wrong to standard error, which is not ours to write to. Who wants to see it
// sets gRPC's own variables.
void keep_grpc_quiet() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr || std::getenv("GRPC_TRACE") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
}

void set_limits(const ServeLimits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(as_int(limits.body_bytes));
  // A small message may unpack to one of any size.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  constexpr int kStreams = 256;    // calls at once of a connection; clients keep back what is more
  constexpr int kPingMs = 10'000;  // clients that ping more often are sent away
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, as_int(limits.header_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, as_int(limits.idle_time));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, as_int(limits.receive_time / 3));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingMs);
  // Connections whose other end is gone are found out.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, as_int(limits.idle_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, as_int(limits.receive_time));
}

std::shared_ptr<grpc::ServerCredentials> credentials_of(const ServeAddress& listen) {
  if (listen.tls_certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({read_text(listen.tls_key), read_text(listen.tls_certificate)});
  return grpc::SslServerCredentials(tls);
}

}  // namespace

struct GrpcServer::State {
  explicit State(ServerContext& context) : service(context) {
    keep_grpc_quiet();
    const ServeAddress& listen = context.options->listen;
    const bool is_v6 = listen.address.find(':') != std::string::npos;
    const std::string host = is_v6 ? "[" + listen.address + "]" : listen.address;
    grpc::ServerBuilder builder;
    set_limits(context.options->limits, builder);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or two servers would share a port
    builder.AddListeningPort(fmt::format("{}:{}", host, listen.grpc_port.value_or(0)), credentials_of(listen),
                             &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    if (server == nullptr || port == 0) {
      throw Error(
          ErrorCode::kIo,
          fmt::format("{} port {}: gRPC cannot listen there, expected an address of this machine and a port "
                      "that nobody else uses, and PEM files that belong together; name others",
                      listen.address, listen.grpc_port.value_or(0)));
    }
  }

  // Ready when there are neither calls nor connections any more; calls are cancelled after `grace`. The first
  // one decides about that.
  std::shared_future<void> shut_down(std::chrono::milliseconds grace) {
    const std::lock_guard lock(mutex);
    if (!closed.valid()) {
      const auto deadline = SystemClock::now() + grace + kLastWrites;
      closed = std::async(std::launch::async, [this, deadline] { server->Shutdown(deadline); }).share();
    }
    return closed;
  }

  GrpcService service;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
  std::mutex mutex;
  std::shared_future<void> closed;  // guarded by mutex
};

GrpcServer::GrpcServer(ServerContext& context) : state_(std::make_unique<State>(context)) {}

GrpcServer::~GrpcServer() { stop(); }

std::uint16_t GrpcServer::port() const { return static_cast<std::uint16_t>(state_->port); }

bool GrpcServer::drain(std::chrono::milliseconds grace) {
  state_->service.end_streams();
  const auto closed = state_->shut_down(grace);
  return closed.wait_for(grace) == std::future_status::ready || state_->service.is_idle();
}

void GrpcServer::stop() {
  state_->service.stop();
  state_->shut_down(std::chrono::milliseconds(0)).wait();
}

}  // namespace triage
