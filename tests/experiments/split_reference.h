// SPDX-License-Identifier: MIT
// What scikit-learn's StratifiedGroupKFold makes of the made-up clips of split_test.cpp. Written by
// scripts/make_split_reference.py.
#pragma once

#include <array>
#include <cstdint>

#include "experiments/data/group_kfold.h"

namespace kickdrum {

struct FoldReference {
    int clips;
    int groups;
    int classes;
    int pure;  // of 10 clips, how many have the class of their group
    int folds;
    std::uint32_t seed;
    GroupShuffle shuffle;
    int first_fold;      // its clips
    std::uint32_t hash;  // FNV-1a of the folds as letters
};

inline constexpr auto kFoldReferences = std::to_array<FoldReference>({
    // scikit-learn 1.6.1, NumPy 2.4.6
    {60, 12, 3, 10, 3, 0U, GroupShuffle::counts_only, 23, 0xecc0363aU},
    {60, 12, 3, 10, 3, 42U, GroupShuffle::counts_only, 20, 0x44556863U},
    {60, 12, 3, 10, 3, 4294967295U, GroupShuffle::counts_only, 24, 0xed1317f8U},
    {300, 40, 5, 8, 3, 0U, GroupShuffle::counts_only, 102, 0xd059ec54U},
    {300, 40, 5, 8, 3, 42U, GroupShuffle::counts_only, 82, 0x354d7285U},
    {300, 40, 5, 8, 3, 4294967295U, GroupShuffle::counts_only, 93, 0x50add002U},
    {300, 40, 5, 10, 2, 0U, GroupShuffle::counts_only, 145, 0x1d745632U},
    {300, 40, 5, 10, 2, 42U, GroupShuffle::counts_only, 149, 0xb2d5a044U},
    {300, 40, 5, 10, 2, 4294967295U, GroupShuffle::counts_only, 156, 0xcac0ec55U},
    {240, 120, 4, 10, 3, 0U, GroupShuffle::counts_only, 82, 0x9f9a8073U},
    {240, 120, 4, 10, 3, 42U, GroupShuffle::counts_only, 81, 0xc5dfb14dU},
    {240, 120, 4, 10, 3, 4294967295U, GroupShuffle::counts_only, 86, 0xbf2004a5U},
    {900, 130, 10, 7, 5, 0U, GroupShuffle::counts_only, 178, 0x45db71d4U},
    {900, 130, 10, 7, 5, 42U, GroupShuffle::counts_only, 182, 0x16a8a68cU},
    {900, 130, 10, 7, 5, 4294967295U, GroupShuffle::counts_only, 193, 0xe0167c63U},
    {1200, 90, 17, 9, 12, 0U, GroupShuffle::counts_only, 106, 0x818eacf9U},
    {1200, 90, 17, 9, 12, 42U, GroupShuffle::counts_only, 104, 0x1799b642U},
    {1200, 90, 17, 9, 12, 4294967295U, GroupShuffle::counts_only, 82, 0x5897f5a8U},
    {1500, 60, 150, 5, 4, 0U, GroupShuffle::counts_only, 347, 0x8810b88fU},
    {1500, 60, 150, 5, 4, 42U, GroupShuffle::counts_only, 339, 0xd23a2338U},
    {1500, 60, 150, 5, 4, 4294967295U, GroupShuffle::counts_only, 368, 0x24a370e2U},
    {200, 30, 1, 10, 9, 0U, GroupShuffle::counts_only, 17, 0xce5fec1aU},
    {200, 30, 1, 10, 9, 42U, GroupShuffle::counts_only, 31, 0xba9f9e36U},
    {200, 30, 1, 10, 9, 4294967295U, GroupShuffle::counts_only, 33, 0x5781f2deU},
    // scikit-learn 1.9.1, NumPy 2.4.6
    {60, 12, 3, 10, 3, 0U, GroupShuffle::with_their_group, 19, 0x2a6514eaU},
    {60, 12, 3, 10, 3, 42U, GroupShuffle::with_their_group, 19, 0xb0eb31daU},
    {60, 12, 3, 10, 3, 4294967295U, GroupShuffle::with_their_group, 19, 0x2a6514eaU},
    {300, 40, 5, 8, 3, 0U, GroupShuffle::with_their_group, 104, 0x8b424b9dU},
    {300, 40, 5, 8, 3, 42U, GroupShuffle::with_their_group, 96, 0xf97bea8eU},
    {300, 40, 5, 8, 3, 4294967295U, GroupShuffle::with_their_group, 102, 0x8c282fb0U},
    {300, 40, 5, 10, 2, 0U, GroupShuffle::with_their_group, 150, 0x93eb4955U},
    {300, 40, 5, 10, 2, 42U, GroupShuffle::with_their_group, 150, 0x63984655U},
    {300, 40, 5, 10, 2, 4294967295U, GroupShuffle::with_their_group, 150, 0x897cb8c5U},
    {240, 120, 4, 10, 3, 0U, GroupShuffle::with_their_group, 80, 0xca42ee75U},
    {240, 120, 4, 10, 3, 42U, GroupShuffle::with_their_group, 80, 0x6bde0df3U},
    {240, 120, 4, 10, 3, 4294967295U, GroupShuffle::with_their_group, 80, 0xdb740e3fU},
    {900, 130, 10, 7, 5, 0U, GroupShuffle::with_their_group, 181, 0xcfa2de19U},
    {900, 130, 10, 7, 5, 42U, GroupShuffle::with_their_group, 181, 0xc9a17a8aU},
    {900, 130, 10, 7, 5, 4294967295U, GroupShuffle::with_their_group, 179, 0x1d286b67U},
    {1200, 90, 17, 9, 12, 0U, GroupShuffle::with_their_group, 105, 0xd279158bU},
    {1200, 90, 17, 9, 12, 42U, GroupShuffle::with_their_group, 93, 0xa31a56baU},
    {1200, 90, 17, 9, 12, 4294967295U, GroupShuffle::with_their_group, 88, 0x23e54bf9U},
    {1500, 60, 150, 5, 4, 0U, GroupShuffle::with_their_group, 348, 0xf7c8899cU},
    {1500, 60, 150, 5, 4, 42U, GroupShuffle::with_their_group, 348, 0x4fbf97c6U},
    {1500, 60, 150, 5, 4, 4294967295U, GroupShuffle::with_their_group, 348, 0x4fbf97c6U},
    {200, 30, 1, 10, 9, 0U, GroupShuffle::with_their_group, 20, 0xdc0a5620U},
    {200, 30, 1, 10, 9, 42U, GroupShuffle::with_their_group, 25, 0xb6b3ca8bU},
    {200, 30, 1, 10, 9, 4294967295U, GroupShuffle::with_their_group, 24, 0x003e7931U},
});

}  // namespace kickdrum
