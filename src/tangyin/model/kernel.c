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
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#define NEON
#define HAS_NEON 1
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_neon.h>
#include <sys/auxv.h>
#define NEON __attribute__((target("arch=armv8.2-a+dotprod")))
#define HAS_NEON (getauxval(AT_HWCAP) >> 20 & 1) /* HWCAP_ASIMDDP */
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define WASM
#endif
#ifndef CLONES
#define CLONES
#endif

#define TOGETHER 64 /* rows of activations whose products are computed together */
#define WIDTH 64 /* bytes of the widest register; rows of activations are padded to it */
#define UNROLLED _Pragma("GCC unroll 16") /* arrays of registers stay registers */
#define INLINE static inline __attribute__((always_inline))

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

/* Linux lets a process use the tiles when it asks (ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). */
static int amx_granted(void)
{
    unsigned a = 7, b = 0, c = 0, d = 0;
    __cpuid_count(7, 0, a, b, c, d);
    return (d >> 24 & 3) == 3 && syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}
#endif

#ifdef NEON
NEON static void neon(long rows, long K, long padded, const int8_t *x, const int8_t *w,
                      int32_t *sums)
{
    long whole = K / 16 * 16;
    for (long b = 0; b < rows; b++) {
        int32x4_t acc[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
        for (long k = 0; k < whole; k += 16) {
            int8x16_t row = vld1q_s8(x + b * padded + k);
            for (long n = 0; n < 4; n++)
                acc[n] = vdotq_s32(acc[n], row, vld1q_s8(w + n * K + k));
        }
        for (long n = 0; n < 4; n++) {
            int32_t sum = vaddvq_s32(acc[n]);
            for (long k = whole; k < K; k++)
                sum += (int32_t)x[b * padded + k] * w[n * K + k];
            sums[b * 16 + n] = sum;
        }
    }
}
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

static const char *chosen = "portable";
static Tile *tile = portable;
static Sieve *sieve = plain_sieve;
static int added = 0;    /* to every activation */
static int sixteen = 0;  /* whether sixteen rows of activations are multiplied at once */
static int matrices = 0; /* whether AMX is used where sizes fit */

static int choose(const char *name, Tile *tiles, Sieve *sieves, int addition, int with_matrices)
{
    chosen = name, tile = tiles, sieve = sieves, added = addition, matrices = with_matrices;
    sixteen = addition && !with_matrices;
    return 1;
}

/* Choose the path by name, or the fastest that the processor has; 0 if it has no such path. */
int tangyin_choose(const char *name)
{
#define ASKED(path) (name == NULL || !strcmp(name, path))
#ifdef X86
    __builtin_cpu_init();
    int bytes = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl");
    if (ASKED("amx") && bytes && amx_granted())
        return choose("amx", vnni, wide_sieve, 128, 1);
    if (ASKED("vnni") && bytes)
        return choose("vnni", vnni, wide_sieve, 128, 0);
    if (ASKED("avx2") && __builtin_cpu_supports("avx2"))
        return choose("avx2", avx2, plain_sieve, 0, 0);
#endif
#ifdef NEON
    if (ASKED("neon") && HAS_NEON)
        return choose("neon", neon, plain_sieve, 0, 0);
#endif
#ifdef WASM
    if (ASKED("wasm"))
        return choose("wasm", wasm, plain_sieve, 0, 0);
#endif
    return ASKED("portable") && choose("portable", portable, plain_sieve, 0, 0);
}

const char *tangyin_chosen(void) { return chosen; }

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

CLONES static float maximum(long n, const float *x)
{
    return maximum_of(n, x, 0);
}

CLONES static float maximum_magnitude(long n, const float *x)
{
    return maximum_of(n, x, 1);
}

CLONES static void quantize(long n, const float *x, float scale, int add, int8_t *q)
{
    for (long k = 0; k < n; k++)
        q[k] = (int8_t)(nearest(x[k] / scale) + add);
}

/* y = sums · scale of the row of x · scale of the row of W + bias, for some rows of weights. */
INLINE void finish(const long count, const int32_t *sums, const int32_t *row_sums, int32_t add,
                   float of_row, const float *scales, const float *bias, float *y)
{
    for (long m = 0; m < count; m++) {
        float value = (float)(sums[m] - add * row_sums[m]) * of_row * scales[m];
        y[m] = bias ? value + bias[m] : value;
    }
}

#ifdef X86
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
#endif

/* Rows of activations in blocks of 16, which lie in fours of columns. */
static void pack(long B, long padded, const int8_t *q, int8_t *packed)
{
    for (long b = 0; b < B; b += 16)
        for (long k = 0; k < padded; k += 4)
            for (long r = 0; r < 16; r++)
                memcpy(packed + b * padded + k * 16 + r * 4,
                       q + (b + r < B ? b + r : b) * padded + k, 4);
}

/* Sixteen rows of weights at a time; the last sixteen, or four, overlap those before. */
CLONES static void by_fours(long B, long N, long K, long padded, const int8_t *q,
                            const float *of_row, const int8_t *w, const float *scales,
                            const int32_t *row_sums, const float *bias, float *y, int8_t *packed)
{
    const long wide = N < 16 ? N : 16;
    const int many = sixteen && wide == 16 && B > 8 && K % 4 == 0;
    if (many)
        pack(B, padded, q, packed);
    for (long next = 0; next < N; next += 16) {
        long n = next + wide <= N ? next : N - wide;
        const float *own = bias ? bias + n : NULL;
        for (long b = 0, rows; b < B; b += rows) {
#ifdef X86
            if (many && B - b > 8) {
                rows = B - b < 32 ? B - b : 32;
                vnni_many(rows, N, K, padded, packed + b * padded, w + n * K, of_row + b,
                          scales + n, row_sums + n, own, y + b * N + n);
                continue;
            }
#endif
            int32_t sums[4][16];
            rows = B - b < 4 ? B - b : 4;
            if (N < 4)
                plain(rows, N, K, padded, q + b * padded, w, sums[0]);
            for (long m = 0; m < wide && N >= 4; m += 4) {
                long at = m + 4 <= wide ? m : wide - 4;
                tile(rows, K, padded, q + b * padded, w + (n + at) * K, sums[0] + at);
            }
            for (long r = 0; r < rows; r++) {
                float *to = y + (b + r) * N + n;
                if (wide == 16)
                    finish(16, sums[r], row_sums + n, added, of_row[b + r], scales + n, own, to);
                else
                    finish(wide, sums[r], row_sums, N < 4 ? 0 : added, of_row[b + r], scales, own,
                           to);
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
    int amx = matrices && N >= 32;
    int8_t *q = aligned_alloc(WIDTH, (size_t)(2 * TOGETHER * padded));
    if (!q)
        return 0;
    for (long next = 0; next < B; next += TOGETHER, x += TOGETHER * K, y += TOGETHER * N) {
        long rows = B - next < TOGETHER ? B - next : TOGETHER;
        float of_row[TOGETHER];
        for (long b = 0; b < rows; b++) {
            float scale = maximum_magnitude(K, x + b * K) / 127.0f;
            of_row[b] = scale == 0 ? 1 : scale;
            quantize(K, x + b * K, of_row[b], amx || N < 4 ? 0 : added, q + b * padded);
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

CLONES void tangyin_sigmoid(long n, const float *x, float *y)
{
    for (long i = 0; i < n; i++)
        y[i] = 1.0f / (1.0f + exponential(-x[i]));
}

CLONES void tangyin_tanh(long n, const float *x, float *y)
{
    for (long i = 0; i < n; i++)
        y[i] = 1.0f - 2.0f / (1.0f + exponential(2.0f * x[i]));
}

INLINE int32_t weight_of(float x, float largest, float inverse)
{
    return nearest(exponential((x - largest) * inverse) * 536870912.0f);
}

/* The sum of the weights, which are written where `weights` is not NULL. */
CLONES static int64_t weigh(long n, const float *x, float largest, float inverse, int32_t *weights)
{
    int64_t total = 0;
    for (long i = 0; weights && i < n; i++)
        total += weights[i] = weight_of(x[i], largest, inverse);
    for (long i = 0; !weights && i < n; i++)
        total += weight_of(x[i], largest, inverse);
    return total;
}

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
        long count = sieve(V, weights, (int32_t)(light > 1 ? light : 1), column);
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

/* The k largest of each row, largest first, and their columns; ties by column. */
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

CLONES void tangyin_largest(long B, long V, long stride, const float *x, long k, int32_t *columns,
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
