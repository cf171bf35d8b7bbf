// What Python sees of the preview.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_preview(nanobind::module_& module);

}  // namespace nightjar
