/* Prints a digest of what each path of the engine's kernel computes, for processors that the tests
   reach only through an emulator: `kernel_digest [PATH …]`. The numbers are drawn here, so that the
   same program gives the same digest for every path of every processor. */

#include <stdio.h>

#include "kernel.c"

static uint64_t state, digest;

static float drawn(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(state >> 32) / 536870912.0f;
}

static void add(const void *data, size_t size)
{
    for (const unsigned char *byte = data; size--; byte++)
        digest = (digest ^ *byte) * 1099511628211u;
}

static void product(long B, long N, long K)
{
    static float x[70 * 1100], bias[300], scales[300], y[70 * 300];
    static int8_t w[300 * 1100];
    static int32_t sums[300];
    for (long i = 0; i < B * K; i++)
        x[i] = drawn();
    for (long n = 0; n < N; n++) {
        bias[n] = drawn(), scales[n] = drawn() / 100, sums[n] = 0;
        for (long k = 0; k < K; k++)
            sums[n] += w[n * K + k] = (int8_t)(drawn() * 31);
    }
    tangyin_linear(B, N, K, x, w, scales, sums, N % 2 ? bias : NULL, y);
    add(y, (size_t)(B * N) * sizeof *y);
}

static void functions(void)
{
    enum { B = 5, V = 1003 };
    static float x[B * V], y[B * V], z[B * V], c[V];
    static int32_t columns[B * V], weights[B * V];
    static int64_t counts[B];
    float largest[B];
    for (long i = 0; i < B * V; i++)
        x[i] = 4 * drawn();
    tangyin_sigmoid(B * V, x, y), add(y, sizeof y);
    tangyin_tanh(B * V, x, y), add(y, sizeof y);
    tangyin_weigh(B, V, x, 1.4f, weights, largest, counts);
    add(weights, sizeof weights), add(largest, sizeof largest), add(counts, sizeof counts);
    tangyin_nucleus(B, V, V, x, 1.4f, 0.9, columns, y, counts), add(counts, sizeof counts);
    for (long b = 0; b < B; b++)
        add(columns + b * V, (size_t)counts[b] * sizeof *columns);
    tangyin_largest(B, V, V, x, 5, columns, y), add(columns, 20 * B), add(y, 20 * B);
    tangyin_guide(B * V, x, y, 1.7f, z), add(z, sizeof z);
    memcpy(c, y, sizeof c);
    tangyin_lstm(1, V, x, x + V, c, z), add(c, sizeof c), add(z, V * sizeof *z);
}

int main(int count, char **names)
{
    for (int n = 1; n < count; n++) {
        if (!tangyin_choose(names[n]))
            return 1;
        state = 1, digest = 14695981039346656037u;
        const long sizes[][3] = {{1, 16, 64}, {2, 3, 9},     {3, 20, 1100}, {4, 33, 130},
                                 {5, 48, 66}, {9, 64, 1056}, {16, 300, 47}, {31, 50, 512},
                                 {33, 18, 4}, {70, 17, 101}};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            product(sizes[i][0], sizes[i][1], sizes[i][2]);
        functions();
        printf("%s %016llx\n", tangyin_chosen(), (unsigned long long)digest);
    }
    return 0;
}
