// What Python sees of resampling.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_resample(nanobind::module_& module);

}  // namespace nightjar
