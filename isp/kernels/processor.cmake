# Which instruction sets the compiler may use, in the words of /proc/cpuinfo: isp/processor.py compares them with those of
# the processor that is to run the kernels. A missing instruction ends a process without a word.

# Macro and word; a set of which no compiler makes use in loops (random numbers, cache control) is none of ours.
set(INSTRUCTIONS_Features
  __ARM_FEATURE_AES=aes __ARM_FEATURE_AES=pmull __ARM_FEATURE_ATOMICS=atomics __ARM_FEATURE_BF16=bf16
  __ARM_FEATURE_BF16_VECTOR_ARITHMETIC=bf16 __ARM_FEATURE_COMPLEX=fcma __ARM_FEATURE_CRC32=crc32
  __ARM_FEATURE_CSSC=cssc __ARM_FEATURE_DOTPROD=asimddp __ARM_FEATURE_FP16_FML=asimdfhm
  __ARM_FEATURE_FP16_SCALAR_ARITHMETIC=fphp __ARM_FEATURE_FP16_VECTOR_ARITHMETIC=asimdhp __ARM_FEATURE_FRINT=frint
  __ARM_FEATURE_JCVT=jscvt __ARM_FEATURE_MATMUL_INT8=i8mm __ARM_FEATURE_MOPS=mops __ARM_FEATURE_QRDMX=asimdrdm
  __ARM_FEATURE_RCPC=lrcpc __ARM_FEATURE_SHA2=sha2 __ARM_FEATURE_SHA3=sha3 __ARM_FEATURE_SVE=sve
  __ARM_FEATURE_SVE2=sve2 __ARM_FEATURE_SVE_MATMUL_INT8=svei8mm)
set(INSTRUCTIONS_flags
  __ADX__=adx __AES__=aes __AVX__=avx __AVX2__=avx2 __AVX512BF16__=avx512_bf16 __AVX512BITALG__=avx512_bitalg
  __AVX512BW__=avx512bw __AVX512CD__=avx512cd __AVX512DQ__=avx512dq __AVX512F__=avx512f __AVX512FP16__=avx512_fp16
  __AVX512IFMA__=avx512ifma __AVX512VBMI__=avx512vbmi __AVX512VBMI2__=avx512_vbmi2 __AVX512VL__=avx512vl
  __AVX512VNNI__=avx512_vnni __AVX512VP2INTERSECT__=avx512_vp2intersect __AVX512VPOPCNTDQ__=avx512_vpopcntdq
  __AVXIFMA__=avx_ifma __AVXVNNI__=avx_vnni __AVXVNNIINT8__=avx_vnni_int8 __BMI__=bmi1 __BMI2__=bmi2 __F16C__=f16c
  __FMA__=fma __FMA4__=fma4 __GFNI__=gfni __LZCNT__=abm __MOVBE__=movbe __PCLMUL__=pclmulqdq __POPCNT__=popcnt
  __SHA__=sha_ni __SSE3__=pni __SSE4A__=sse4a __SSE4_1__=sse4_1 __SSE4_2__=sse4_2 __SSSE3__=ssse3 __TBM__=tbm
  __VAES__=vaes __VPCLMULQDQ__=vpclmulqdq __XOP__=xop)

# The line of /proc/cpuinfo that a processor needs to have for what `command` (a compiler and all its flags) makes; empty
# for a processor of another kind. Words that `known` lacks are left out: this kernel has no such word to compare.
function(needed_instructions command known result)
  execute_process(COMMAND ${command} -dM -E -x c++ /dev/null OUTPUT_VARIABLE macros RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The compiler does not say which instruction sets it uses: ${command}")
  endif()
  if(macros MATCHES "#define __aarch64__ ")
    set(line Features)
  elseif(macros MATCHES "#define __x86_64__ ")
    set(line flags)
  else()
    set(${result} "" PARENT_SCOPE)
    return()
  endif()
  set(words "")
  foreach(pair IN LISTS INSTRUCTIONS_${line})
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 macro)
    list(GET pair 1 word)
    if(macros MATCHES "#define ${macro} [^0\n]" AND (known STREQUAL "" OR " ${known} " MATCHES "[ \t\n]${word}[ \t\n]"))
      list(APPEND words ${word})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES words)
  list(JOIN words " " words)
  set(${result} "${line}\t: ${words}\n" PARENT_SCOPE)
endfunction()
