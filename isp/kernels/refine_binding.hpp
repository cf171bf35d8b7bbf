// What Python sees of alignment to small fractions of a pixel.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_refine(nanobind::module_& module);

}  // namespace nightjar
