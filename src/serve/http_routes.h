// What the server's HTTP requests mean: docs/serve.md lists them, openapi.json describes them.
#pragma once

#include "http/http_message.h"
#include "serve/infer.h"

namespace triage {

// Answers any request. Safe concurrently; `context` outlives it.
class HttpRoutes {
 public:
  explicit HttpRoutes(ServerContext& context);
  // The connections that are open, for metrics.
  void set_connections(std::function<std::size_t()> connections) { connections_ = std::move(connections); }

  void handle(HttpRequest request, HttpRespond respond);

 private:
  struct Call;
  void try_to_route(Call& call);
  void route(Call& call);
  void route_model(Call& call);
  void route_feedback(Call& call);
  void infer_json(Call& call, std::string_view model, std::string_view version);
  void classify_picture(Call& call);
  void answer_repository(Call& call);
  void choose_lines(Call& call);
  [[nodiscard]] bool is_allowed(const HttpRequest& request) const;

  ServerContext* context_;
  std::function<std::size_t()> connections_ = [] { return std::size_t{0}; };
};

}  // namespace triage
