// SPDX-License-Identifier: MIT
#include "experiments/commands/program.h"

int main(int argc, char** argv) {
    kickdrum::prepare_standard_streams();
    return kickdrum::run_program({argv + 1, argv + argc});
}
