/* The arithmetic of the engine: `arithmetic.py` defines it, and this is the same, only faster.

Products sum whole numbers, which is exact in any order. All else is single IEEE operations in a
stated order, without fused multiply-add (-ffp-contract=off). So every path gives the same bits. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__gnu_linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define X86
#elif defined(__aarch64__)
#include <arm_neon.h>
#ifdef __ARM_FEATURE_DOTPROD
#define SDOT
#define HAS_SDOT 1
#elif defined(__linux__)
#include <sys/auxv.h>
#define SDOT __attribute__((target("arch=armv8.2-a+dotprod")))
#define HAS_SDOT (getauxval(AT_HWCAP) >> 20 & 1) /* HWCAP_ASIMDDP */
#endif
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define WASM
#endif

#define TOGETHER 64 /* rows of activations whose products are computed together */
#define WIDTH 64 /* bytes of the widest register; rows of activations are padded to it */
#define UNROLLED _Pragma("GCC unroll 16") /* arrays of registers stay registers */
#define FOURFOLD _Pragma("GCC unroll 4") /* sums need not move between registers at each step */
#define INLINE static inline __attribute__((always_inline))

/* What the compiler makes of a loop: registers of how many bits it may use. The path decides. */
enum level { BASE, BITS_256, BITS_512 };

/* A function for each level, all compiled from the inline one that is named `of_…`. */
#ifdef X86
static enum level level(void);
#define VERSIONS(result, name, parameters, arguments)                                              \
    __attribute__((target("arch=x86-64-v4"))) static result name##_512 parameters                  \
    {                                                                                              \
        return of_##name arguments;                                                                \
    }                                                                                              \
    __attribute__((target("avx2"))) static result name##_256 parameters                            \
    {                                                                                              \
        return of_##name arguments;                                                                \
    }                                                                                              \
    static result name parameters                                                                  \
    {                                                                                              \
        return level() == BITS_512   ? name##_512 arguments                                        \
               : level() == BITS_256 ? name##_256 arguments                                        \
                                     : of_##name arguments;                                        \
    }
#else
#define VERSIONS(result, name, parameters, arguments)                                              \
    static result name parameters { return of_##name arguments; }
#endif

/* Sums, [b * 16 + n], of up to 4 rows of activations and 4 rows of weights.

   The weights were last read one step ago and are no longer in a near cache. So each tile fetches
   those of the next while it computes; many fetches at once would make it wait. */
typedef void Tile(long rows, long K, long padded, const int8_t *x, const int8_t *w, int32_t *sums);

static void plain(long rows, long columns, long K, long padded, const int8_t *x, const int8_t *w,
                  int32_t *sums)
{
    for (long b = 0; b < rows; b++)
        for (long n = 0; n < columns; n++) {
            int32_t sum = 0;
            for (long k = 0; k < K; k++)
                sum += (int32_t)x[b * padded + k] * w[n * K + k];
            sums[b * 16 + n] = sum;
        }
}

static void portable(long rows, long K, long padded, const int8_t *x, const int8_t *w,
                     int32_t *sums)
{
    plain(rows, 4, K, padded, x, w, sums);
}

/* A tile of `name_rows`, whose number of rows is a constant: its sums then stay in registers. */
#define WITH_ROWS(name, target)                                                                    \
    target static void name(long rows, long K, long padded, const int8_t *x, const int8_t *w,      \
                            int32_t *sums)                                                         \
    {                                                                                              \
        switch (rows) {                                                                            \
        case 1: name##_rows(1, K, padded, x, w, sums); break;                                      \
        case 2: name##_rows(2, K, padded, x, w, sums); break;                                      \
        case 3: name##_rows(3, K, padded, x, w, sums); break;                                      \
        default: name##_rows(4, K, padded, x, w, sums);                                            \
        }                                                                                          \
    }

/* The indices of the numbers that are at least `least`, in order. */
typedef long Sieve(long n, const int32_t *numbers, int32_t least, int32_t *indices);

static long plain_sieve(long n, const int32_t *numbers, int32_t least, int32_t *indices)
{
    long count = 0;
    for (long i = 0; i < n; i++)
        if (numbers[i] >= least)
            indices[count++] = (int32_t)i;
    return count;
}

#ifdef X86
#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,popcnt")))
#define AVX2 __attribute__((target("avx2")))
#define AVX_VNNI __attribute__((target("avx2,avxvnni")))

/* VNNI multiplies unsigned by signed bytes: x + 128 here, and the caller takes 128 Σw off again. */
VNNI INLINE void vnni_rows(const long rows, long K, long padded, const int8_t *x, const int8_t *w,
                           int32_t *sums)
{
    __m512i acc[4][4];
    UNROLLED for (long b = 0; b < rows; b++)
        UNROLLED for (long n = 0; n < 4; n++)
            acc[b][n] = _mm512_setzero_si512();
    for (long k = 0; k < K; k += WIDTH) {
        __mmask64 inside = K - k < WIDTH ? (1ULL << (K - k)) - 1 : ~0ULL;
        __m512i wide[4];
        UNROLLED for (long n = 0; n < 4; n++) {
            wide[n] = _mm512_maskz_loadu_epi8(inside, w + n * K + k);
            __builtin_prefetch(w + (n + 4) * K + k);
        }
        UNROLLED for (long b = 0; b < rows; b++) {
            __m512i row = _mm512_load_si512((const void *)(x + b * padded + k));
            UNROLLED for (long n = 0; n < 4; n++)
                acc[b][n] = _mm512_dpbusd_epi32(acc[b][n], row, wide[n]);
        }
    }
    UNROLLED for (long b = 0; b < rows; b++) {
        __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(acc[b][0], acc[b][1]),
                                      _mm512_unpackhi_epi32(acc[b][0], acc[b][1]));
        __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(acc[b][2], acc[b][3]),
                                      _mm512_unpackhi_epi32(acc[b][2], acc[b][3]));
        __m512i all =
            _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        __m256i half =
            _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
        __m128i four =
            _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
        _mm_storeu_si128((__m128i *)(sums + b * 16), four);
    }
}

WITH_ROWS(vnni, VNNI)

VNNI static long wide_sieve(long n, const int32_t *numbers, int32_t least, int32_t *indices)
{
    long count = 0, whole = n / 16 * 16;
    const __m512i wanted = _mm512_set1_epi32(least), step = _mm512_set1_epi32(16);
    __m512i at = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (long i = 0; i < whole; i += 16, at = _mm512_add_epi32(at, step)) {
        __m512i sixteen = _mm512_loadu_si512((const void *)(numbers + i));
        __mmask16 kept = _mm512_cmpge_epi32_mask(sixteen, wanted);
        _mm512_storeu_si512((void *)(indices + count), _mm512_maskz_compress_epi32(kept, at));
        count += _mm_popcnt_u32(kept);
    }
    for (long i = whole; i < n; i++)
        if (numbers[i] >= least)
            indices[count++] = (int32_t)i;
    return count;
}

AVX2 INLINE int32_t avx2_sum(__m256i acc)
{
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(acc), _mm256_extracti128_si256(acc, 1));
    four = _mm_hadd_epi32(four, four);
    return _mm_cvtsi128_si32(_mm_hadd_epi32(four, four));
}

/* Two rows of weights at a time: AVX2 has 16 registers. */
AVX2 INLINE void avx2_rows(const long rows, long K, long padded, const int8_t *x, const int8_t *w,
                           int32_t *sums)
{
    for (long n = 0; n < 4; n += 2) {
        __m256i acc[4][2];
        long whole = K / 16 * 16;
        UNROLLED for (long b = 0; b < rows; b++)
            acc[b][0] = acc[b][1] = _mm256_setzero_si256();
        for (long k = 0; k < whole; k += 16) {
            if (k % WIDTH == 0) {
                __builtin_prefetch(w + (n + 4) * K + k);
                __builtin_prefetch(w + (n + 5) * K + k);
            }
            __m256i one = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + n * K + k)));
            __m256i two =
                _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + (n + 1) * K + k)));
            UNROLLED for (long b = 0; b < rows; b++) {
                __m256i row =
                    _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(x + b * padded + k)));
                acc[b][0] = _mm256_add_epi32(acc[b][0], _mm256_madd_epi16(row, one));
                acc[b][1] = _mm256_add_epi32(acc[b][1], _mm256_madd_epi16(row, two));
            }
        }
        UNROLLED for (long b = 0; b < rows; b++)
            UNROLLED for (long m = 0; m < 2; m++) {
                int32_t sum = avx2_sum(acc[b][m]);
                for (long k = whole; k < K; k++)
                    sum += (int32_t)x[b * padded + k] * w[(n + m) * K + k];
                sums[b * 16 + n + m] = sum;
            }
    }
}

WITH_ROWS(avx2, AVX2)
#endif

#ifdef X86
#define AMX __attribute__((target("amx-int8,amx-tile,avx512f,avx512bw,avx512vl")))

/* Not every compiler that knows the instructions lets `__builtin_cpu_supports` ask for them. */
static int avx_vnni_supported(void)
{
    unsigned a = 7, b = 0, c = 0, d = 0;
    __cpuid_count(7, 1, a, b, c, d);
    return a >> 4 & 1;
}

/* Linux lets a process use the tiles when it asks (ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). */
static int amx_granted(void)
{
    unsigned a = 7, b = 0, c = 0, d = 0;
    __cpuid_count(7, 0, a, b, c, d);
    return (d >> 24 & 3) == 3 && syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}
#endif

#ifdef __aarch64__
/* Sums of 16 products of bytes, by `sdot`, or where the processor lacks it in two halves of 16 bits. */
#define NEON_ROWS(name, target, DOT)                                                               \
    target INLINE void name##_rows(const long rows, long K, long padded, const int8_t *x,          \
                                   const int8_t *w, int32_t *sums)                                 \
    {                                                                                              \
        int32x4_t acc[4][4];                                                                       \
        const long whole = K / 16 * 16;                                                            \
        UNROLLED for (long b = 0; b < rows; b++)                                                   \
            UNROLLED for (long n = 0; n < 4; n++)                                                  \
                acc[b][n] = vdupq_n_s32(0);                                                        \
        for (long k = 0; k < whole; k += 16) {                                                     \
            int8x16_t own[4];                                                                      \
            UNROLLED for (long n = 0; n < 4; n++)                                                  \
                own[n] = vld1q_s8(w + n * K + k);                                                  \
            UNROLLED for (long b = 0; b < rows; b++) {                                             \
                const int8x16_t row = vld1q_s8(x + b * padded + k);                                \
                UNROLLED for (long n = 0; n < 4; n++)                                              \
                    acc[b][n] = DOT(acc[b][n], row, own[n]);                                       \
            }                                                                                      \
        }                                                                                          \
        UNROLLED for (long b = 0; b < rows; b++)                                                   \
            UNROLLED for (long n = 0; n < 4; n++) {                                                \
                int32_t sum = vaddvq_s32(acc[b][n]);                                               \
                for (long k = whole; k < K; k++)                                                   \
                    sum += (int32_t)x[b * padded + k] * w[n * K + k];                              \
                sums[b * 16 + n] = sum;                                                            \
            }                                                                                      \
    }                                                                                              \
    WITH_ROWS(name, target)

INLINE int32x4_t by_halves(int32x4_t acc, int8x16_t x, int8x16_t w)
{
    acc = vpadalq_s16(acc, vmull_s8(vget_low_s8(x), vget_low_s8(w)));
    return vpadalq_s16(acc, vmull_s8(vget_high_s8(x), vget_high_s8(w)));
}

NEON_ROWS(neon, , by_halves)
#ifdef SDOT
NEON_ROWS(sdot, SDOT, vdotq_s32)
#endif
#endif

#ifdef WASM
INLINE int32_t wasm_sum(v128_t acc)
{
    return wasm_i32x4_extract_lane(acc, 0) + wasm_i32x4_extract_lane(acc, 1) +
           wasm_i32x4_extract_lane(acc, 2) + wasm_i32x4_extract_lane(acc, 3);
}

/* Two rows of weights at a time, as for AVX2. */
INLINE void wasm_rows(const long rows, long K, long padded, const int8_t *x, const int8_t *w,
                      int32_t *sums)
{
    for (long n = 0; n < 4; n += 2) {
        v128_t acc[4][2];
        long whole = K / 8 * 8;
        UNROLLED for (long b = 0; b < rows; b++)
            acc[b][0] = acc[b][1] = wasm_i32x4_const_splat(0);
        for (long k = 0; k < whole; k += 8) {
            v128_t one = wasm_i16x8_load8x8(w + n * K + k);
            v128_t two = wasm_i16x8_load8x8(w + (n + 1) * K + k);
            UNROLLED for (long b = 0; b < rows; b++) {
                v128_t row = wasm_i16x8_load8x8(x + b * padded + k);
                acc[b][0] = wasm_i32x4_add(acc[b][0], wasm_i32x4_dot_i16x8(row, one));
                acc[b][1] = wasm_i32x4_add(acc[b][1], wasm_i32x4_dot_i16x8(row, two));
            }
        }
        UNROLLED for (long b = 0; b < rows; b++)
            UNROLLED for (long m = 0; m < 2; m++) {
                int32_t sum = wasm_sum(acc[b][m]);
                for (long k = whole; k < K; k++)
                    sum += (int32_t)x[b * padded + k] * w[(n + m) * K + k];
                sums[b * 16 + n + m] = sum;
            }
    }
}

WITH_ROWS(wasm, )
#endif

/* To the nearest whole number, halves to the even one. */
INLINE int32_t nearest(float x)
{
#ifdef __clang__
    return (int32_t)rintf(x);
#else
    return __builtin_irintf(x); /* one instruction, where the other way takes three */
#endif
}

#define LANES 32 /* so many maxima side by side: one alone would wait for itself */

INLINE void maxima(long n, const float *x, const int absolute, float *lanes)
{
    for (int j = 0; j < LANES; j++)
        lanes[j] = absolute ? 0 : -INFINITY;
    long i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float value = absolute ? fabsf(x[i + j]) : x[i + j];
            lanes[j] = value > lanes[j] ? value : lanes[j];
        }
    for (int j = 0; i < n; i++, j++) {
        float value = absolute ? fabsf(x[i]) : x[i];
        lanes[j] = value > lanes[j] ? value : lanes[j];
    }
}

INLINE float maximum_of(long n, const float *x, const int absolute)
{
    float lanes[LANES];
    maxima(n, x, absolute, lanes);
    for (int width = LANES / 2; width; width /= 2)
        for (int j = 0; j < width; j++)
            lanes[j] = lanes[j + width] > lanes[j] ? lanes[j + width] : lanes[j];
    return lanes[0];
}

INLINE float of_maximum(long n, const float *x) { return maximum_of(n, x, 0); }
VERSIONS(float, maximum, (long n, const float *x), (n, x))

/* Round to int8 by the scale that the largest magnitude just fits; return the scale. */
INLINE float of_quantize(long n, const float *x, int add, int8_t *q)
{
    float scale = maximum_of(n, x, 1) / 127.0f;
    scale = scale == 0 ? 1 : scale;
    for (long k = 0; k < n; k++)
        q[k] = (int8_t)(nearest(x[k] / scale) + add);
    return scale;
}
VERSIONS(float, quantize, (long n, const float *x, int add, int8_t *q), (n, x, add, q))

/* y = sums · scale of the row of x · scale of the row of W + bias, for some rows of weights. */
INLINE void of_finish(long count, const int32_t *sums, const int32_t *row_sums, int32_t add,
                      float of_row, const float *scales, const float *bias, float *y)
{
    for (long m = 0; m < count; m++) {
        float value = (float)(sums[m] - add * row_sums[m]) * of_row * scales[m];
        y[m] = bias ? value + bias[m] : value;
    }
}
VERSIONS(void, finish,
         (long count, const int32_t *sums, const int32_t *row_sums, int32_t add, float of_row,
          const float *scales, const float *bias, float *y),
         (count, sums, row_sums, add, of_row, scales, bias, y))

#ifdef X86
/* Rows of activations in blocks of 16, which lie in fours of columns. */
static void pack(long B, long padded, const int8_t *q, int8_t *packed)
{
    for (long b = 0; b < B; b += 16)
        for (long k = 0; k < padded; k += 4)
            for (long r = 0; r < 16; r++)
                memcpy(packed + b * padded + k * 16 + r * 4,
                       q + (b + r < B ? b + r : b) * padded + k, 4);
}

/* Of 16 rows of 16 numbers, the columns. */
WIDE INLINE void transpose(const int32_t *from, __m512i *r)
{
    __m512i t[16];
    UNROLLED for (int i = 0; i < 16; i += 2) {
        __m512i one = _mm512_loadu_si512((const void *)(from + 16 * i));
        __m512i two = _mm512_loadu_si512((const void *)(from + 16 * i + 16));
        t[i] = _mm512_unpacklo_epi32(one, two);
        t[i + 1] = _mm512_unpackhi_epi32(one, two);
    }
    UNROLLED for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    UNROLLED for (int j = 0; j < 4; j++) {
        __m512i a = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
        __m512i b = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
        __m512i c = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
        __m512i d = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
        r[j] = _mm512_shuffle_i32x4(a, b, 0x88);
        r[4 + j] = _mm512_shuffle_i32x4(c, d, 0x88);
        r[8 + j] = _mm512_shuffle_i32x4(a, b, 0xdd);
        r[12 + j] = _mm512_shuffle_i32x4(c, d, 0xdd);
    }
}

/* The results of 16 rows of weights, from n on, and up to 16 of activations. */
WIDE INLINE void finish_tile(const int32_t *sums, long rows, long N, const float *of_row,
                            const float *scales, const float *bias, float *y)
{
    __m512i own[16];
    transpose(sums, own);
    __m512 scale = _mm512_loadu_ps(scales);
    for (long r = 0; r < rows; r++) {
        __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(own[r]), _mm512_set1_ps(of_row[r]));
        value = _mm512_mul_ps(value, scale);
        if (bias)
            value = _mm512_add_ps(value, _mm512_loadu_ps(bias));
        _mm512_storeu_ps(y + r * N, value);
    }
}

/* Sixteen rows of weights by one or two blocks of up to 16 rows of activations (`pack`). A register
   holds the sums of a row of weights, so none has to be added up as in `vnni_rows`. */
VNNI INLINE void vnni_blocks(const long blocks, long rows, long N, long K, long padded,
                             const int8_t *x, const int8_t *w, const float *of_row,
                             const float *scales, const int32_t *row_sums, const float *bias,
                             float *y)
{
    int32_t sums[2][256];
    for (long n = 0; n < 16; n += 8) { /* sums and addresses of eight rows stay in registers */
        __m512i acc[2][8];
        UNROLLED for (long m = 0; m < 8; m++)
            acc[0][m] = acc[1][m] = _mm512_set1_epi32(-128 * row_sums[n + m]);
        for (long k = 0; k < K; k += 4) {
            __m512i one = _mm512_load_si512((const void *)(x + k * 16)), two = one;
            if (blocks == 2)
                two = _mm512_load_si512((const void *)(x + (padded + k) * 16));
            if (k % 8 == 0)
                __builtin_prefetch(w + (n + 16) * K + 8 * k);
            UNROLLED for (long m = 0; m < 8; m++) {
                int32_t four;
                memcpy(&four, w + (n + m) * K + k, 4);
                __m512i all = _mm512_set1_epi32(four);
                acc[0][m] = _mm512_dpbusd_epi32(acc[0][m], one, all);
                if (blocks == 2)
                    acc[1][m] = _mm512_dpbusd_epi32(acc[1][m], two, all);
            }
        }
        UNROLLED for (long m = 0; m < 8; m++)
            for (long block = 0; block < blocks; block++)
                _mm512_storeu_si512((void *)(sums[block] + 16 * (n + m)), acc[block][m]);
    }
    for (long block = 0; block < blocks; block++)
        finish_tile(sums[block], rows - 16 * block < 16 ? rows - 16 * block : 16, N,
                    of_row + 16 * block, scales, bias, y + 16 * block * N);
}

VNNI static void vnni_many(long rows, long N, long K, long padded, const int8_t *x,
                           const int8_t *w, const float *of_row, const float *scales,
                           const int32_t *row_sums, const float *bias, float *y)
{
    if (rows > 16)
        vnni_blocks(2, rows, N, K, padded, x, w, of_row, scales, row_sums, bias, y);
    else
        vnni_blocks(1, rows, N, K, padded, x, w, of_row, scales, row_sums, bias, y);
}

/* Of 8 rows of 8 numbers, the columns. */
AVX2 INLINE void transpose_eight(__m256i *r)
{
    __m256i t[8];
    UNROLLED for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    UNROLLED for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2x128_si256(r[i], r[4 + i], 0x20);
        t[4 + i] = _mm256_permute2x128_si256(r[i], r[4 + i], 0x31);
    }
    UNROLLED for (int i = 0; i < 8; i++)
        r[i] = t[i];
}

/* The results of 16 rows of weights and up to 16 of activations, from sums [weights][activations]. */
AVX2 INLINE void finish_sixteen(const int32_t *sums, long rows, long N, const float *of_row,
                                const float *scales, const float *bias, float *y)
{
    for (long n = 0; n < 16; n += 8) {
        __m256 scale = _mm256_loadu_ps(scales + n);
        for (long b = 0; b < rows; b += 8) {
            __m256i own[8];
            UNROLLED for (long m = 0; m < 8; m++)
                own[m] = _mm256_loadu_si256((const void *)(sums + 16 * (n + m) + b));
            transpose_eight(own);
            for (long r = 0; r < 8 && b + r < rows; r++) {
                __m256 value =
                    _mm256_mul_ps(_mm256_cvtepi32_ps(own[r]), _mm256_set1_ps(of_row[b + r]));
                value = _mm256_mul_ps(value, scale);
                if (bias)
                    value = _mm256_add_ps(value, _mm256_loadu_ps(bias + n));
                _mm256_storeu_ps(y + (b + r) * N + n, value);
            }
        }
    }
}

#define SPAN 256 /* columns of 16-bit weights and activations that fit the nearest cache */

/* Add the products of one or two times 8 rows of activations and four rows of weights to sums
   [weights][activations]. A register holds the sums of a row of weights. `x` lies in pairs of
   columns (`pack_pairs`), in blocks of 16 rows. */
AVX2 INLINE void avx2_sums(const long octets, long columns, const int16_t *x, const int16_t *w,
                           int32_t *sums)
{
    __m256i acc[4][2];
    UNROLLED for (long m = 0; m < 4; m++)
        UNROLLED for (long o = 0; o < octets; o++)
            acc[m][o] = _mm256_loadu_si256((const void *)(sums + 16 * m + 8 * o));
    FOURFOLD for (long k = 0; k < columns; k += 2) {
        __m256i own[2];
        UNROLLED for (long o = 0; o < octets; o++)
            own[o] = _mm256_load_si256((const void *)(x + 16 * k + 16 * o));
        UNROLLED for (long m = 0; m < 4; m++) {
            int32_t two;
            memcpy(&two, w + m * SPAN + k, 4);
            __m256i all = _mm256_set1_epi32(two);
            UNROLLED for (long o = 0; o < octets; o++)
                acc[m][o] = _mm256_add_epi32(acc[m][o], _mm256_madd_epi16(own[o], all));
        }
    }
    UNROLLED for (long m = 0; m < 4; m++)
        UNROLLED for (long o = 0; o < octets; o++)
            _mm256_storeu_si256((void *)(sums + 16 * m + 8 * o), acc[m][o]);
}

/* Sixteen rows of weights by many of activations. The weights are widened to 16 bits, in which sums
   of two products are exact; each is widened once for all rows of activations. */
AVX2 static void avx2_many(long rows, long N, long K, long padded, const int8_t *packed,
                           const int8_t *w, const float *of_row, const float *scales,
                           const int32_t *row_sums, const float *bias, float *y)
{
    const int16_t *x = (const int16_t *)packed;
    int16_t wide[16 * SPAN] __attribute__((aligned(WIDTH)));
    int32_t sums[TOGETHER * 16];
    (void)row_sums;
    memset(sums, 0, (size_t)(rows + 15) / 16 * 256 * sizeof *sums);
    for (long first = 0; first < K; first += SPAN) {
        const long columns = K - first < SPAN ? K - first : SPAN;
        for (long m = 0; m < 16; m++)
            for (long k = 0; k < columns; k += 16) {
                const int8_t *from = w + m * K + first + k;
                __builtin_prefetch(from + 16 * K);
                int8_t rest[16] = {0};
                if (columns - k < 16)
                    from = memcpy(rest, from, (size_t)(columns - k));
                __m256i own = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)from));
                _mm256_store_si256((void *)(wide + m * SPAN + k), own);
            }
        const long even = (columns + 1) / 2 * 2;
        for (long b = 0; b < rows; b += 16)
            for (long m = 0; m < 16; m += 4) {
                const int16_t *own = x + b * padded + 16 * first;
                if (rows - b > 8)
                    avx2_sums(2, even, own, wide + m * SPAN, sums + 16 * (b + m));
                else
                    avx2_sums(1, even, own, wide + m * SPAN, sums + 16 * (b + m));
            }
    }
    for (long b = 0; b < rows; b += 16)
        finish_sixteen(sums + 16 * b, rows - b < 16 ? rows - b : 16, N, of_row + b, scales, bias,
                       y + b * N);
}

/* As `vnni_blocks`, for 8 rows of activations, or twice 8, in registers of half the width. */
AVX_VNNI INLINE void avx_vnni_sums(const long octets, long K, const int8_t *x, const int8_t *w,
                                   const int32_t *row_sums, int32_t *sums)
{
    __m256i acc[4][2];
    UNROLLED for (long m = 0; m < 4; m++)
        UNROLLED for (long o = 0; o < octets; o++)
            acc[m][o] = _mm256_set1_epi32(-128 * row_sums[m]);
    FOURFOLD for (long k = 0; k < K; k += 4) {
        __m256i own[2];
        UNROLLED for (long o = 0; o < octets; o++)
            own[o] = _mm256_load_si256((const void *)(x + 16 * k + 32 * o));
        if (k % 16 == 0)
            __builtin_prefetch(w + 16 * K + 4 * k);
        UNROLLED for (long m = 0; m < 4; m++) {
            int32_t four;
            memcpy(&four, w + m * K + k, 4);
            __m256i all = _mm256_set1_epi32(four);
            UNROLLED for (long o = 0; o < octets; o++)
                acc[m][o] = _mm256_dpbusd_avx_epi32(acc[m][o], own[o], all);
        }
    }
    UNROLLED for (long m = 0; m < 4; m++)
        UNROLLED for (long o = 0; o < octets; o++)
            _mm256_storeu_si256((void *)(sums + 16 * m + 8 * o), acc[m][o]);
}

AVX_VNNI static void avx_vnni_many(long rows, long N, long K, long padded, const int8_t *x,
                                   const int8_t *w, const float *of_row, const float *scales,
                                   const int32_t *row_sums, const float *bias, float *y)
{
    for (long b = 0; b < rows; b += 16) {
        int32_t sums[256];
        for (long m = 0; m < 16; m += 4)
            if (rows - b > 8)
                avx_vnni_sums(2, K, x + b * padded, w + m * K, row_sums + m, sums + 16 * m);
            else
                avx_vnni_sums(1, K, x + b * padded, w + m * K, row_sums + m, sums + 16 * m);
        finish_sixteen(sums, rows - b < 16 ? rows - b : 16, N, of_row + b, scales, bias, y + b * N);
    }
}

/* As `pack`, with 128 added to every activation. */
AVX2 static void pack_unsigned(long B, long padded, const int8_t *q, int8_t *packed)
{
    pack(B, padded, q, packed);
    for (long k = 0; k < (B + 15) / 16 * 16 * padded; k++)
        packed[k] ^= -128;
}

/* As `pack`, but in 16 bits and in pairs of columns. */
AVX2 static void pack_pairs(long B, long padded, const int8_t *q, int8_t *packed)
{
    for (long b = 0; b < B; b += 8)
        for (long k = 0; k < padded; k += 16) {
            __m256i own[8];
            UNROLLED for (long r = 0; r < 8; r++)
                own[r] = _mm256_cvtepi8_epi16(
                    _mm_load_si128((const void *)(q + (b + r < B ? b + r : b) * padded + k)));
            transpose_eight(own);
            int16_t *to = (int16_t *)packed + b / 16 * 16 * padded + k * 16 + b % 16 * 2;
            UNROLLED for (long pair = 0; pair < 8; pair++)
                _mm256_store_si256((void *)(to + 32 * pair), own[pair]);
        }
}
#endif

/* Products of 16 rows of weights and many of activations, as the path packs them. */
typedef void Many(long rows, long N, long K, long padded, const int8_t *packed, const int8_t *w,
                  const float *of_row, const float *scales, const int32_t *row_sums,
                  const float *bias, float *y);
typedef void Pack(long B, long padded, const int8_t *q, int8_t *packed);

/* A way to multiply. Rows of activations are multiplied four at a time by `tile`; more than `few`
   of them, and up to `most`, by `many`, where the path has it. */
typedef struct {
    const char *name;
    enum level level;
    Tile *tile;
    Sieve *sieve;
    int added; /* to every activation */
    int matrices; /* whether AMX is used where sizes fit */
    Many *many;
    Pack *pack;
    long few, most;
} Path;

static const Path paths[] = {
#ifdef X86
    {"amx", BITS_512, vnni, wide_sieve, 128, 1, NULL, NULL, 0, 0},
    {"vnni", BITS_512, vnni, wide_sieve, 128, 0, vnni_many, pack, 8, 32},
    {"avx512", BITS_512, avx2, plain_sieve, 0, 0, avx2_many, pack_pairs, 4, TOGETHER},
    {"avx_vnni", BITS_256, avx2, plain_sieve, 0, 0, avx_vnni_many, pack_unsigned, 4, TOGETHER},
    {"avx2", BITS_256, avx2, plain_sieve, 0, 0, avx2_many, pack_pairs, 4, TOGETHER},
#endif
#ifdef SDOT
    {"sdot", BASE, sdot, plain_sieve, 0, 0, NULL, NULL, 0, 0},
#endif
#ifdef __aarch64__
    {"neon", BASE, neon, plain_sieve, 0, 0, NULL, NULL, 0, 0},
#endif
#ifdef WASM
    {"wasm", BASE, wasm, plain_sieve, 0, 0, NULL, NULL, 0, 0},
#endif
    {"portable", BASE, portable, plain_sieve, 0, 0, NULL, NULL, 0, 0},
};
enum { PATHS = sizeof paths / sizeof *paths };

static const Path *chosen = paths + PATHS - 1;

#ifdef X86
static enum level level(void) { return chosen->level; }
#endif

static int available(const char *name)
{
#ifdef X86
    __builtin_cpu_init();
    int v4 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    int vnni_bytes = v4 && __builtin_cpu_supports("avx512vnni");
    if (!strcmp(name, "amx"))
        return vnni_bytes && amx_granted();
    if (!strcmp(name, "vnni"))
        return vnni_bytes;
    if (!strcmp(name, "avx512"))
        return v4;
    if (!strcmp(name, "avx_vnni"))
        return __builtin_cpu_supports("avx2") && avx_vnni_supported();
    if (!strcmp(name, "avx2"))
        return __builtin_cpu_supports("avx2");
#endif
#ifdef SDOT
    if (!strcmp(name, "sdot"))
        return HAS_SDOT;
#endif
    return 1;
}

/* Choose the fastest path that the processor has, from the one of this name on, or of all; 0 if
   there is no path of this name here, or the processor lacks it and all that follow. */
int tangyin_choose(const char *name)
{
    int reached = name == NULL;
    for (int n = 0; n < PATHS; n++) {
        reached |= name != NULL && !strcmp(name, paths[n].name);
        if (reached && available(paths[n].name)) {
            chosen = paths + n;
            return 1;
        }
    }
    return 0;
}

const char *tangyin_chosen(void) { return chosen->name; }

/* Sixteen rows of weights at a time; the last sixteen, or four, overlap those before. */
static void by_fours(long B, long N, long K, long padded, const int8_t *q,
                     const float *of_row, const int8_t *w, const float *scales,
                     const int32_t *row_sums, const float *bias, float *y, int8_t *packed)
{
    const Path *path = chosen;
    const long wide = N < 16 ? N : 16;
    const int many = path->many && wide == 16 && B > path->few && K % 4 == 0;
    if (many)
        path->pack(B, padded, q, packed);
    for (long next = 0; next < N; next += 16) {
        long n = next + wide <= N ? next : N - wide;
        const float *own = bias ? bias + n : NULL;
        for (long b = 0, rows; b < B; b += rows) {
            if (many && B - b > path->few) {
                rows = B - b < path->most ? B - b : path->most;
                path->many(rows, N, K, padded, packed + b * padded, w + n * K, of_row + b,
                           scales + n, row_sums + n, own, y + b * N + n);
                continue;
            }
            int32_t sums[4][16];
            rows = B - b < 4 ? B - b : 4;
            if (N < 4)
                plain(rows, N, K, padded, q + b * padded, w, sums[0]);
            for (long m = 0; m < wide && N >= 4; m += 4) {
                long at = m + 4 <= wide ? m : wide - 4;
                path->tile(rows, K, padded, q + b * padded, w + (n + at) * K, sums[0] + at);
            }
            for (long r = 0; r < rows; r++) {
                float *to = y + (b + r) * N + n;
                finish(wide, sums[r], row_sums + n, N < 4 ? 0 : path->added, of_row[b + r],
                       scales + n, own, to);
            }
        }
    }
}

#ifdef X86
/* AMX multiplies 16 rows of weights by 16 of activations, which lie in fours of columns (`packed`).
   Two blocks of 16 by two at a time; 32 rows of weights stay in the nearest cache meanwhile. What K
   is over 64s is copied to `edge`, so that no row is read beyond its end. */
AMX static void by_sixteens(long B, long N, long K, const int8_t *q, long padded,
                            const float *of_row, const int8_t *w, const float *scales,
                            const float *bias, float *y, int8_t *packed)
{
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } __attribute__((packed)) config = {.palette = 1};
    for (int t = 0; t < 8; t++)
        config.bytes[t] = 64, config.rows[t] = 16;
    _tile_loadconfig(&config);
    int32_t sums[4][256]; /* [weights][activations] of each pair of blocks */
    int8_t edge[32 * WIDTH] __attribute__((aligned(WIDTH)));
    const long whole = K / WIDTH * WIDTH, block = 16 * padded;
    memset(edge, 0, sizeof edge);
    pack(B, padded, q, packed);
    for (long next = 0; next < N; next += 32) {
        const long n = next + 32 <= N ? next : N - 32;
        const int8_t *from = w + n * K;
        for (long m = 0; m < 32 && whole < K; m++)
            memcpy(edge + m * WIDTH, from + m * K + whole, (size_t)(K - whole));
        for (long b = 0; b < B; b += 32) {
            const int8_t *x = packed + b * padded;
            const int two = b + 16 < B;
            _tile_zero(0); _tile_zero(1); _tile_zero(2); _tile_zero(3);
            for (long k = 0; k < K; k += WIDTH) {
                const int8_t *at = k < whole ? from + k : edge;
                const long stride = k < whole ? K : WIDTH;
                for (int m = 0; m < 32 && !b; m++)
                    __builtin_prefetch(from + 32 * (K + k) + m * WIDTH);
                _tile_loadd(4, at, stride);
                _tile_loadd(5, at + 16 * stride, stride);
                _tile_loadd(6, x + k * 16, 64);
                _tile_dpbssd(0, 4, 6);
                _tile_dpbssd(1, 5, 6);
                if (two) {
                    _tile_loadd(7, x + block + k * 16, 64);
                    _tile_dpbssd(2, 4, 7);
                    _tile_dpbssd(3, 5, 7);
                }
            }
            _tile_stored(0, sums[0], 64); _tile_stored(1, sums[1], 64);
            _tile_stored(2, sums[2], 64); _tile_stored(3, sums[3], 64);
            for (int pair = 0; pair < 2 + 2 * two; pair++) {
                long row = b + pair / 2 * 16, column = n + pair % 2 * 16;
                finish_tile(sums[pair], B - row < 16 ? B - row : 16, N, of_row + row,
                            scales + column, bias ? bias + column : NULL, y + row * N + column);
            }
        }
    }
    _tile_release();
}
#endif

/* y (B, N) = x (B, K) Wᵀ + bias, of int8 weights (N, K), their scales and row sums (N,).
   TOGETHER rows at a time, so that their results fit a near cache. Returns 0 without memory. */
int tangyin_linear(long B, long N, long K, const float *x, const int8_t *w, const float *scales,
                   const int32_t *row_sums, const float *bias, float *y)
{
    long padded = (K + WIDTH - 1) / WIDTH * WIDTH;
    const int amx = chosen->matrices && N >= 32;
    /* Quantized, and packed in up to 16 bits. */
    int8_t *q = aligned_alloc(WIDTH, (size_t)(3 * TOGETHER * padded));
    if (!q)
        return 0;
    for (long next = 0; next < B; next += TOGETHER, x += TOGETHER * K, y += TOGETHER * N) {
        long rows = B - next < TOGETHER ? B - next : TOGETHER;
        float of_row[TOGETHER];
        for (long b = 0; b < rows; b++) {
            of_row[b] = quantize(K, x + b * K, amx || N < 4 ? 0 : chosen->added, q + b * padded);
            memset(q + b * padded + K, 0, (size_t)(padded - K));
        }
#ifdef X86
        if (amx)
            by_sixteens(rows, N, K, q, padded, of_row, w, scales, bias, y, q + TOGETHER * padded);
        else
#endif
            by_fours(rows, N, K, padded, q, of_row, w, scales, row_sums, bias, y,
                     q + TOGETHER * padded);
    }
    free(q);
    return 1;
}

INLINE float exponential(float x)
{
    x = x > -87.0f ? x : -87.0f;
    x = x < 87.0f ? x : 87.0f;
    int32_t whole = nearest(x * 1.44269504f);
    float n = (float)whole;
    float r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    union { int32_t bits; float value; } power = {(whole + 127) << 23};
    return p * power.value;
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }
INLINE float tanh_of(float x) { return 1.0f - 2.0f / (1.0f + exponential(2.0f * x)); }

INLINE void of_sigmoids(long n, const float *x, float *y)
{
    for (long i = 0; i < n; i++)
        y[i] = sigmoid(x[i]);
}
VERSIONS(void, sigmoids, (long n, const float *x, float *y), (n, x, y))
void tangyin_sigmoid(long n, const float *x, float *y) { sigmoids(n, x, y); }

INLINE void of_tanhs(long n, const float *x, float *y)
{
    for (long i = 0; i < n; i++)
        y[i] = tanh_of(x[i]);
}
VERSIONS(void, tanhs, (long n, const float *x, float *y), (n, x, y))
void tangyin_tanh(long n, const float *x, float *y) { tanhs(n, x, y); }

/* The plain LSTM: from the products of inputs and of h, (B, 4H) each, to the new c, in place of the
   old, and h, (B, H). */
INLINE void of_lstm(long B, long H, const float *restrict x, const float *restrict y,
                    float *restrict c, float *restrict h)
{
    for (long b = 0; b < B; b++, x += 4 * H, y += 4 * H, c += H, h += H)
        for (long j = 0; j < H; j++) {
            float own = sigmoid(x[H + j] + y[H + j]) * c[j];
            own = own + sigmoid(x[j] + y[j]) * tanh_of(x[2 * H + j] + y[2 * H + j]);
            c[j] = own;
            h[j] = sigmoid(x[3 * H + j] + y[3 * H + j]) * tanh_of(own);
        }
}
VERSIONS(void, lstm, (long B, long H, const float *x, const float *y, float *c, float *h),
         (B, H, x, y, c, h))

void tangyin_lstm(long B, long H, const float *x, const float *y, float *c, float *h)
{
    lstm(B, H, x, y, c, h);
}

INLINE int32_t weight_of(float x, float largest, float inverse)
{
    return nearest(exponential((x - largest) * inverse) * 536870912.0f);
}

/* The sum of the weights, which are written where `weights` is not NULL. */
INLINE int64_t of_weigh(long n, const float *x, float largest, float inverse, int32_t *weights)
{
    int64_t total = 0;
    for (long i = 0; weights && i < n; i++)
        total += weights[i] = weight_of(x[i], largest, inverse);
    for (long i = 0; !weights && i < n; i++)
        total += weight_of(x[i], largest, inverse);
    return total;
}
VERSIONS(int64_t, weigh,
         (long n, const float *x, float largest, float inverse, int32_t *weights),
         (n, x, largest, inverse, weights))

/* Weights (B, V) of logits, 2²⁹ exp((x - largest) · inverse) cut to whole numbers, or NULL; each
   row's largest logit and the sum of its weights. */
void tangyin_weigh(long B, long V, const float *logits, float inverse, int32_t *weights,
                   float *largest, int64_t *totals)
{
    for (long b = 0; b < B; b++) {
        largest[b] = maximum(V, logits + b * V);
        if (largest[b] == -INFINITY)
            largest[b] = 0;
        totals[b] = weigh(V, logits + b * V, largest[b], inverse, weights ? weights + b * V : NULL);
    }
}

/* y = l + strength (l - m), of B · V log-probabilities l and m. */
INLINE void of_guided(long n, const float *l, const float *m, float strength, float *y)
{
    for (long i = 0; i < n; i++)
        y[i] = (l[i] - m[i]) * strength + l[i];
}
VERSIONS(void, guided, (long n, const float *l, const float *m, float strength, float *y),
         (n, l, m, strength, y))

void tangyin_guide(long n, const float *l, const float *m, float strength, float *y)
{
    guided(n, l, m, strength, y);
}

/* Log-probabilities in place of logits (B, V), by the weights at a temperature of 1. */
void tangyin_normalize(long B, long V, float *logits)
{
    for (long b = 0; b < B; b++, logits += V) {
        float largest;
        int64_t total;
        tangyin_weigh(1, V, logits, 1.0f, NULL, &largest, &total);
        float shift = (float)(largest + log(total / 536870912.0));
        for (long i = 0; i < V; i++)
            logits[i] -= shift;
    }
}

/* The smallest of some weights that is needed to reach a share, largest first, by radix. */
static int32_t least_needed(long count, const int32_t *weights, int64_t share, int32_t *open)
{
    int64_t sums[1024];
    int32_t found = 0;
    for (int shift = 20; shift >= 0; shift -= 10) {
        memset(sums, 0, sizeof sums);
        for (long i = 0; i < count; i++)
            sums[weights[i] >> shift & 1023] += weights[i];
        int bucket = 1023;
        while (bucket > 0 && sums[bucket] < share)
            share -= sums[bucket--];
        found |= bucket << shift;
        long kept = 0;
        for (long i = 0; i < count; i++)
            if ((weights[i] >> shift & 1023) == bucket)
                open[kept++] = weights[i];
        weights = open, count = kept;
    }
    return found;
}

/* The nucleus of each row: its columns in order and their values, `counts` of them in rows of V. */
int tangyin_nucleus(long B, long V, long stride, const float *logits, float inverse, double p,
                    int32_t *columns, float *values, int64_t *counts)
{
    int32_t *weights = malloc((size_t)(3 * V + 48) * sizeof *weights);
    if (!weights)
        return 0;
    int32_t *heavy = weights + V + 16, *open = heavy + V + 16;
    int64_t most = 1;
    for (long b = 0; b < B; b++) {
        const float *row = logits + b * stride;
        int32_t *column = columns + b * V;
        float largest = maximum(V, row), *value = values + b * V;
        if (largest == -INFINITY)
            largest = 0;
        int64_t total = weigh(V, row, largest, inverse, weights);
        int64_t share = (int64_t)ceil(p * (double)total);
        /* What is lighter than this weighs less together than what may be left out. */
        int64_t light = V && total > share ? (total - share) / V : 1;
        long count = chosen->sieve(V, weights, (int32_t)(light > 1 ? light : 1), column);
        for (long i = 0; i < count; i++)
            heavy[i] = weights[column[i]];
        int32_t least = least_needed(count, heavy, share, open);
        long kept = 0;
        for (long i = 0; i < count; i++)
            if (heavy[i] >= least) {
                column[kept] = column[i];
                value[kept++] = row[column[i]];
            }
        counts[b] = kept;
        most = kept > most ? kept : most;
    }
    for (long b = 0; b < B; b++)
        for (long i = counts[b]; i < most; i++) {
            columns[b * V + i] = 0;
            values[b * V + i] = -INFINITY;
        }
    free(weights);
    return 1;
}

/* Put a value into its place among the k largest so far, behind those that are as large. */
INLINE void place(float value, int32_t column, long k, int32_t *columns, float *values)
{
    long j = k - 1;
    if (!(value > values[j]))
        return;
    for (; j > 0 && value > values[j - 1]; j--)
        columns[j] = columns[j - 1], values[j] = values[j - 1];
    columns[j] = column, values[j] = value;
}

/* The k largest of each row, largest first, and their columns; ties by column. */
INLINE void of_largest(long B, long V, long stride, const float *x, long k, int32_t *columns,
                       float *values)
{
    for (long b = 0; b < B; b++, x += stride, columns += k, values += k) {
        for (long j = 0; j < k; j++)
            columns[j] = 0, values[j] = -INFINITY;
        /* So many lanes have a value as large, so no smaller one is among the k largest. */
        float lanes[LANES];
        maxima(V, x, 0, lanes);
        for (int lane = 0; lane < LANES; lane++)
            place(lanes[lane], 0, k, columns, values);
        float least = values[k - 1];
        for (long j = 0; j < k; j++)
            columns[j] = 0, values[j] = -INFINITY;
        for (long block = 0; block < V; block += LANES) {
            long end = block + LANES < V ? block + LANES : V;
            int some = 0;
            for (long i = block; i < end; i++)
                some |= x[i] >= least;
            for (long i = block; some && i < end; i++)
                if (x[i] >= least)
                    place(x[i], (int32_t)i, k, columns, values);
        }
    }
}
VERSIONS(void, largest,
         (long B, long V, long stride, const float *x, long k, int32_t *columns, float *values),
         (B, V, stride, x, k, columns, values))

void tangyin_largest(long B, long V, long stride, const float *x, long k, int32_t *columns,
                     float *values)
{
    largest(B, V, stride, x, k, columns, values);
}
