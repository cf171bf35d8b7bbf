// What Python sees of the merge.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_merge(nanobind::module_& module);

}  // namespace nightjar
