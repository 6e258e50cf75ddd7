// SPDX-License-Identifier: MIT
// What is used of libsvm (BSD licence), as the header of version 3.24 declares it. Of a model only the members
// that every version 3 has in these places.
#pragma once

#include "experiments/baselines/shared_library.h"

namespace kickdrum::libsvm {

constexpr int kCSvc = 0;         // C_SVC
constexpr int kPrecomputed = 4;  // PRECOMPUTED

struct Node {
    int index;
    double value;
};

struct Problem {
    int l;
    double* y;
    Node** x;
};

struct Parameter {
    int svm_type;
    int kernel_type;
    int degree;
    double gamma;
    double coef0;
    double cache_size;
    double eps;
    double c;
    int nr_weight;
    int* weight_label;
    double* weight;
    double nu;
    double p;
    int shrinking;
    int probability;
};

struct Model {
    Parameter param;
    int nr_class;
    int l;
    Node** sv;
    double** sv_coef;
    double* rho;
};

struct Library {
    Library();  // throws UserError (exit code 4) where it isn't there

    SharedLibrary library;
    const int* version;
    Model* (*train)(const Problem* problem, const Parameter* parameter);
    const char* (*check)(const Problem* problem, const Parameter* parameter);
    void (*support_rows)(const Model* model, int* indices);  // counted from 1
    void (*free)(Model** model);
    void (*print_with)(void (*print)(const char* text));
};

}  // namespace kickdrum::libsvm
