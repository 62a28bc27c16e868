// Reads PyTorch state dicts in the format used before version 1.6 (`.pth` files that are not zip files),
// without PyTorch and without running anything that is in them.
//
// Such a file is five pickles - a magic number, the protocol version, the machine that wrote it, the state
// dict, the storages' keys - and then each storage: its length as 64 bits, and its raw elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

struct WeightTensor {
  std::vector<std::int64_t> shape;
  std::span<const float> values;  // row-major; owned by the StateDict
};

class StateDict {
 public:
  StateDict() = default;
  StateDict(StateDict&&) = default;  // tensors point into the storages, which do not move with their vector
  StateDict& operator=(StateDict&&) = default;
  StateDict(const StateDict&) = delete;
  StateDict& operator=(const StateDict&) = delete;

  // Throws kModel, naming the tensor, when it is missing or of another shape.
  [[nodiscard]] const WeightTensor& get(std::string_view name, std::span<const std::int64_t> shape) const;
  [[nodiscard]] const std::map<std::string, WeightTensor, std::less<>>& tensors() const { return tensors_; }

 private:
  friend StateDict read_pth(std::span<const std::uint8_t> bytes, std::string_view name);
  std::string name_;
  std::map<std::string, std::vector<float>> storages_;
  std::vector<std::vector<float>> reordered_;  // tensors whose storage is in another order
  std::map<std::string, WeightTensor, std::less<>> tensors_;
};

// All float tensors of the file; integer ones (counters of training steps) are checked and left out. `name`
// stands for the file in messages. Throws kModel for anything but a well-formed file of that format.
[[nodiscard]] StateDict read_pth(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace triage
