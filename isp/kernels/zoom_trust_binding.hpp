// What Python sees of the trust in a frame's samples.
#pragma once

#include <nanobind/nanobind.h>

namespace nightjar {

void bind_zoom_trust(nanobind::module_& module);

}  // namespace nightjar
