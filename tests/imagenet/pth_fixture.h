// Makes small .pth files of the old PyTorch format, well-formed and otherwise.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/error.h"

namespace triage::testing {

struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// Pickle opcodes as text.
inline std::string text_op(std::string_view text) {
  return "X" + raw(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
inline std::string int_op(std::int64_t value) { return "J" + raw(static_cast<std::int32_t>(value)); }
inline std::string tuple_op(std::span<const std::int64_t> values) {
  std::string ops = "(";
  for (const std::int64_t value : values) ops += int_op(value);
  return ops + "t";
}
inline std::string pickle(const std::string& ops) { return "\x80\x02" + ops + "."; }

// The three pickles in front of the state dict.
inline std::string pth_header() {
  return pickle("\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19") + pickle(int_op(1001)) +
         pickle("}" + text_op("little_endian") + "\x88s");
}

// What a persistent storage is called: type "FloatStorage" and the like.
inline std::string storage_op(std::string_view type, std::string_view key, std::int64_t size) {
  return "(" + text_op("storage") + "ctorch\n" + std::string(type) + "\n" + text_op(key) + text_op("cpu") +
         int_op(size) + "NtQ";
}

inline std::string tensor_op(const std::string& storage, std::int64_t offset,
                             std::span<const std::int64_t> shape, std::span<const std::int64_t> strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + int_op(offset) + tuple_op(shape) +
         tuple_op(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

inline std::vector<std::int64_t> row_major(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Keys and storages behind the state dict, keys "0", "1" ...
inline std::string pth_storages(std::span<const std::vector<float>> storages) {
  std::string keys = "](";
  std::string data;
  for (std::size_t i = 0; i < storages.size(); ++i) {
    keys += text_op(std::to_string(i));
    data += raw(static_cast<std::uint64_t>(storages[i].size()));
    data.append(reinterpret_cast<const char*>(storages[i].data()), storages[i].size() * sizeof(float));
  }
  return pickle(keys + "e") + data;
}

inline std::string make_pth(std::span<const NamedTensor> tensors) {
  std::string dict = "ccollections\nOrderedDict\n)R(";
  std::vector<std::vector<float>> storages;
  for (const NamedTensor& tensor : tensors) {
    const std::string storage = storage_op("FloatStorage", std::to_string(storages.size()),
                                           static_cast<std::int64_t>(tensor.values.size()));
    dict += text_op(tensor.name) + tensor_op(storage, 0, tensor.shape, row_major(tensor.shape));
    storages.push_back(tensor.values);
  }
  return pth_header() + pickle(dict + "u") + pth_storages(storages);
}

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The message of the Error that `action` throws with this code; else what went wrong.
template <class Action>
std::string message_of(ErrorCode code, Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() == code ? error.what() : std::string("another code: ") + error.what();
  }
  return "no error";
}

inline ::testing::AssertionResult has(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << text << "' lacks '" << part << "'";
}

}  // namespace triage::testing

#define EXPECT_HAS(text, part) EXPECT_TRUE(::triage::testing::has(text, part))
