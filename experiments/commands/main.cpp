// SPDX-License-Identifier: MIT
#include "experiments/commands/program.h"
#include "kernels/device/host_memory.h"

int main(int argc, char** argv) {
    kickdrum::keep_freed_memory();
    kickdrum::prepare_standard_streams();
    return kickdrum::run_program({argv + 1, argv + argc});
}
