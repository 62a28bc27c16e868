// The frames of a stream, one after the other: a folder in the order of its names, JPEG images that follow
// each other (MJPEG), or raw pixels. What bytes come from is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "triage/image.h"

namespace triage {

// Fills some of the bytes, waiting for at least one; returns how many, 0 at the end. May throw, which ends
// the frames.
using ReadBytes = std::function<std::size_t(std::span<std::uint8_t>)>;

// Holds one frame at a time. Not safe concurrently.
class FrameReader {
 public:
  virtual ~FrameReader() = default;
  // The next frame; nothing at the end. Throws for a frame that cannot be had: as read_image and
  // decode_image, after which the next call gives the one behind it, or nothing where there is no way to find
  // that.
  [[nodiscard]] virtual std::optional<Image> next(const DecodeOptions& options) = 0;
  // Of the frame of the last next(), for people and in its messages: its file, or "frame 1", "frame 2", ...
  [[nodiscard]] virtual std::string name() const = 0;
};

// Of the folder's image files and those of its sub-folders, sorted by their paths. Throws kData where there
// are none, kIo for a folder that cannot be read.
[[nodiscard]] std::unique_ptr<FrameReader> folder_frames(const std::filesystem::path& folder);

// Each JPEG image is cut out by its own markers, so one may hold another (a preview). Between two there may
// be up to 64 KB of something else, such as the headers of an HTTP stream. An image that ends early is an
// error (kImageDamaged) of its own; so is a stream without any (kImageFormat).
[[nodiscard]] std::unique_ptr<FrameReader> mjpeg_frames(ReadBytes read);

struct RawFormat {
  Extent size;
  Colour colour = Colour::kRgb;
};
// Frames of 8 bits a channel, interleaved, row-major, without padding or anything between them. Throws kUsage
// for a size below 1 x 1. A last frame that is not whole is an error (kImageDamaged), and so is a stream
// without any.
[[nodiscard]] std::unique_ptr<FrameReader> raw_frames(ReadBytes read, const RawFormat& format);

}  // namespace triage
