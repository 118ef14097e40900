// "Physical limit": unchecked 3-level walk over 64-bit PTEs and a 4-way set-associative IOTLB, plain C -O3; and what this
// machine's own kernel takes for an ioctl(2) that copies one word out.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <inttypes.h>
#include <time.h>
#include <sys/ioctl.h>
#include <unistd.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static int cmp(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return x < y ? -1 : x > y; }
#define NP 65536
static uint64_t *mem; static uint64_t next = 1;
static uint32_t order[NP]; static uint64_t iova_seq[NP], iova_rnd[NP], iova_hot[NP];
static void map(uint64_t root, uint64_t va, uint64_t pte) {
  uint64_t t = root;
  for (int i = 2; i > 0; i--) { uint64_t *e = &mem[t * 512 + ((va >> (12 + 9 * i)) & 511)]; if (!*e) *e = (next++ << 10) | 1; t = *e >> 10; }
  mem[t * 512 + ((va >> 12) & 511)] = pte;
}
static inline uint64_t unmap(uint64_t root, uint64_t va) {
  uint64_t t = root;
  for (int i = 2; i > 0; i--) t = mem[t * 512 + ((va >> (12 + 9 * i)) & 511)] >> 10;
  mem[t * 512 + ((va >> 12) & 511)] = 0;
  return t;
}
static inline __attribute__((always_inline)) uint64_t walk(uint64_t root, uint64_t va) {
  uint64_t t = root;
  t = mem[t * 512 + ((va >> 30) & 511)] >> 10;
  t = mem[t * 512 + ((va >> 21) & 511)] >> 10;
  t = mem[t * 512 + ((va >> 12) & 511)] >> 10;
  return (t << 12) | (va & 4095);
}
// same walk, minimal checks (valid bit, leaf test, write permission)
static inline __attribute__((always_inline)) uint64_t walkc(uint64_t root, uint64_t va, uint64_t need) {
  uint64_t t = root;
  for (int i = 2; i >= 0; i--) {
    uint64_t e = mem[t * 512 + ((va >> (12 + 9 * i)) & 511)];
    if (!(e & 1)) return ~0ULL;
    t = (e >> 10) & 0xFFFFFFFFFFFULL;
    if (e & 0xE) { uint64_t m = (1ULL << (9 * i)) - 1; if ((e & need) != need || (t & m)) return ~0ULL; return ((t | ((va >> 12) & m)) << 12) | (va & 4095); }
  }
  return ~0ULL;
}
// dependent chain version: next index depends on the previous answer (latency, not throughput)
#define SETS 64
#define WAYS 4
static struct { uint64_t tag[WAYS]; uint64_t pfn[WAYS]; } tlb[SETS];
static inline __attribute__((always_inline)) uint64_t tlb_get(uint64_t va, uint64_t asid) {
  uint64_t vpn = va >> 12, key = (vpn << 16) | asid; unsigned s = vpn & (SETS - 1);
  for (int w = 0; w < WAYS; w++) if (tlb[s].tag[w] == key) return (tlb[s].pfn[w] << 12) | (va & 4095);
  return ~0ULL;
}
static inline __attribute__((always_inline)) uint64_t tlb_get_bl(uint64_t va, uint64_t asid) {  // branch-free way select
  uint64_t vpn = va >> 12, key = (vpn << 16) | asid; unsigned s = vpn & (SETS - 1); uint64_t p = 0, hit = 0;
  for (int w = 0; w < WAYS; w++) { uint64_t m = -(uint64_t)(tlb[s].tag[w] == key); p |= tlb[s].pfn[w] & m; hit |= m; }
  return hit ? (p << 12) | (va & 4095) : ~0ULL;
}
// With a label as argument, that loop alone.
#define RUN(label, N, EXPR) if (argc < 2 || !strcmp(argv[1], label)) do { double v[5]; uint64_t sink = 0; for (int r = 0; r < 6; r++) { double t0 = now(); \
    for (long i = 0; i < (N); i++) { sink += (EXPR); } double dt = now() - t0; if (r) v[r - 1] = (N) / dt; } \
    qsort(v, 5, sizeof *v, cmp); printf("C    %-52s %9.2f M/s %7.2f ns  (%.1f..%.1f) sink=%" PRIx64 "\n", label, v[2] / 1e6, 1e9 / v[2], v[0] / 1e6, v[4] / 1e6, sink); } while (0)
int main(int argc, char **argv) {
  mem = calloc(512 * 1024, 8);
  uint64_t root = next++, VA0 = 0x40000000ULL;
  for (uint32_t i = 0; i < NP; i++) order[i] = i;
  uint64_t x = 88172645463325252ULL;
  for (uint32_t i = NP - 1; i > 0; i--) { x ^= x << 13; x ^= x >> 7; x ^= x << 17; uint32_t j = x % (i + 1), t = order[i]; order[i] = order[j]; order[j] = t; }
  for (uint32_t i = 0; i < NP; i++) { map(root, VA0 + ((uint64_t)i << 12), ((0x100000ULL + i) << 10) | 0xDF); iova_seq[i] = VA0 + ((uint64_t)i << 12) + (i & 0xfff); iova_rnd[i] = VA0 + ((uint64_t)order[i] << 12) + (i & 0xfff); iova_hot[i] = VA0 + ((uint64_t)(order[i] & 255) << 12) + (i & 0xfff); }
  for (uint32_t i = 0; i < 256; i++) { uint64_t vpn = (VA0 >> 12) + i; int s = vpn & (SETS - 1), w = i / SETS; tlb[s].tag[w] = (vpn << 16) | 5; tlb[s].pfn[w] = 0x100000 + i; }
  RUN("3-level walk, no checks, sequential 64k pages", 20000000L, walk(root, iova_seq[i & (NP - 1)]));
  RUN("3-level walk, no checks, random 64k pages", 20000000L, walk(root, iova_rnd[i & (NP - 1)]));
  RUN("3-level walk, V/leaf/perm/align checks, sequential", 20000000L, walkc(root, iova_seq[i & (NP - 1)], 4));
  RUN("3-level walk, V/leaf/perm/align checks, random", 20000000L, walkc(root, iova_rnd[i & (NP - 1)], 4));
  RUN("IOTLB 64x4, 256 hot pages, all hits", 20000000L, tlb_get(iova_hot[i & (NP - 1)], 5));
  RUN("IOTLB 64x4, 256 hot pages, all hits, branch-free ways", 20000000L, tlb_get_bl(iova_hot[i & (NP - 1)], 5));
  RUN("IOTLB 64x4, one hot page", 20000000L, tlb_get(iova_hot[0] + (i & 4095 & ~7), 5));
  RUN("map, 64k pages", 2000000L, (map(root, iova_seq[i & (NP - 1)] & ~4095ULL, ((0x100000ULL + (i & (NP - 1))) << 10) | 0xDF), 1));
  RUN("unmap, 64k pages", 2000000L, unmap(root, iova_seq[i & (NP - 1)]));
  for (uint32_t i = 0; i < NP; i++) map(root, VA0 + ((uint64_t)i << 12), ((0x100000ULL + i) << 10) | 0xDF);
  uint64_t dep = 0;
  RUN("3-level walk, random, dependent chain (latency)", 20000000L, (dep = walk(root, iova_rnd[(i + (dep >> 63)) & (NP - 1)])));
  int ends[2], waiting;
  if (pipe(ends)) return 1;
  RUN("ioctl(2), FIONREAD of a pipe", 1000000L, ioctl(ends[0], FIONREAD, &waiting));
  return 0;
}
