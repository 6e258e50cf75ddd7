// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

// libsndfile 1.2 doesn't free what libvorbis allocated for the header of an Ogg file that it then refuses.
extern "C" const char* __lsan_default_suppressions();  // the leak sanitizer calls it
extern "C" const char* __lsan_default_suppressions() {
    return "leak:vorbis_info_init\n";
}

int main(int argc, char** argv) {
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
