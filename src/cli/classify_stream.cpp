#include "cli/classify_stream.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/explain.h"
#include "cli/flags.h"
#include "triage/error.h"
#include "triage/tools/frames.h"
#include "triage/tools/report.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// "640x480". Throws kUsage.
Extent parse_extent(const std::string& text) {
  Extent size;
  const char* const end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width);
  if (width.ec == std::errc() && width.ptr != end && *width.ptr == 'x') {
    const auto height = std::from_chars(width.ptr + 1, end, size.height);
    if (height.ec == std::errc() && height.ptr == end && size.width > 0 && size.height > 0) return size;
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("--raw: '{}', expected WIDTHxHEIGHT in pixels, such as 640x480", text));
}

Colour parse_pixels(const std::string& text) {
  return text == "gray" ? Colour::kGray : text == "bgr" ? Colour::kBgr : Colour::kRgb;
}

// Waits for stdin a moment at a time: a signal that comes just before a read would not end it.
ReadBytes stdin_reader(const Session& session) {
  return [&session](std::span<std::uint8_t> bytes) {
    constexpr int kMomentMs = 200;
    for (;;) {
      throw_if_stopped(session, "classify");
      pollfd wait{STDIN_FILENO, POLLIN, 0};
      if (::poll(&wait, 1, kMomentMs) == 0) continue;
      const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno == EINTR || errno == EAGAIN) continue;
      throw Error(ErrorCode::kIo,
                  fmt::format("stdin: {}, expected frames; check what sends them", std::strerror(errno)));
    }
  };
}

std::unique_ptr<FrameReader> open_frames(const StreamArguments& arguments,
                                         const std::vector<std::string>& inputs, const Session& session) {
  if (inputs.size() != 1) {
    throw Error(ErrorCode::kUsage, fmt::format("--stream: {} inputs, expected one: a folder of frames, or - "
                                               "for stdin",
                                               inputs.size()));
  }
  const bool is_stdin = inputs.front() == "-";
  if (!is_stdin && !arguments.raw.empty()) {
    throw Error(ErrorCode::kUsage, fmt::format("--raw: with '{}', expected - for stdin; a folder's pictures "
                                               "say what they are",
                                               inputs.front()));
  }
  if (is_stdin) {
    if (arguments.raw.empty()) return mjpeg_frames(stdin_reader(session));
    return raw_frames(stdin_reader(session), {parse_extent(arguments.raw), parse_pixels(arguments.pixels)});
  }
  if (!fs::is_directory(inputs.front())) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--stream: '{}' is no folder, expected a folder of frames, or - for stdin; other "
                            "videos go through a decoder first, such as ffmpeg with -f mjpeg",
                            inputs.front()));
  }
  return folder_frames(inputs.front());
}

// What was asked for goes before what the policy learned.
std::optional<ReuseRule> reuse_rule(const StreamArguments& arguments, const PolicyInfo& info) {
  std::optional<ReuseRule> rule;
  if (info.reuse) rule = info.reuse->rule;
  if (arguments.reuse_limit) {
    if (!rule) rule.emplace();
    rule->limit = *arguments.reuse_limit;
  }
  if (arguments.max_age) {
    if (!rule) {
      throw Error(ErrorCode::kUsage,
                  "--max-age: the policy has learned no limit of reuse, expected one; learn "
                  "it with 'triage reuse', or state it by --reuse-limit");
    }
    rule->max_age = *arguments.max_age;
  }
  return rule;
}

StreamOptions stream_options(const StreamArguments& arguments, const StreamWanted& run,
                             const PolicyInfo& info) {
  StreamOptions options;
  if (run.mean_latency_ms) options.mean_latency_ms = *run.mean_latency_ms;
  options.reuse = reuse_rule(arguments, info);
  return options;
}

// Prints frame after frame, and counts them.
class FramePrinter {
 public:
  FramePrinter(const Classifier& classifier, const StreamWanted& run)
      : classifier_(&classifier), run_(&run) {}

  void print(const ShownResult& frame) {
    const Result& result = frame.result;
    if (!frame.remark.empty()) say("triage: {}\n", printable(frame.input + ": " + frame.remark));
    ++done_;
    if (!result.looks.empty()) ++ran_;
    if (result.reused) ++reused_;
    total_ms_ += result.total.ms;
    if (run_->json) {
      Json line = Json::parse(result_json(*classifier_, frame, run_->top, false));
      line["reused"] = result.reused;
      line["age"] = result.age;
      line["difference"] = result.frame_difference;  // NaN becomes null
      print_line(line);
    } else {
      print_frame(*classifier_, frame);
    }
    std::fflush(stdout);
  }
  void fail(const std::string& name, const std::string& message) {
    ++failed_;
    say("triage: {}\n", printable(message));
    if (run_->json) print_line({{"input", name}, {"error", message}});
  }
  // Returns whether every frame went well.
  bool finish(bool can_reuse) const {
    const double n = static_cast<double>(std::max<std::size_t>(done_, 1));
    const double ran_share = static_cast<double>(ran_) / n;
    if (run_->json) {
      print_line({{"summary",
                   {{"frames", done_},
                    {"ran", ran_},
                    {"reused", reused_},
                    {"failed", failed_},
                    {"mean_ms", total_ms_ / n}}}});
    } else if (done_ > 0) {
      fmt::print("{} frames, {} ran a network ({:.1f} %), {} ms each on average\n", done_, ran_,
                 100 * ran_share, format_figure(total_ms_ / n, 3));
      if (!can_reuse) {
        fmt::print("no answer was reused, as the policy has learned no limit for that; see 'triage reuse'\n");
      }
    }
    if (failed_ > 0) say("triage: {} of {} frames failed\n", failed_, done_ + failed_);
    return failed_ == 0;
  }

 private:
  static void print_line(const Json& line) {
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  const Classifier* classifier_;
  const StreamWanted* run_;
  std::size_t done_ = 0, ran_ = 0, reused_ = 0, failed_ = 0;
  double total_ms_ = 0;
};

// The next frame's answer; false at the end.
bool classify_next(const Classifier& classifier, FrameReader& frames, Stream& stream, const StreamWanted& run,
                   FramePrinter& printer, const Session& session) {
  try {
    const Stopwatch watch(classifier.runtime()->clock());
    const auto image = frames.next(classifier.decode_options());
    if (!image) return false;
    // Waiting for a camera is not decoding, but the two cannot be told apart here.
    const double decode_ms = watch.ms();
    Request request = run.request;
    if (run.mean_latency_ms) request.price = stream.request().price;
    if (run.inputs.front() != "-") request.spent_ms += decode_ms;
    printer.print({.input = frames.name(),
                   .label = kNoLabel,
                   .decode_ms = decode_ms,
                   .remark = image->remark,
                   .result = stream.classify(classifier, *image, request)});
  } catch (const Error& error) {
    if (!is_image_error(error.code()) && error.code() != ErrorCode::kIo) throw;
    printer.fail(frames.name(), with_flags(error.what(), *session.app));
  }
  return true;
}

}  // namespace

void add_stream_options(CLI::App& command, StreamArguments& a, const std::vector<CLI::Option*>& excluded) {
  auto* stream =
      command.add_flag("--stream", a.wanted,
                       "The input is a video: a folder of frames in the order of their names, or - "
                       "for frames on stdin; one line a frame");
  for (CLI::Option* option : excluded) stream->excludes(option);
  const auto add = [&](CLI::Option* option) {
    option->needs(stream)->group("With --stream");
    return option;
  };
  auto* raw = add(command.add_option(
      "--raw", a.raw, "Frames on stdin are raw pixels of this size; left out, JPEG images (MJPEG)"));
  raw->type_name("WxH");
  add(command.add_option("--pixels", a.pixels, "Of raw frames, 8 bits a channel: gray, rgb or bgr"))
      ->needs(raw)
      ->capture_default_str()
      ->check(CLI::IsMember({"gray", "rgb", "bgr"}));
  add(command.add_option("--reuse-limit", a.reuse_limit,
                         "A frame that differs by less from the last answered one takes its answer: mean "
                         "gray levels, 0 to 255; 0: none does; left out: as 'triage reuse' learned"))
      ->type_name("LEVELS");
  add(command.add_option("--max-age", a.max_age, "Most frames in a row that take one answer (default: 30)"))
      ->type_name("N");
}

void classify_stream(const Classifier& classifier, const StreamArguments& arguments, const StreamWanted& run,
                     Session& session) {
  const auto frames = open_frames(arguments, run.inputs, session);
  const StreamOptions options = stream_options(arguments, run, classifier.policy()->info());
  Stream stream(*classifier.policy(), options);
  classifier.warm_up_for(run.request);
  FramePrinter printer(classifier, run);
  try {
    while (!session.stop && classify_next(classifier, *frames, stream, run, printer, session)) {
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInterrupted) throw;
  }
  if (!printer.finish(options.reuse.has_value())) session.exit_code = kExitSomeFailed;
  throw_if_stopped(session, "classify");
}

}  // namespace triage::cli
