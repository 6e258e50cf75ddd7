// SPDX-License-Identifier: MIT
#include "experiments/runs/leak_json.h"

#include <nlohmann/json.hpp>

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json to_json(const LeakCheck& leaks) {
    Json json{{"clips", leaks.clips},
              {"pairs", Json::array()},
              {"pairs_in_one_part", leaks.pairs_together},
              {"columns", Json::array()}};
    for (const auto& pair : leaks.pairs) {
        json["pairs"].push_back({{"kind", pair.same_file ? "same_file" : "same_audio"},
                                 {"first", pair.first},
                                 {"first_group", pair.first_group},
                                 {"first_part", pair.first_part},
                                 {"second", pair.second},
                                 {"second_group", pair.second_group},
                                 {"second_part", pair.second_part},
                                 {"split_seed", pair.split_seed},
                                 {"shift_seconds", pair.shift},
                                 {"difference", pair.difference}});
    }
    for (const auto& column : leaks.columns) {
        json["columns"].push_back(
            {{"column", column.column}, {"tracks", column.tracks}, {"in_two_parts", column.parted}});
    }
    return json;
}

LeakCheck leak_check_from(const Json& json) {
    LeakCheck leaks{.clips = json.at("clips").get<int>(), .pairs = {}, .columns = {}};
    json.at("pairs_in_one_part").get_to(leaks.pairs_together);
    for (const auto& one : json.at("pairs")) {
        leaks.pairs.push_back({.first = one.at("first").get<std::string>(),
                               .first_group = one.at("first_group").get<std::string>(),
                               .first_part = one.at("first_part").get<std::string>(),
                               .second = one.at("second").get<std::string>(),
                               .second_group = one.at("second_group").get<std::string>(),
                               .second_part = one.at("second_part").get<std::string>(),
                               .split_seed = one.at("split_seed").get<std::uint32_t>(),
                               .same_file = one.at("kind").get<std::string>() == "same_file",
                               .shift = one.at("shift_seconds").get<double>(),
                               .difference = one.at("difference").get<double>()});
    }
    for (const auto& one : json.at("columns")) {
        leaks.columns.push_back({.column = one.at("column").get<std::string>(),
                                 .tracks = one.at("tracks").get<int>(),
                                 .parted = one.at("in_two_parts").get<int>()});
    }
    return leaks;
}

}  // namespace kickdrum
