#include "serve/grpc_stream.h"

#include <exception>
#include <string>
#include <utility>

#include "serve/grpc_messages.h"

namespace triage {

GrpcStream::GrpcStream(ServerContext& server, grpc::CallbackServerContext& context, GrpcGate& gate,
                       Events events)
    : server_(&server), context_(&context), gate_(&gate), events_(std::move(events)) {}

void GrpcStream::begin() {
  if (!brings_token(*context_, server_->options->listen.tokens)) {
    return finish(status_of({401, "this server wants a bearer token"}));
  }
  const std::lock_guard lock(mutex_);
  reads_ = true;
  StartRead(&request_);
}

void GrpcStream::end(const InferFailure& failure) { finish(status_of(failure)); }

void GrpcStream::end_behind_next() {
  bool is_idle = false;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    is_idle = reads_;
  }
  if (is_idle) finish(status_of(ending_failure()));
}

void GrpcStream::finish(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(finished_, true)) return;
  Finish(status);
}

void GrpcStream::OnReadDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    reads_ = false;
  }
  if (!ok) return finish(grpc::Status::OK);  // the client has no more
  if (!gate_->pass([this] { ask(); })) finish(status_of(ending_failure()));
}

void GrpcStream::ask() {
  Caller caller = caller_of(*context_, *server_->clock);
  const std::string id = request_.id();
  try {
    InferRequest asked = take_request(request_);
    cap_by_deadline(asked.parameters, context_->deadline());
    caller.request_id = request_id_of(asked, caller.request_id);
    infer(*server_, request_.model_name(), request_.model_version(), std::move(asked), caller,
          [self = shared_from_this(), caller, id](const InferRequest&, const InferResponse& answer,
                                                  const InferFailure* failure) {
            if (failure != nullptr) return self->fail(caller, id, *failure);
            self->answer(caller, 200, [&] {
              auto& message = *self->response_.mutable_infer_response();
              write_response(answer, message);
              // What clients that may get several answers for a request wait for.
              (*message.mutable_parameters())[std::string("triton_final_response")].set_bool_param(true);
            });
          });
  } catch (const std::exception&) {
    fail(caller, id, failure_of(std::current_exception()));
  }
}

void GrpcStream::fail(const Caller& caller, const std::string& id, const InferFailure& failure) {
  answer(caller, failure.status, [&] {
    response_.set_error_message(failure.message);
    response_.mutable_infer_response()->set_id(id);
  });
}

void GrpcStream::answer(const Caller& caller, int status, const std::function<void()>& fill) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  events_.answered(caller, status);
  fill();
  StartWrite(&response_);
}

void GrpcStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  if (!ok || ending_) {
    finished_ = true;
    return Finish(ok ? status_of(ending_failure()) : grpc::Status::OK);
  }
  response_.Clear();
  reads_ = true;
  StartRead(&request_);  // which clears it
}

}  // namespace triage
