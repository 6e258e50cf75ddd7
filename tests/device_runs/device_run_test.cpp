// SPDX-License-Identifier: MIT
// Whole experiments on the GPU against the same ones on the CPU, as their user runs them. Where no GPU can be
// used they are SKIPPED; the preset cuda-emulated runs them on an emulated one.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

// Without its header; numbers and names alike as text.
std::vector<std::vector<std::string>> rows_of(const fs::path& csv) {
    std::istringstream lines(text_of(csv));
    std::vector<std::vector<std::string>> rows;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        rows.emplace_back();
        for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
    }
    return rows;
}

class DeviceRuns : public testing::Test {
 protected:
    void SetUp() override {
        const json devices = json::parse(call({"devices", "--json"}).out);
        const json& cuda = devices.at("cuda");
        if (!cuda.at("available").get<bool>()) GTEST_SKIP() << cuda.at("why").get<std::string>();
        gpu_ = cuda.at("gpus").at(0).at("name");
    }
    const std::string& gpu() const { return gpu_; }

 private:
    std::string gpu_;
};

// The demo experiment with few small clips and few filters, so that an emulated device takes seconds.
class TinyDemo {
 public:
    TinyDemo() {
        const Outcome made =
            study_({"demo-data", "demo", "--tracks", "6", "--clips", "2", "--quiet", "--threads", "2"});
        EXPECT_EQ(made.code, 0) << made.err;
        for (const auto& [from, to] :
             std::vector<std::pair<std::string, std::string>>{{"filters: 32", "filters: 4"},
                                                              {"filters: 64", "filters: 6"},
                                                              {"filters: 128", "filters: 8"},
                                                              {"units: 256", "units: 16"},
                                                              {"size: [48, 64]", "size: [16, 24]"},
                                                              {"n_mels: 128", "n_mels: 24"},
                                                              {"rate: 0.001", "rate: 0.01"},
                                                              {"batch_size: 64", "batch_size: 16"}}) {
            study_.edit("demo/experiment.yaml", from, to);
        }
    }
    Outcome run(const std::string& device, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{
            "run",   "demo/experiment.yaml", "--device", device,           "--out", device, "--set", "runs=2",
            "--set", "training.epochs=4",    "--set",    "parallel_runs=1"};
        words.insert(words.end(), more.begin(), more.end());
        return study_(words);
    }
    fs::path operator/(const std::string& name) const { return study_ / name; }

 private:
    TinyStudy study_;
};

void expect_same_curve(const fs::path& cpu, const fs::path& cuda) {
    const auto expected = rows_of(cpu);
    const auto actual = rows_of(cuda);
    ASSERT_EQ(expected.size(), 4U);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t epoch = 0; epoch < expected.size(); ++epoch) {
        for (const std::size_t column : {1U, 3U}) {  // loss, val_loss
            const double wanted = std::stod(expected[epoch].at(column));
            EXPECT_NEAR(std::stod(actual[epoch].at(column)), wanted, 1e-4 * wanted)
                << cuda << " epoch " << epoch + 1;
        }
    }
    EXPECT_NE(expected.front().at(1), expected.back().at(1)) << "nothing was trained";
}

void expect_same_predictions(const fs::path& cpu, const fs::path& cuda) {
    const auto expected = rows_of(cpu);
    const auto actual = rows_of(cuda);
    ASSERT_GT(expected.size(), 5U);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t clip = 0; clip < expected.size(); ++clip) {
        for (const std::size_t column : {0U, 1U, 2U}) {  // sample_id, label, predicted
            EXPECT_EQ(actual[clip].at(column), expected[clip].at(column)) << cuda << " clip " << clip;
        }
        ASSERT_EQ(actual[clip].size(), expected[clip].size());
        for (std::size_t column = 3; column < expected[clip].size(); ++column) {
            EXPECT_NEAR(std::stod(actual[clip][column]), std::stod(expected[clip][column]), 1e-4);
        }
    }
}

TEST_F(DeviceRuns, TheDemoGivesWhatTheCpuGives) {
    const TinyDemo demo;
    const Outcome cpu = demo.run("cpu");
    ASSERT_EQ(cpu.code, 0) << cpu.err;
    const Outcome cuda = demo.run("cuda");
    ASSERT_EQ(cuda.code, 0) << cuda.err;
    EXPECT_EQ(cuda.err, "");
    EXPECT_THAT(cuda.out, HasSubstr("test weighted F1"));

    for (const std::string run : {"runs/01/", "runs/02/"}) {
        expect_same_curve(demo / ("cpu/" + run + "history.csv"), demo / ("cuda/" + run + "history.csv"));
        for (const auto* part : {"predictions_val.csv", "predictions_test.csv"}) {
            expect_same_predictions(demo / ("cpu/" + run + part), demo / ("cuda/" + run + part));
        }
        EXPECT_GT(fs::file_size(demo / ("cuda/" + run + "model.safetensors")), 0U);
    }
    const auto f1 = [&](const std::string& device) {
        const json summary = json::parse(text_of(demo / (device + "/summary.json")));
        return summary.at("metrics").at("test.weighted_f1").at("values").get<std::vector<double>>();
    };
    EXPECT_EQ(f1("cuda"), f1("cpu"));
    EXPECT_THAT(text_of(demo / "cuda/report.html"), HasSubstr("</html>"));
    EXPECT_THAT(text_of(demo / "cuda/report.html"), HasSubstr(gpu()));

    const json environment = json::parse(text_of(demo / "cuda/environment.json"));
    EXPECT_EQ(environment.at("device"), "cuda");
    EXPECT_EQ(environment.at("gpu"), gpu());
    EXPECT_EQ(environment.at("math"), "fp32");
    EXPECT_FALSE(environment.at("implementations").empty());
}

// Three runs, two of them on the GPU at any time, over the same clips.
TEST_F(DeviceRuns, RunsAtTheSameTimeGiveTheBitsOfEachAlone) {
    const TinyStudy study;
    const auto run = [&](const std::string& out, const std::string& parallel, const std::string& runs) {
        const Outcome outcome = study({"run", "experiment.yaml", "--device", "cuda", "--out", out, "--set",
                                       "parallel_runs=" + parallel, "--set", "runs=" + runs});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_EQ(json::parse(text_of(study / (out + "/environment.json"))).at("parallel_runs"),
                  std::stoi(parallel));
    };
    run("one", "1", "3");
    run("two", "2", "3");
    run("alone", "1", "1");
    const auto expect_same = [&](const std::string& a, const std::string& b) {
        for (const auto* name : {"model.safetensors", "predictions_val.csv", "predictions_test.csv"}) {
            EXPECT_EQ(text_of(study / (a + name)), text_of(study / (b + name))) << a << name;
        }
        auto history = rows_of(study / (a + "history.csv"));
        auto other = rows_of(study / (b + "history.csv"));
        for (auto* rows : {&history, &other}) {
            for (auto& row : *rows) row.pop_back();  // the seconds
        }
        EXPECT_EQ(history, other);
    };
    for (const std::string number : {"01/", "02/", "03/"}) {
        expect_same("one/runs/" + number, "two/runs/" + number);
    }
    expect_same("alone/runs/01/", "two/runs/01/");
    EXPECT_NE(text_of(study / "two/runs/01/model.safetensors"),
              text_of(study / "two/runs/02/model.safetensors"));
}

TEST_F(DeviceRuns, CheckTriesTheGpu) {
    const TinyStudy study;
    const Outcome outcome = study({"check", "experiment.yaml", "--device", "cuda"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(gpu()));
    EXPECT_FALSE(fs::exists(study / "results"));
}

}  // namespace
}  // namespace kickdrum
