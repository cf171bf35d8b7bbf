// What Python sees of alignment.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_align(nanobind::module_& module);

}  // namespace nightjar
