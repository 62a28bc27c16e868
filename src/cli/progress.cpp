// What long commands say on stderr while they work: progress, warnings, durations and sizes in words.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cli/cli.h"
#include "triage/clock.h"

namespace triage::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr std::size_t kRoomForBar = 70;               // columns besides the verb phrase that a bar needs
constexpr std::int64_t kTerminalGapNs = 100'000'000;  // a terminal is redrawn ten times a second at most
constexpr std::int64_t kPlainGapNs = 10'000'000'000;  // a log gets a line every ten seconds

// 0 where it is not known.
std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string format_bar(double share) {
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarWidth);
  return std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(kBarWidth - full), '.');
}

}  // namespace

Progress::Progress(std::string what, std::size_t total, std::size_t done)
    : what_(std::move(what)),
      total_(total),
      start_done_(done),
      last_done_(done),
      start_ns_(steady_clock().now_ns()),
      last_draw_ns_(start_ns_),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (last_done_ == start_done_) return;  // nothing happened, and nothing has been drawn
  draw(last_done_, {});
  if (terminal_) say("\n");
}

void Progress::update(std::size_t done, std::string_view note) {
  last_done_ = done;
  const std::int64_t now = steady_clock().now_ns();
  if (now - last_draw_ns_ < (terminal_ ? kTerminalGapNs : kPlainGapNs)) return;
  last_draw_ns_ = now;
  draw(done, note);
}

void Progress::draw(std::size_t done, std::string_view note) {
  const double seconds = static_cast<double>(steady_clock().now_ns() - start_ns_) * 1e-9;
  const double rate = seconds > 0 ? static_cast<double>(done - std::min(done, start_done_)) / seconds : 0;
  std::string line = fmt::format("{} {}", what_, done);
  if (total_ > 0) line += fmt::format(" of {}", total_);
  const bool wide = terminal_columns() == 0 || terminal_columns() > what_.size() + kRoomForBar;
  if (terminal_ && total_ > 0 && wide) {
    line = fmt::format("{} [{}] {} of {}", what_,
                       format_bar(static_cast<double>(done) / static_cast<double>(total_)), done, total_);
  }
  if (rate > 0 && total_ > 0) {
    line += ", " + format_speed(rate);
    line += done >= total_ ? ", took " + format_duration(seconds)
                           : ", " + format_duration(static_cast<double>(total_ - done) / rate) + " left";
  }
  if (!note.empty()) line += fmt::format(", {}", note);
  if (terminal_) line = std::string(fit_line(line, terminal_columns()));
  // "\r" to the line's start and "\x1b[K" to clear what a longer line before left over.
  if (terminal_) {
    say("\r{}\x1b[K", line);
    std::fflush(stderr);
  } else {
    say("{}\n", line);
  }
}

std::string_view fit_line(std::string_view line, std::size_t columns) {
  if (columns == 0) return line;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(line[i]) & 0xC0U) == 0x80U;  // UTF-8
    if (!continues && ++characters >= columns) return line.substr(0, i);
  }
  return line;
}

void say_text(std::string_view text) { (void)!std::fwrite(text.data(), 1, text.size(), stderr); }

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

void warn(std::string_view text) { say("triage: warning: {}\n", printable(text)); }

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || !std::isfinite(seconds)) return "unknown";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const double whole = std::round(seconds);
  if (whole < 60) return fmt::format("{:.0f} s", whole);
  if (whole < 3600) return fmt::format("{:.0f} min {:.0f} s", std::floor(whole / 60), std::fmod(whole, 60));
  const double minutes = std::round(seconds / 60);
  if (minutes < 24 * 60) {
    return fmt::format("{:.0f} h {:.0f} min", std::floor(minutes / 60), std::fmod(minutes, 60));
  }
  const double hours = std::round(seconds / 3600);
  return fmt::format("{:.0f} d {:.0f} h", std::floor(hours / 24), std::fmod(hours, 24));
}

std::string format_speed(double per_second) {
  if (per_second >= 9999.5) {
    const double unit = std::pow(10.0, std::floor(std::log10(per_second)) - 3);
    return fmt::format("{:.0f}/s", std::round(per_second / unit) * unit);
  }
  if (per_second >= 100) return fmt::format("{:.0f}/s", per_second);
  if (per_second >= 1) return fmt::format("{:.1f}/s", per_second);
  return fmt::format("{:.1f}/min", per_second * 60);
}

std::string format_bytes(double bytes) {
  if (!(bytes >= 0) || !std::isfinite(bytes)) return "unknown";
  if (bytes < 999.5) return fmt::format("{:.0f} B", bytes);
  for (const char* unit : {"kB", "MB", "GB", "TB"}) {
    bytes /= 1000;
    if (bytes < 9.95) return fmt::format("{:.1f} {}", bytes, unit);
    if (bytes < 999.5) return fmt::format("{:.0f} {}", bytes, unit);
  }
  return fmt::format("{:.0f} TB", bytes);
}

std::string format_points(const Estimate& share) {
  return fmt::format("{:+.2f} [{:+.2f}, {:+.2f}]", 100 * share.value, 100 * share.interval.low,
                     100 * share.interval.high);
}

}  // namespace triage::cli
