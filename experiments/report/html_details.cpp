// SPDX-License-Identifier: MIT
// Each run by itself, and everything else that is folded away.
#include <fmt/format.h>

#include "experiments/report/findings.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"
#include "experiments/runs/result_text.h"

namespace kickdrum::html {
namespace {

double total_seconds(const RunResult& run) {
    const auto it = run.seconds.find("total");
    return it == run.seconds.end() ? 0 : it->second;
}

std::string runs_table(const Page& page) {
    std::string rows =
        "<thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Test F1</th><th scope=\"col\">Test "
        "accuracy</th>"
        "<th scope=\"col\">Val F1</th><th scope=\"col\">Val loss</th><th scope=\"col\">Epochs</th>"
        "<th scope=\"col\">Best epoch</th><th scope=\"col\" class=\"text\">Ended by</th>"
        "<th scope=\"col\">Seconds</th><th scope=\"col\">Seed</th></tr></thead>\n<tbody>\n";
    for (const auto& run : page.results.runs) {
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
            "<td class=\"text\">{}</td><td>{}</td><td class=\"id\">{}</td></tr>\n",
            run.run, score(run.test.scores.weighted_f1), score(run.test.scores.accuracy),
            score(run.val.scores.weighted_f1), score(run.val.loss), run.history.size(), run.best_epoch,
            run.stopped_early     ? "early stopping"
            : run.history.empty() ? "–"
                                  : "last epoch",
            decimals(total_seconds(run), 1), run.seed);
    }
    return table("F1 is the weighted F1.", rows + "</tbody>\n");
}

std::string history_table(const std::vector<EpochRecord>& history, int best_epoch) {
    std::string rows =
        "<thead><tr><th scope=\"col\">Epoch</th><th scope=\"col\">Loss</th><th scope=\"col\">Accuracy</th>"
        "<th scope=\"col\">Val loss</th><th scope=\"col\">Val accuracy</th><th scope=\"col\">Val F1</th>"
        "<th scope=\"col\">Learning rate</th><th scope=\"col\">Seconds</th></tr></thead>\n<tbody>\n";
    for (const auto& r : history) {
        rows += fmt::format(
            "<tr{}><th "
            "scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3g}</"
            "td><td>{}</td></tr>\n",
            r.epoch == best_epoch ? " class=\"main\"" : "", r.epoch, score(r.loss), score(r.accuracy),
            score(r.val_loss), score(r.val_accuracy), score(r.val_weighted_f1), r.learning_rate,
            decimals(r.seconds, 1));
    }
    return table("Bold: the epoch whose weights were kept.", rows + "</tbody>\n");
}

std::string environment_table(const Environment& environment) {
    std::string rows = "<tbody>\n";
    const auto add = [&](std::string_view name, const std::string& value) {
        if (value.empty()) return;
        rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td></tr>\n", escaped(name),
                            escaped(value));
    };
    add("Kickdrum",
        environment.version + (environment.git_commit.empty() ? "" : ", commit " + environment.git_commit));
    add("Compiler",
        environment.compiler + (environment.build_type.empty() ? "" : ", " + environment.build_type));
    add("Device", environment.device);
    add("GPU", environment.gpu);
    add("GPU driver", environment.driver);
    add("Arithmetic", environment.math);
    add("Processor", environment.cpu);
    add("Instructions", environment.simd);
    if (environment.threads > 0)
        add("Threads", fmt::format("{} of {} processors", environment.threads, environment.processors));
    if (environment.parallel_runs > 1)
        add("Runs at the same time", std::to_string(environment.parallel_runs));
    if (environment.memory_gib > 0) add("Memory", fmt::format("{:.1f} GiB", environment.memory_gib));
    add("System", environment.os);
    for (const auto& [name, version] : environment.libraries) add(name, version);
    for (const auto& [name, implementation] : environment.implementations) add(name, implementation);
    return table("Where this ran, with what, and which implementation each operation chose.",
                 rows + "</tbody>\n");
}

std::string method_notes(const Page& page) {
    const std::size_t runs = page.results.runs.size();
    std::string items;
    const auto add = [&](const std::string& sentence) { items += "<li>" + sentence + "</li>\n"; };
    add("F1 of a class is 2·hits / (2·hits + false alarms + misses). The weighted F1 is the mean over "
        "classes, weighted by "
        "their clips; the macro F1 weighs all classes alike. A score whose denominator is 0 counts as 0.");
    if (page.results.study.sets) {
        add("A clip may have several classes, and each is a question of its own: it counts as present from a "
            "probability on that was chosen for the best F1 of the class on the validation part, run by run. "
            "So "
            "the validation scores are a little too good. The F1 of clips is the mean over clips of "
            "2·hits / (true + predicted classes), the micro F1 that ratio over all clips at once; the "
            "accuracy "
            "counts clips whose classes are all right. In the learning curves a class is present from 1/2 "
            "on.");
    }
    add("Losses are mean cross-entropies of the predictions, without class weights.");
    add(fmt::format(
        "Mean, sd (n − 1), minimum and maximum are over {} training runs. Runs differ in their random "
        "streams alone: initial weights, order of the clips, dropout{}.",
        runs, page.results.study.split_seeds.size() > 1 ? ", and here also in the split" : ""));
    add("The 95 % interval of the mean is mean ± t(0.975, n − 1)·sd/√n, Student's t. It answers where the "
        "mean of many "
        "such runs would lie, on these clips. It knows no bounds: of two or three runs that differ much it "
        "may "
        "pass 0 or 1.");
    if (const auto& test_set = page.test_set) {
        add(
            fmt::format("The interval from the size of the test part is a bootstrap over whole groups: {} "
                        "times {} groups "
                        "are drawn with replacement and the weighted F1, {}, is computed anew; the interval "
                        "runs from its "
                        "2.5 % to its 97.5 % point. It answers where the score would lie on other tracks.",
                        test_set->resamples, test_set->groups,
                        test_set->per_run ? "for every run on its own test part" : "mean over the runs"));
    }
    add("Expected calibration error: predictions are sorted by confidence, the probability of the predicted "
        "class, into ten bins of equal width; the error of a run is the mean over its predictions of "
        "|share right − mean confidence| of their bin.");
    add("The weights of the best epoch by the monitored quantity are kept; the test part has no say in "
        "that.");
    return "<ul class=\"method\">\n" + items + "</ul>\n";
}

}  // namespace

std::string runs_section(const Page& page) {
    if (page.results.runs.empty()) return {};
    std::string text = runs_table(page);
    for (const auto& run : page.results.runs) {
        text +=
            folded(fmt::format("Run {} <span>test {}, val {}; matrices, reports and curves</span>", run.run,
                               score(run.test.scores.weighted_f1), score(run.val.scores.weighted_f1)),
                   run_scores(page, run) + learning_curves(page, run.run) +
                       history_table(run.history, run.best_epoch));
    }
    return text;
}

std::string details_section(const Page& page) {
    std::string text = folded("What each number is <span>methods, with their n</span>", method_notes(page));
    if (!page.results.resolved_yaml.empty()) {
        text += folded("Experiment <span>every setting, defaults filled in</span>",
                       fmt::format("<pre>{}</pre>\n", escaped(page.results.resolved_yaml)));
    }
    return text + folded("Environment <span>versions, device, implementations</span>",
                         environment_table(page.results.environment));
}

}  // namespace kickdrum::html
