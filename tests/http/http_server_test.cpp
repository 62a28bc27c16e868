// The HTTP server alone: what it takes, what it refuses, and how connections end.
#include "http/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/multipart.h"
#include "http/raw_client.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
using testing::RawClient;
using testing::RawResponse;

void echo(const HttpRequest& request, const HttpRespond& respond) {
  if (request.path == "/throws") throw std::runtime_error("inside");
  HttpResponse response{.content_type = "text/plain", .body = request.method + " " + request.path};
  if (!request.query.empty()) response.body += "?" + request.query_value("q");
  if (!request.body.empty()) response.body += " " + request.body;
  respond(std::move(response));
}

HttpServer make(HttpLimits limits = {}, HttpHandler handler = echo) {
  return HttpServer({.limits = limits}, std::move(handler));
}

TEST(HttpServer, AnswersOneRequestAfterAnother) {
  HttpServer server = make();
  RawClient client(server.port());
  EXPECT_EQ(client.get("/a%20b?q=1%2B1").body, "GET /a b?1+1");
  const RawResponse second = client.post("/c", "body");
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, "POST /c body");
  EXPECT_NE(second.head.find("Content-Type: text/plain"), std::string::npos);
  EXPECT_EQ(server.counts().accepted, 1U);
}

TEST(HttpServer, AnswersRequestsThatCameTogether) {
  HttpServer server = make();
  RawClient client(server.port());
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive().body, "GET /1");
  EXPECT_EQ(client.receive().body, "GET /2");
}

TEST(HttpServer, HeadHasTheLengthAndNoBody) {
  HttpServer server = make();
  RawClient client(server.port());
  client.send("HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(1ms);
  const RawResponse whole = client.receive();
  EXPECT_NE(whole.head.find("Content-Length: 7\r\n"), std::string::npos);
}

TEST(HttpServer, RefusesWhatIsNoRequest) {
  HttpServer server = make();
  for (const char* bytes : {"\x16\x03\x01\x02\x00\x01\x00\x01", "NONSENSE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}) {
    RawClient client(server.port());
    client.send(bytes);
    client.send("\r\n\r\n");
    EXPECT_EQ(client.receive().status, 400) << bytes;
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_EQ(server.counts().malformed, 5U);
}

// Of which two servers in a row may take different parts for a request.
TEST(HttpServer, RefusesWhatMayBeReadInTwoWays) {
  HttpServer server = make();
  const std::string chunks = "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const std::string fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding : chunked\r\n",
        "Host: other\r\n"}) {
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\n" + fields + chunks);
    EXPECT_EQ(client.receive().status, 400) << fields;
    EXPECT_TRUE(client.is_ended()) << fields;
  }
  RawClient old(server.port());
  old.send("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + chunks);
  EXPECT_EQ(old.receive().status, 400);
  EXPECT_EQ(RawClient(server.port()).ask("GET / HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(RawClient(server.port()).ask("GET / HTTP/1.0\r\n\r\n").status, 200);
}

// They count for no body.
TEST(HttpServer, RefusesEndlessLinesOfChunksAndTrailers) {
  HttpServer server = make();
  for (const char* begin : {"2;", "0\r\nA: "}) {
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(begin);
    client.send(std::string(1'000'000, 'x'));
    EXPECT_GE(client.receive().status, 400) << begin;
  }
}

TEST(HttpServer, RefusesWhatIsTooLargeTogether) {
  HttpServer server = make({.body_bytes = 100'000, .bodies_bytes = 150'000, .body_time = 10s});
  const std::string half(90'000, 'x');
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";
  RawClient first(server.port()), second(server.port());
  first.send(head + half);
  while (server.counts().body_bytes < half.size()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(RawClient(server.port()).post("/", half).status, 503);
  EXPECT_EQ(first.ask(std::string(10'000, 'x')).status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(second.post("/", half).status, 200);
  while (server.counts().body_bytes > 0) std::this_thread::sleep_for(1ms);  // none is counted for ever
}

TEST(HttpServer, RefusesWhatIsTooLarge) {
  HttpServer server = make({.body_bytes = 10, .header_bytes = 200});
  EXPECT_EQ(RawClient(server.port()).post("/", "12345678901").status, 413);
  EXPECT_EQ(RawClient(server.port()).post("/", "1234567890").status, 200);
  EXPECT_EQ(RawClient(server.port()).get("/", "X: " + std::string(300, 'x') + "\r\n").status, 431);
  // Told before it is sent.
  EXPECT_EQ(RawClient(server.port())
                .ask("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
                .status,
            413);
}

TEST(HttpServer, ContinuesWhenAsked) {
  HttpServer server = make();
  RawClient client(server.port());
  EXPECT_EQ(
      client.ask("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").status,
      100);
  EXPECT_EQ(client.ask("ok").body, "POST /x ok");
}

TEST(HttpServer, TakesChunks) {
  HttpServer server = make();
  RawClient client(server.port());
  EXPECT_EQ(client
                .ask("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                     "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
                .body,
            "POST /x abc");
}

TEST(HttpServer, EndsSlowRequests) {
  HttpServer server = make({.header_time = 50ms, .body_time = 50ms, .idle_time = 10s});
  RawClient header(server.port());
  header.send("GET / HT");
  EXPECT_TRUE(header.is_ended());
  RawClient body(server.port());
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_TRUE(body.is_ended());
}

TEST(HttpServer, EndsIdleConnections) {
  HttpServer server = make({.idle_time = 50ms});
  RawClient client(server.port());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_TRUE(client.is_ended());
}

TEST(HttpServer, TurnsAwayWhoHasTooManyConnections) {
  HttpServer server = make({.connections_of_client = 2});
  RawClient first(server.port()), second(server.port());
  EXPECT_EQ(first.get("/").status, 200);
  EXPECT_EQ(second.get("/").status, 200);
  RawClient third(server.port());
  EXPECT_TRUE(third.is_ended());
  EXPECT_EQ(server.counts().turned_away, 1U);
  EXPECT_EQ(first.get("/").status, 200);
}

TEST(HttpServer, AHandlerThatThrowsIsStatus500) {
  HttpServer server = make();
  RawClient client(server.port());
  const RawResponse response = client.get("/throws");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("inside"), std::string::npos);
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(HttpServer, AClientThatVanishesHarmsNobody) {
  std::mutex mutex;
  std::vector<HttpRespond> kept;
  HttpServer server = make({}, [&](const HttpRequest& request, const HttpRespond& respond) {
    if (request.path != "/later") return echo(request, respond);
    const std::lock_guard lock(mutex);
    kept.push_back(respond);
  });
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    client.send(i % 2 == 0 ? "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
                           : "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhalf");
  }
  while (true) {
    const std::lock_guard lock(mutex);
    if (kept.size() == 10) break;
  }
  std::atomic<int> ends{0};
  for (const HttpRespond& respond : kept) {
    HttpResponse response{.body = std::string(100'000, 'x')};
    response.on_sent = [&](bool) { ++ends; };
    respond(std::move(response));
    respond({.body = "again"});  // does nothing
  }
  kept.clear();
  while (ends < 10) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(RawClient(server.port()).get("/").status, 200);
}

TEST(HttpServer, DrainsWhatIsUnderWay) {
  std::mutex mutex;
  HttpRespond kept;
  HttpServer server = make({}, [&](const HttpRequest&, HttpRespond respond) {
    const std::lock_guard lock(mutex);
    kept = std::move(respond);
  });
  RawClient idle(server.port()), busy(server.port());
  busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  while (true) {
    const std::lock_guard lock(mutex);
    if (kept) break;
  }
  EXPECT_FALSE(server.drain(50ms));
  EXPECT_TRUE(idle.is_ended());
  std::thread later([&] { kept({.body = "done"}); });
  const RawResponse response = busy.receive();
  EXPECT_EQ(response.body, "done");
  EXPECT_NE(response.head.find("Connection: close"), std::string::npos);
  later.join();
  kept = nullptr;
  busy.close();
  EXPECT_TRUE(server.drain(10s));
  EXPECT_FALSE(RawClient(server.port()).connected());
}

// Nothing reads or writes then: the server's threads must not take that for the end.
TEST(HttpServer, DrainsARequestThatIsWithTheHandlerAlone) {
  std::mutex mutex;
  HttpRespond kept;
  HttpServer server = make({}, [&](const HttpRequest&, HttpRespond respond) {
    const std::lock_guard lock(mutex);
    kept = std::move(respond);
  });
  RawClient busy(server.port());
  busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  while (true) {
    const std::lock_guard lock(mutex);
    if (kept) break;
  }
  EXPECT_FALSE(server.drain(100ms));
  std::exchange(kept, nullptr)({.body = "done"});
  EXPECT_EQ(busy.receive().body, "done");
}

// A client may send a request just when the end begins: it gets its response, and is told that it was the
// last.
TEST(HttpServer, AnswersRequestsOnTheirWayAtTheEnd) {
  HttpServer server = make({.last_call = 10s});
  RawClient kept_alive(server.port()), fresh(server.port());
  EXPECT_EQ(kept_alive.get("/").status, 200);
  std::thread ends([&] { EXPECT_TRUE(server.drain(20s)); });
  while (RawClient(server.port()).connected()) std::this_thread::sleep_for(1ms);
  for (RawClient* client : {&kept_alive, &fresh}) {
    const RawResponse response = client->get("/");
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(response.head.find("Connection: close"), std::string::npos);
    client->close();
  }
  ends.join();
}

TEST(HttpServer, SaysWhereItCannotListen) {
  HttpServer server = make();
  EXPECT_TRIAGE_ERROR(HttpServer({.port = server.port()}, echo), ErrorCode::kIo, "127.0.0.1",
                      std::to_string(server.port()));
  EXPECT_TRIAGE_ERROR(HttpServer({.address = "nowhere"}, echo), ErrorCode::kIo, "nowhere");
  HttpOptions tls;
  tls.tls = std::make_unique<TlsFiles>(TlsFiles{"/none/cert.pem", "/none/key.pem"});
  EXPECT_TRIAGE_ERROR(HttpServer(std::move(tls), echo), ErrorCode::kIo, "/none/cert.pem");
}

TEST(Multipart, GivesTheFirstFile) {
  const std::string type = "multipart/form-data; boundary=XX";
  EXPECT_TRUE(is_multipart(type));
  EXPECT_FALSE(is_multipart("image/jpeg"));
  EXPECT_EQ(first_file(
                "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--XX\r\nContent-Disposition: "
                "form-data; name=\"f\"; filename=\"x\"\r\n\r\n\r\nfi\r\nle\r\n--XX--\r\n",
                type),
            "\r\nfi\r\nle");
  EXPECT_EQ(first_file("--XX\r\nA: b\r\n\r\nv\r\n--XX--\r\n", type), "v");
  for (const char* broken : {"", "--XX", "--XX--", "--XX\r\n\r\n", "--XX\r\nA: b\r\n\r\nnever ends"}) {
    EXPECT_EQ(first_file(broken, type), "") << broken;
  }
  EXPECT_EQ(first_file("--XX\r\nA: b\r\n\r\nv\r\n--XX--\r\n", "multipart/form-data"), "");
}

TEST(HttpMessage, DecodesPercent) {
  EXPECT_EQ(percent_decoded("a%2fb%zz%4"), "a/b%zz%4");
  HttpRequest request;
  request.query = "a=1&b&c=x%20y";
  EXPECT_EQ(request.query_value("c"), "x y");
  EXPECT_EQ(request.query_value("b"), "");
  EXPECT_EQ(request.query_value("d"), "");
}

}  // namespace
}  // namespace triage
