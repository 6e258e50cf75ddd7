// SPDX-License-Identifier: MIT
// Pictures as clips: decoding, and resizing against OpenCV 5.0 (cv2.resize, INTER_LINEAR, of floats).
#include "experiments/data/picture.h"

#include <gmock/gmock.h>

#include <string>

#include "dsp/audio_file.h"
#include "experiments/data/png.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

// 7 x 5 pixels of three channels: 37 n mod 256.
Picture small_picture() {
    Picture picture{.width = 7, .height = 5, .rgb = {}};
    for (int n = 0; n < 7 * 5 * 3; ++n) picture.rgb.push_back(static_cast<std::uint8_t>(37 * n % 256));
    return picture;
}

// A gradient of 16 x 8 pixels as Pillow 13 writes it: quality 92, no subsampling.
std::string small_jpeg() {
    const std::string hex =
        "ffd8ffe000104a46494600010100000100010000ffdb00430003020202020203020202030303030406040404040408060605"
        "0609080a0a090809090a0c0f0c0a0b0e0b09090d110d0e0f101011100a0c12131210130f101010ffdb004301030303040304"
        "08040408100b090b101010101010101010101010101010101010101010101010101010101010101010101010101010101010"
        "1010101010101010ffc00011080008001003011100021101031101ffc4001f00000105010101010101000000000000000001"
        "02030405060708090a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114"
        "328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a53545556"
        "5758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5"
        "b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffc4001f010003"
        "0101010101010101010000000000000102030405060708090a0bffc400b51100020102040403040705040400010277000102"
        "031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35"
        "363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495"
        "969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9ea"
        "f2f3f4f5f6f7f8f9faffda000c03010002110311003f00f2ef0e7ecdff0077fd03ff001dafdab8a7c6df8bf79f89f9870578"
        "89f0fbe7a97873f66ffbbfe81ff8ed7f38714f8dbf17ef3f13fae382bc44f87df3ffd9";
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

std::string reason_against(std::string_view bytes) {
    try {
        decode_picture(bytes);
    } catch (const AudioError& error) {
        return error.what();
    }
    return "none";
}

void expect_near(std::span<const float> actual, const std::vector<double>& expected, double tolerance) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(static_cast<double>(actual[i]), expected[i], tolerance) << i;
}

TEST(Picture, IsResizedAsOpenCvDoes) {
    std::vector<float> colours(3 * 4 * 3);
    resize_picture(small_picture(), 3, 4, 3, colours);
    expect_near(colours, {0.174999997, 0.320098013, 0.465196013, 0.811273992, 0.077941000, 0.223039001,
                          0.694607973, 0.839706004, 0.106372997, 0.452450991, 0.597549021, 0.742646992,
                          0.233824000, 0.378921986, 0.524020016, 0.870097995, 0.136765003, 0.281863004,
                          0.753431022, 0.898528993, 0.165196002, 0.511274993, 0.656373024, 0.801470995,
                          0.292647004, 0.437745005, 0.582843006, 0.343300998, 0.195587993, 0.340685993,
                          0.812255025, 0.371731997, 0.224020004, 0.570097983, 0.715196013, 0.441992998},
                1e-5);
    std::vector<float> grey(8 * 3);
    resize_picture(small_picture(), 8, 3, 1, grey);
    expect_near(grey, {0.408450991, 0.420215994, 0.431980014, 0.423891991, 0.435656995, 0.447421998,
                       0.445951015, 0.457715988, 0.469480008, 0.468010008, 0.479775012, 0.491539001,
                       0.490069002, 0.501833022, 0.513598025, 0.512126982, 0.523891985, 0.535656989,
                       0.534186006, 0.545951009, 0.536257029, 0.549628019, 0.561392009, 0.535008013},
                1e-5);
}

TEST(Picture, IsReadFromPng) {
    const Picture picture = small_picture();
    const Picture again = decode_picture(encode_png(picture.rgb, picture.width, picture.height, 3));
    EXPECT_EQ(again.width, 7);
    EXPECT_EQ(again.height, 5);
    EXPECT_EQ(again.rgb, picture.rgb);
    const std::vector<std::uint8_t> levels{0, 100, 200, 255};
    const Picture grey = decode_picture(encode_png(levels, 2, 2, 1));
    EXPECT_THAT(grey.rgb, testing::ElementsAre(0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255));
}

TEST(Picture, IsReadFromJpeg) {
    const Picture picture = decode_picture(small_jpeg());
    ASSERT_EQ(picture.width, 16);
    ASSERT_EQ(picture.height, 8);
    const auto pixel = [&](int row, int column) {
        const auto at = picture.rgb.begin() + 3 * (row * 16 + column);
        return std::vector<int>(at, at + 3);
    };
    // As Pillow reads it; decoders may differ by a little.
    const auto near = [](int value) {
        return testing::AllOf(testing::Ge(value - 2), testing::Le(value + 2));
    };
    EXPECT_THAT(pixel(0, 0), testing::ElementsAre(near(0), near(1), near(252)));
    EXPECT_THAT(pixel(7, 15), testing::ElementsAre(near(239), near(210), near(18)));
    EXPECT_THAT(pixel(3, 8), testing::ElementsAre(near(127), near(90), near(142)));
}

TEST(Picture, SaysWhyItCantBeRead) {
    EXPECT_THAT(reason_against(""), HasSubstr("the file is empty"));
    EXPECT_THAT(reason_against("GIF89a"), HasSubstr("neither a PNG nor a JPEG"));
    const std::string png = encode_png(small_picture().rgb, 7, 5, 3);
    EXPECT_THAT(reason_against(png.substr(0, png.size() / 2)), HasSubstr("the PNG file can't be read"));
    EXPECT_THAT(reason_against(small_jpeg().substr(0, 200)), HasSubstr("the JPEG file can't be read"));
    // A header that promises 2^31 - 1 rows.
    std::string huge = png;
    huge.replace(16, 8, std::string("\x7f\xff\xff\xff\x7f\xff\xff\xff", 8));
    EXPECT_NE(reason_against(huge), "none");
}

}  // namespace
}  // namespace kickdrum
