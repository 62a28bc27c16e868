// Uses the server's library: a policy that is not there is an Error, with its code.
#include <triage/error.h>
#include <triage/tools/serve.h>

#include <iostream>

int main() {
  try {
    triage::ServeOptions options;
    options.policy = "absent.triage";
    options.listen.grpc_port = 0;
    return triage::Server(options).http_port() == 0 ? 3 : 4;
  } catch (const triage::Error& error) {
    std::cout << error.what() << '\n';
    return error.code() == triage::ErrorCode::kIo ? 0 : 1;
  }
}
