// SPDX-License-Identifier: MIT
#include <cstdio>

int main() {
    std::fputs("kickdrum: no command is built in yet\n", stderr);
    return 2;
}
