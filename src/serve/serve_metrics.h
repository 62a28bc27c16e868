// What a server counts: for Prometheus, and for the protocol's statistics.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/infer_queue.h"

namespace triage {

// Of one model since the server began, as the statistics extension counts.
struct ModelStatistics {
  std::uint64_t requests = 0, failed = 0, inputs = 0, batches = 0;
  std::uint64_t request_ns = 0, failed_ns = 0, queue_ns = 0, input_ns = 0, infer_ns = 0;
  std::int64_t last_ms = 0;  // of the epoch
};

// What is read when metrics are asked for.
struct ServerGauges {
  std::size_t connections = 0, waiting = 0, networks = 0, network_bytes = 0;
};

// Safe concurrently.
class ServeMetrics {
 public:
  ServeMetrics();
  ~ServeMetrics();
  ServeMetrics(const ServeMetrics&) = delete;
  ServeMetrics& operator=(const ServeMetrics&) = delete;

  // Of every request: `protocol` is "http" or "grpc", `route` one of a few names, `status` its HTTP status.
  void count_request(std::string_view protocol, std::string_view route, int status, double seconds);
  void count_refusal(InferRefusal::Reason reason);
  // A finished job that has results or an error.
  void count_job(const InferJob& job, double ms);
  // A policy that is served from now on under this name, or that was refused.
  void count_load(std::string_view name, std::string_view version, std::string_view kind);
  void count_failed_load();
  void count_lost_log_line();
  // What was told of inputs, by its status; inputs that could not be kept; inputs that every model ran on, or
  // did not for want of room; and alarms that are on, by kind.
  void count_feedback(std::string_view status, std::size_t items);
  void count_lost_feedback(std::size_t inputs);
  void count_explored(std::size_t inputs, bool is_done);
  void set_alarms(const std::vector<std::string>& kinds);

  [[nodiscard]] ModelStatistics statistics(const std::string& model) const;
  // In Prometheus' text format.
  [[nodiscard]] std::string text(const ServerGauges& gauges);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
