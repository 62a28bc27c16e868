#include "cli/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>

#include "cli/cli.h"
#include "triage/error.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

Input failing_input(const std::string& name, const Error& error) {
  return {.name = name, .label = kNoLabel, .load = [error]() -> Image { throw error; }};
}

Input file_input(const fs::path& path, const DecodeOptions& decode) {
  return {
      .name = path.string(), .label = kNoLabel, .load = [path, decode] { return read_image(path, decode); }};
}

void add_folder(const fs::path& folder, const DecodeOptions& decode, std::vector<Input>& inputs) {
  const ImageFiles found = find_image_files(folder);
  if (found.files.empty()) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: no image files{}, expected at least one; name files one by one when their "
                            "extensions are unusual",
                            folder.string(),
                            found.left_out.empty() ? "" : fmt::format(" (left out: {})", found.left_out)));
  }
  if (!found.left_out.empty()) warn(fmt::format("{}: left out: {}", folder.string(), found.left_out));
  for (const std::string& file : found.files) inputs.push_back(file_input(folder / file, decode));
}

bool looks_like_idx(const fs::path& path) {
  return !has_image_extension(path) &&
         (path.extension() == ".gz" || path.filename().string().find("idx") != std::string::npos);
}

void add_idx(const fs::path& path, const InputOptions& options, std::vector<Input>& inputs) {
  const std::shared_ptr<const Dataset> data =
      open_dataset({.data = {path}, .labels = {}, .range = options.range, .require_labels = false});
  for (std::size_t i = 0; i < data->size(); ++i) {
    inputs.push_back({.name = data->id(i),
                      .label = data->label(i),
                      .load = [data, i, decode = options.decode] { return data->load(i, decode); }});
  }
}

// One argument or line of stdin. Only a bad option fails the whole call.
void add_path(const std::string& name, const InputOptions& options, std::vector<Input>& inputs) {
  if (name.find('\0') != std::string::npos) {
    // The system would open the path up to the NUL, perhaps another file, and the message would end there
    // too.
    inputs.push_back(failing_input(
        name, Error(ErrorCode::kIo,
                    fmt::format("{}: holds a NUL, expected one path a line; list files with 'find', without "
                                "-print0",
                                printable(name)))));
    return;
  }
  const fs::path path = name;
  std::error_code ignored;
  try {
    if (fs::is_directory(path, ignored)) {
      add_folder(path, options.decode, inputs);
    } else if (looks_like_idx(path)) {
      add_idx(path, options, inputs);
    } else {
      inputs.push_back(file_input(path, options.decode));
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUsage) throw;
    inputs.push_back(failing_input(name, error));
  } catch (const fs::filesystem_error& error) {
    inputs.push_back(failing_input(
        name,
        Error(ErrorCode::kIo, fmt::format("{}: {}, expected a folder that can be read; check its permissions",
                                          name, error.code().message()))));
  }
}

}  // namespace

std::vector<Input> list_inputs(const std::vector<std::string>& arguments, const InputOptions& options) {
  const bool any_idx = std::any_of(arguments.begin(), arguments.end(), [](const std::string& name) {
    return name == "-" || looks_like_idx(name);
  });
  if (options.range && !any_idx) {
    throw Error(ErrorCode::kUsage, "--range: no IDX file among the inputs, expected one; leave --range out");
  }
  std::vector<Input> inputs;
  for (const std::string& argument : arguments) {
    if (argument != "-") {
      add_path(argument, options, inputs);
      continue;
    }
    for (std::string line; std::getline(std::cin, line);) {
      if (!line.empty()) add_path(line, options, inputs);
    }
  }
  return inputs;
}

std::unique_ptr<Dataset> open_at_most(DatasetOptions options, std::optional<std::size_t> limit) {
  auto data = open_dataset(options);
  if (!limit || *limit >= data->size()) return data;
  const std::size_t first = options.range ? options.range->first : 0;
  options.range = {first, first + *limit};
  return open_dataset(options);
}

std::pair<std::size_t, std::size_t> parse_range(const std::string& text) {
  const char* const end = text.data() + text.size();
  std::size_t first = 0;
  std::size_t last = 0;
  const auto a = std::from_chars(text.data(), end, first);
  if (a.ec == std::errc() && a.ptr != end && *a.ptr == ':') {
    const auto b = std::from_chars(a.ptr + 1, end, last);
    if (b.ec == std::errc() && b.ptr == end && first < last) return {first, last};
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("--range: '{}', expected first:last with first < last, such as 0:100", text));
}

}  // namespace triage::cli
