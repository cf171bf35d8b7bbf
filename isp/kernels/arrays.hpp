// What Python's arrays are to a binding: of one type and number of dimensions, rows one after the other, in memory.
#pragma once

#include <nanobind/ndarray.h>

#include <cstddef>

namespace nightjar {

template <typename Value, std::size_t dimensions>
using Array = nanobind::ndarray<Value, nanobind::ndim<dimensions>, nanobind::c_contig, nanobind::device::cpu>;

}  // namespace nightjar
