// What happens between the matrix products of a training step, each in one pass over memory.
//
// Plain C functions without any header of torch, so that they compile in two seconds; tangyin.nn.native
// builds and calls them. Every array is contiguous. Suffix _f32: products in float32. Suffix _bf16:
// products in bfloat16, everything else in float32; what the backward pass needs of the gates is then
// kept as int16 in steps of 1/32767. That is as small as bfloat16, and finer from 1/128 up to 1, where
// the derivatives 1 - i and 1 - g² need it; below 1/128 a gate has hardly a share in any gradient.
//
// The gates of a row are i, f, g, o, each of H values.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using Bf16 = uint16_t;
using Fixed = int16_t;

constexpr Fixed NO_NUMBER = -32768;  // a NaN

inline float as_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t as_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float load(float x) { return x; }
inline float load(Bf16 x) { return as_float(static_cast<uint32_t>(x) << 16); }
inline float load(Fixed x) { return x == NO_NUMBER ? NAN : static_cast<float>(x) * (1.0f / 32767.0f); }

inline void store(float* to, float x) { *to = x; }
inline void store(Bf16* to, float x) {  // to nearest, ties to even; the shift keeps a NaN one
  uint32_t bits = as_bits(x);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  *to = static_cast<Bf16>(x == x ? rounded : 0x7fc0u);
}
inline void store(Fixed* to, float x) {  // x in [-1, 1]; to nearest
  *to = static_cast<Fixed>((x == x ? static_cast<int32_t>(x * 32767.0f + 32768.5f) : 0) - 32768);
}

// e^x by 2^n times a polynomial on |r| <= ln(2)/2 (Cephes' expf); a NaN stays one. Below -87, where
// float32 ends, it stays at e^-87; above 88 it is infinite, so that 1 / (1 + e^x) reaches 0.
inline float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  float shifted = x * 1.44269504f + shift;
  float n = shifted - shift;
  float r = x - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const float power = p * as_float((as_bits(shifted) - as_bits(shift) + 127u) << 23);
  return x > 88.0f ? INFINITY : power;
}

inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

// Near 0 a polynomial (Cephes' tanhf), for there the quotient's difference from 1 is all rounding.
inline float tanh_of(float x) {
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float large = 2.0f / (1.0f + exponential(-2.0f * x)) - 1.0f;
  return z < 0.390625f ? x + x * z * p : large;
}

constexpr long PARALLEL_FROM = 4096;  // elements below which a second thread does not pay

// y holds W_ih x (and, in float32, all of the pre-activation); recurrent holds W_hh h or is null.
template <class P, class G>
void forward(long B, long H, const P* y, const P* recurrent, const float* bias, const float* c_past,
             const P* h_past, const uint8_t* keep, G* gates, float* c, P* h) {
#pragma omp parallel for schedule(static) if (B * H >= PARALLEL_FROM)
  for (long b = 0; b < B; ++b) {
    const P* yb = y + b * 4 * H;
    const P* rb = recurrent ? recurrent + b * 4 * H : nullptr;
    G* gb = gates + b * 4 * H;
    const long row = b * H;
    if (keep && !keep[b]) {
      std::memcpy(c + row, c_past + row, H * sizeof(float));
      std::memcpy(h + row, h_past + row, H * sizeof(P));
      continue;
    }
#pragma omp simd
    for (long j = 0; j < H; ++j) {
      float yi = load(yb[j]), yf = load(yb[H + j]), yg = load(yb[2 * H + j]), yo = load(yb[3 * H + j]);
      if (bias) {
        yi += bias[j];
        yf += bias[H + j];
        yg += bias[2 * H + j];
        yo += bias[3 * H + j];
      }
      if (rb) {
        yi += load(rb[j]);
        yf += load(rb[H + j]);
        yg += load(rb[2 * H + j]);
        yo += load(rb[3 * H + j]);
      }
      const float i = sigmoid(yi), f = sigmoid(yf), g = tanh_of(yg), o = sigmoid(yo);
      const float now = f * c_past[row + j] + i * g;
      store(gb + j, i);
      store(gb + H + j, f);
      store(gb + 2 * H + j, g);
      store(gb + 3 * H + j, o);
      c[row + j] = now;
      store(h + row + j, o * tanh_of(now));
    }
  }
}

// product: W_hh^T dy of the step after, or null at the last step; carried: what masked rows pass on
// past the product, or null without a mask; dh_out: gradient of h from outside, or null.
template <class P, class G>
void backward(long B, long H, const G* gates, const float* c, const float* c_past, const P* product,
              const P* dh_out, const float* dc_out, const uint8_t* keep, float* carried, float* dc,
              P* dy) {
  const std::vector<float> none(H, 0.0f);  // read in place of what is null: the loop has no branches
  const P* no_p = reinterpret_cast<const P*>(none.data());
#pragma omp parallel for schedule(static) if (B * H >= PARALLEL_FROM)
  for (long b = 0; b < B; ++b) {
    const G* gb = gates + b * 4 * H;
    P* db = dy + b * 4 * H;
    const long row = b * H;
    const float* handed_on = carried ? carried + row : none.data();
    const P* after = product ? product + row : no_p;
    const P* dh_outside = dh_out ? dh_out + row : no_p;
    const float* dc_outside = dc_out ? dc_out + row : none.data();
    if (keep && !keep[b]) {
      for (long j = 0; j < H; ++j) {
        carried[row + j] += load(after[j]) + load(dh_outside[j]);
        dc[row + j] += dc_outside[j];
      }
      std::fill(db, db + 4 * H, P(0));
      continue;
    }
#pragma omp simd
    for (long j = 0; j < H; ++j) {
      const float i = load(gb[j]), f = load(gb[H + j]), g = load(gb[2 * H + j]), o = load(gb[3 * H + j]);
      const float th = tanh_of(c[row + j]);
      const float dh = handed_on[j] + load(after[j]) + load(dh_outside[j]);
      const float d = dc[row + j] + dc_outside[j] + dh * o * (1.0f - th * th);
      store(db + j, d * g * i * (1.0f - i));
      store(db + H + j, d * c_past[row + j] * f * (1.0f - f));
      store(db + 2 * H + j, d * i * (1.0f - g * g));
      store(db + 3 * H + j, dh * th * o * (1.0f - o));
      dc[row + j] = d * f;
    }
    if (carried) std::fill(carried + row, carried + row + H, 0.0f);
  }
}

// Rows whose share of the bias's gradient is summed by itself. The shares are added in order, so that
// its rounding does not depend on which thread is done first, nor on how many there are.
constexpr long PART = 8;

// Cross-entropy of `rows` rows of V logits, and its gradient in place of them where `scale` is given
// (the loss's derivative by each row's nll). Echoed ids have echo[class] added to their logits.
template <class P>
void cross_entropy(long rows, long V, P* logits, const float* bias, const int64_t* targets,
                   const float* scale, long echoes, const int32_t* echo_ids,
                   const int8_t* echo_classes, long classes, const float* echo, float* nll,
                   float* dbias, float* decho) {
#pragma omp parallel
  {
    std::vector<float> row(V), sums(V);
    float* x = row.data();
    float* s = sums.data();
#pragma omp for ordered schedule(static, 1)
    for (long first = 0; first < rows; first += PART) {
      if (scale) std::fill(s, s + V, 0.0f);
      for (long n = first; n < std::min(rows, first + PART); ++n) {
        P* given = logits + n * V;
        const long target = targets[n];
        const int32_t* ids = echo_ids + n * echoes;
        const int8_t* kinds = echo_classes + n * echoes;
        const float* added = echo + n * classes;
        float most = -INFINITY;
#pragma omp simd reduction(max : most)
        for (long v = 0; v < V; ++v) {
          const float value = load(given[v]) + bias[v];
          x[v] = value;
          most = value > most ? value : most;
        }
        bool lowered = false;  // the largest logit, by an echo below zero
        for (long e = 0; e < echoes; ++e) {
          if (kinds[e] < 0) continue;
          float& value = x[ids[e]];
          lowered = lowered || (value == most && added[kinds[e]] < 0.0f);
          value += added[kinds[e]];
          most = value > most ? value : most;
        }
        if (lowered) most = *std::max_element(x, x + V);
        const float wanted = x[target];
        float total = 0.0f;
#pragma omp simd reduction(+ : total)
        for (long v = 0; v < V; ++v) {
          x[v] = exponential(x[v] - most);
          total += x[v];
        }
        nll[n] = std::log(total) + most - wanted;
        if (!scale) continue;
        const float factor = scale[n] / total;
        x[target] -= total;  // so that the factor makes it p - 1
        if (decho) {
          float* d = decho + n * classes;
          for (long k = 0; k < classes; ++k) d[k] = 0.0f;
          for (long e = 0; e < echoes; ++e)
            if (kinds[e] >= 0) d[kinds[e]] += x[ids[e]] * factor;
        }
#pragma omp simd
        for (long v = 0; v < V; ++v) {
          const float d = x[v] * factor;
          s[v] += d;
          store(given + v, d);
        }
      }
      if (scale) {
#pragma omp ordered
        for (long v = 0; v < V; ++v) dbias[v] += s[v];
      }
    }
  }
}

constexpr long TILE = 32;  // rows and columns; a row of 16-bit numbers is a line of the cache

// `put` takes the place in `to` and the number that belongs there.
template <class P, class Q, class Put>
void transpose(long rows, long columns, const P* from, Q* to, Put put) {
#pragma omp parallel for collapse(2) schedule(static) if (rows * columns >= PARALLEL_FROM)
  for (long left = 0; left < columns; left += TILE) {
    for (long top = 0; top < rows; top += TILE) {
      const long height = std::min(TILE, rows - top), width = std::min(TILE, columns - left);
      P tile[TILE][TILE];
      for (long n = 0; n < height; ++n)
        std::memcpy(tile[n], from + (top + n) * columns + left, width * sizeof(P));
      for (long m = 0; m < width; ++m) {
        Q* row = to + (left + m) * rows + top;
        for (long n = 0; n < height; ++n) put(row[n], tile[n][m]);
      }
    }
  }
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

#define LSTM(SUFFIX, P, G)                                                                            \
  EXPORT void lstm_forward_##SUFFIX(long B, long H, const P* y, const P* recurrent, const float* bias, \
                                    const float* c_past, const P* h_past, const uint8_t* keep,        \
                                    G* gates, float* c, P* h) {                                       \
    forward<P, G>(B, H, y, recurrent, bias, c_past, h_past, keep, gates, c, h);                       \
  }                                                                                                   \
  EXPORT void lstm_backward_##SUFFIX(long B, long H, const G* gates, const float* c,                  \
                                     const float* c_past, const P* product, const P* dh_out,          \
                                     const float* dc_out, const uint8_t* keep, float* carried,        \
                                     float* dc, P* dy) {                                              \
    backward<P, G>(B, H, gates, c, c_past, product, dh_out, dc_out, keep, carried, dc, dy);           \
  }                                                                                                   \
  EXPORT void cross_entropy_##SUFFIX(long rows, long V, P* logits, const float* bias,                 \
                                     const int64_t* targets, const float* scale, long echoes,         \
                                     const int32_t* echo_ids, const int8_t* echo_classes,             \
                                     long classes, const float* echo, float* nll, float* dbias,       \
                                     float* decho) {                                                  \
    cross_entropy<P>(rows, V, logits, bias, targets, scale, echoes, echo_ids, echo_classes, classes,  \
                     echo, nll, dbias, decho);                                                        \
  }                                                                                                   \
  EXPORT void transpose_##SUFFIX(long rows, long columns, const P* from, P* to) {                     \
    transpose(rows, columns, from, to, [](P& place, P x) { place = x; });                             \
  }                                                                                                   \
  EXPORT void transpose_wide_##SUFFIX(long rows, long columns, const P* from, float* to, bool add) {  \
    if (add)                                                                                          \
      transpose(rows, columns, from, to, [](float& place, P x) { place += load(x); });                \
    else                                                                                              \
      transpose(rows, columns, from, to, [](float& place, P x) { place = load(x); });                 \
  }

LSTM(f32, float, float)
LSTM(bf16, Bf16, Fixed)
