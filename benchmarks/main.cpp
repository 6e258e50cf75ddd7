// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include "benchmarks/support/bench.h"

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    // Before the first benchmark, so that the limits stand in the head of the report.
    kickdrum::shared_bench();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
