// Makes the drawing of what is out of focus known to Python.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_bokeh(nanobind::module_& module);

}  // namespace nightjar
