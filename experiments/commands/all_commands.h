// SPDX-License-Identifier: MIT
// The commands, each defined in the file of its name.
#pragma once

#include "experiments/commands/command.h"

namespace kickdrum {

Command run_command();
Command check_command();
Command resume_command();
Command report_command();
Command demo_data_command();
Command clips_command();
Command features_command();
Command melgrams_command();
Command split_command();
Command predict_command();
Command inspect_command();
Command convert_command();
Command devices_command();
Command schema_command();
Command completion_command();

}  // namespace kickdrum
