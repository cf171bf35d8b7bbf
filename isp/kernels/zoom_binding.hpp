// What Python sees of the measured zoom.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_zoom(nanobind::module_& module);

}  // namespace nightjar
