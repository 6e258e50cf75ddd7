// SPDX-License-Identifier: MIT
// kickdrum convert: a model from one format to another, read back and compared before it's called done.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/files.h"
#include "experiments/models/model_comparison.h"
#include "experiments/models/model_file.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr int kProbeClips = 8;
// What two formats of the same numbers may differ by; they usually don't differ at all.
constexpr double kTolerance = 1e-5;

struct ConvertOptions {
    CommonOptions common;
    std::string model;
    std::string to;
};

fs::path target_of(const ConvertOptions& options) {
    if (!options.common.out.empty()) return options.common.out;
    return fs::path(options.model).replace_extension(options.to);
}

std::string bytes_of(const ModelFile& model, const std::string& format) {
    if (format == "h5") return to_keras_h5(model);
    return format == "onnx" ? to_onnx(model) : to_safetensors(model);
}

ExitCode convert(const ConvertOptions& options) {
    require_argument("convert", "a model file", !options.model.empty());
    require_argument("convert", "--to, the format to write", !options.to.empty());
    const fs::path target = target_of(options);
    std::error_code error;
    if (fs::exists(target, error) && !options.common.force) {
        throw UserError(ExitCode::usage,
                        fmt::format("'{}' is there already; name another file with --out, or replace it with "
                                    "--force",
                                    target.string()));
    }
    const ModelFile model = read_model(options.model);
    std::string bytes;
    std::optional<double> difference;  // none of what Kickdrum doesn't read
    try {
        bytes = bytes_of(model, options.to);
        if (options.to != "onnx") difference = largest_difference(model, model_of_bytes(bytes), kProbeClips);
    } catch (const InvalidArgument& refused) {
        throw UserError(ExitCode::data, {{.message = refused.what(), .file = options.model}});
    }
    if (difference && !(*difference <= kTolerance)) {
        throw UserError(ExitCode::failed,
                        fmt::format("the converted model gives probabilities that differ by {:.3g}; nothing "
                                    "was written",
                                    *difference));
    }
    write_file_atomically(target, bytes);
    if (options.common.json) {
        nlohmann::ordered_json json{
            {"file", target.string()}, {"format", options.to}, {"bytes", bytes.size()}};
        if (difference) json["largest_difference"] = *difference;
        print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
    } else {
        std::string text = fmt::format("{}: {} bytes", target.string(), bytes.size());
        if (difference) {
            text += fmt::format("; on {} random inputs its probabilities differ by at most {:.3g}",
                                kProbeClips, *difference);
        }
        print(text + '\n');
    }
    return ExitCode::done;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<ConvertOptions>();
    add_argument(app, "MODEL", options->model, "A .safetensors, .h5 or .keras file");
    add_choice_option(app, "--to", options->to, {"h5", "safetensors", "onnx"}, "The format to write");
    add_out_option(app, options->common, "FILE", "Write there (default: beside MODEL, by its name)");
    add_force_option(app, options->common, "Replace a file that is there");
    add_json_option(app, options->common, "Print one JSON document");
    return [options](const std::string&) { return convert(*options); };
}

}  // namespace

Command convert_command() {
    return {.name = "convert",
            .summary = "Convert a model to another format",
            .arguments = "MODEL --to h5|safetensors|onnx",
            .description =
                "Writes a model in another format: h5 is Keras', of 2 and of 3; onnx (opset 17) is for\n"
                "ONNX Runtime and others. What was written is read back, but for onnx, and both are\n"
                "compared on random inputs before the file is kept.",
            .example = "  kickdrum convert results/demo/runs/01/model.safetensors --to h5",
            .declare = declare};
}

}  // namespace kickdrum
