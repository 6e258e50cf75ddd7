# SPDX-License-Identifier: MIT
"""scripts/cuda_mutants.py finds each kind of place in a small source, and nothing else."""

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from cuda_mutants import find_mutants, mutants_of, planted  # noqa: E402

SOURCE = """\
// a[0] < b  __syncthreads();
template <int V>
__global__ void kernel(const float (&in)[V], float* out, int n) {
    KICKDRUM_SHARED(float, shared, V < 4 ? 4 : V);
    static_assert(V < 32);
    float sums[2] = {};
    const float* const from = out + n;
    for (int i = 0; i < n; ++i) sums[0] += in[i];  // in[0]
    __syncthreads();
    if (n >= 4) atomicMax(out + 1, __ldg(from));
    if constexpr (V > 1) [&](int k) { return k; }(1);
}
void host(float* x) {
    x[0] = 1 < 2;
    check(cudaStreamWaitEvent(stream(x), event, 0), "a[0]");
}
"""


class CudaMutantsTest(unittest.TestCase):
    def test_finds_every_place_once(self):
        found = [(m.place.kind, m.line, m.occurrence) for m in mutants_of("x.cu", SOURCE)]
        self.assertEqual(found, [("index", 7, 0), ("bound", 8, 0), ("index", 8, 0), ("index", 8, 1), ("barrier", 9, 0),
                                 ("bound", 10, 0), ("atomic", 10, 0), ("index", 10, 0), ("stream", 15, 0)])

    def test_plants_all_behind_switches(self):
        lines = planted(SOURCE, mutants_of("x.cu", SOURCE, 20)).splitlines()
        on = "::kickdrum_mutation::on"
        self.assertEqual(lines[6].strip(), f"const float* const from = {on}(20) + out + n;")
        self.assertEqual(lines[7].strip(),
                         f"for (int i = 0; i < {on}(21) + n; ++i) sums[{on}(22) + 0] += in[{on}(23) + i];  // in[0]")
        self.assertEqual(lines[8].strip(), f"if (!{on}(24)) __syncthreads();")
        self.assertEqual(lines[9].strip(),
                         f"if (n >= {on}(25) + 4) if (!{on}(26)) atomicMax(out + 1, __ldg({on}(27) + from));")
        self.assertIn(f"check(({on}(28) ? cudaSuccess : cudaStreamWaitEvent(stream(x), event, 0)), ", lines[14])
        unchanged = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 15)
        self.assertEqual([lines[i] for i in unchanged], [SOURCE.splitlines()[i] for i in unchanged])

    def test_keys_outlive_edits_elsewhere(self):
        before = {mutant.key() for mutant in mutants_of("x.cu", SOURCE)}
        after = {mutant.key() for mutant in mutants_of("x.cu", "// another line\n" + SOURCE)}
        self.assertEqual(before, after)

    def test_keys_of_the_sources_differ(self):
        mutants = find_mutants(ROOT)
        self.assertEqual(len({mutant.key() for mutant in mutants}), len(mutants))
        self.assertEqual({mutant.place.kind for mutant in mutants}, {"atomic", "barrier", "bound", "index", "stream"})


if __name__ == "__main__":
    unittest.main()
