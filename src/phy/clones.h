// SPDX-License-Identifier: Apache-2.0
// WEFT_CLONES before a function compiles it for AVX2 and for the baseline, picked when the program
// starts. For inner loops alone: no sum is reordered and nothing fused, so both give the same bits.
#pragma once

// Sanitizers instrument the resolvers that target_clones makes, which run before their runtime.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_CLONES
#elif defined(__clang__)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || !defined(__x86_64__)
#define WEFT_CLONES
#else
#define WEFT_CLONES __attribute__((target_clones("avx2", "default")))
#endif
#elif defined(__x86_64__)
// -O2 of gcc 12 leaves loops of unknown length scalar.
#define WEFT_CLONES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define WEFT_CLONES
#endif
