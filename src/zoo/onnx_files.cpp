#include "zoo/onnx_files.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>

#include "base/files.h"
#include "triage/error.h"

namespace triage {
namespace {

// Field numbers of onnx.proto.
enum Field : std::uint64_t {
  kModelGraph = 7,
  kModelFunctions = 25,
  kFunctionNode = 7,
  kGraphNode = 1,
  kGraphInitializer = 5,
  kGraphSparse = 15,
  kSparseValues = 1,
  kSparseIndices = 2,
  kNodeAttribute = 5,
  kAttributeTensor = 5,
  kAttributeGraph = 6,
  kAttributeTensors = 10,
  kAttributeGraphs = 11,
  kAttributeSparse = 22,
  kAttributeSparses = 23,
  kTensorExternal = 13,
  kEntryKey = 1,
  kEntryValue = 2,
};
enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr int kMaxDepth = 32;                  // of graphs inside nodes; networks have two or three
constexpr std::uint64_t kMaxTextBytes = 4096;  // of a file's name

// Protocol buffers in a file, read where they are asked for.
class OnnxReader {
 public:
  explicit OnnxReader(const std::filesystem::path& path) : path_(&path), in_(path, std::ios::binary) {
    if (!in_)
      throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened, expected a model file", path.string()));
    in_.seekg(0, std::ios::end);
    size_ = static_cast<std::uint64_t>(in_.tellg());
  }

  [[nodiscard]] std::set<std::string> locations() {
    bool has_graph = false;
    for_fields(0, size_, [&](std::uint64_t field, std::uint64_t at, std::uint64_t end) {
      has_graph = has_graph || field == kModelGraph;
      if (field == kModelGraph) read_graph(at, end, 0);
      if (field == kModelFunctions) read_nodes(at, end, kFunctionNode, 0);
    });
    if (!has_graph) throw no_model();
    return std::move(locations_);
  }

 private:
  [[nodiscard]] Error no_model() const {
    return {
        ErrorCode::kModel,
        fmt::format("{}: is no ONNX model, or is damaged, expected one; export it anew", path_->string())};
  }

  std::uint8_t byte(std::uint64_t at) {
    if (at >= size_) throw no_model();
    if (at < start_ || at >= start_ + n_) {
      start_ = at;
      in_.clear();
      in_.seekg(static_cast<std::streamoff>(at));
      in_.read(reinterpret_cast<char*>(window_.data()), static_cast<std::streamsize>(window_.size()));
      n_ = static_cast<std::uint64_t>(in_.gcount());
      if (n_ == 0) throw no_model();
    }
    return window_[at - start_];
  }

  std::uint64_t varint(std::uint64_t& at) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte(at++);
      value |= std::uint64_t{next & 0x7FU} << shift;
      if ((next & 0x80U) == 0) return value;
    }
    throw no_model();
  }

  // Calls `take(field, at, end)` for every field of bytes in [at, end) of the file.
  template <class Take>
  void for_fields(std::uint64_t at, std::uint64_t end, const Take& take) {
    while (at < end) {
      const std::uint64_t key = varint(at);
      switch (key & 7) {
        case kVarint:
          (void)varint(at);
          break;
        case kFixed64:
          at += 8;
          break;
        case kFixed32:
          at += 4;
          break;
        case kBytes: {
          const std::uint64_t n = varint(at);
          if (n > end - std::min(at, end)) throw no_model();
          take(key >> 3, at, at + n);
          at += n;
          break;
        }
        default:
          throw no_model();
      }
    }
    if (at != end) throw no_model();
  }

  void read_nodes(std::uint64_t at, std::uint64_t end, std::uint64_t node_field, int depth) {
    for_fields(at, end, [&](std::uint64_t field, std::uint64_t from, std::uint64_t to) {
      if (field != node_field) return;
      for_fields(from, to, [&](std::uint64_t of_node, std::uint64_t a, std::uint64_t b) {
        if (of_node == kNodeAttribute) read_attribute(a, b, depth);
      });
    });
  }

  void read_attribute(std::uint64_t at, std::uint64_t end, int depth) {
    for_fields(at, end, [&](std::uint64_t field, std::uint64_t from, std::uint64_t to) {
      if (field == kAttributeTensor || field == kAttributeTensors) read_tensor(from, to);
      if (field == kAttributeSparse || field == kAttributeSparses) read_sparse(from, to);
      if (field == kAttributeGraph || field == kAttributeGraphs) read_graph(from, to, depth + 1);
    });
  }

  void read_graph(std::uint64_t at, std::uint64_t end, int depth) {
    if (depth > kMaxDepth) throw no_model();
    for_fields(at, end, [&](std::uint64_t field, std::uint64_t from, std::uint64_t to) {
      if (field == kGraphInitializer) read_tensor(from, to);
      if (field == kGraphSparse) read_sparse(from, to);
    });
    read_nodes(at, end, kGraphNode, depth);
  }

  void read_sparse(std::uint64_t at, std::uint64_t end) {
    for_fields(at, end, [&](std::uint64_t field, std::uint64_t from, std::uint64_t to) {
      if (field == kSparseValues || field == kSparseIndices) read_tensor(from, to);
    });
  }

  void read_tensor(std::uint64_t at, std::uint64_t end) {
    for_fields(at, end, [&](std::uint64_t field, std::uint64_t from, std::uint64_t to) {
      if (field != kTensorExternal) return;
      std::string key, value;
      for_fields(from, to, [&](std::uint64_t part, std::uint64_t a, std::uint64_t b) {
        if (part == kEntryKey) key = text(a, b);
        if (part == kEntryValue) value = text(a, b);
      });
      if (key == "location") locations_.insert(value);
    });
  }

  std::string text(std::uint64_t at, std::uint64_t end) {
    if (end - at > kMaxTextBytes) throw no_model();
    std::string out;
    for (; at < end; ++at) out += static_cast<char>(byte(at));
    return out;
  }

  const std::filesystem::path* path_;
  std::ifstream in_;
  std::uint64_t size_ = 0;
  std::array<std::uint8_t, 4096> window_{};  // what was read last: bytes [start_, start_ + n_)
  std::uint64_t start_ = 0, n_ = 0;
  std::set<std::string> locations_;
};

}  // namespace

std::vector<std::filesystem::path> onnx_data_files(const std::filesystem::path& model) {
  std::vector<std::filesystem::path> files;
  for (const std::string& location : OnnxReader(model).locations()) {
    const std::filesystem::path file = std::filesystem::path(location).lexically_normal();
    if (location.empty() || file.is_absolute() || *file.begin() == ".." ||
        location.find('\0') != std::string::npos) {
      throw Error(
          ErrorCode::kIo,
          fmt::format("{}: keeps weights in '{}', expected a file in its own folder or below; export it anew",
                      model.string(), location));
    }
    files.push_back(model.parent_path() / file);
  }
  return files;
}

}  // namespace triage
