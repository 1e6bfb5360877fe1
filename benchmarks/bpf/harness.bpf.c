// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The measuring harness: rebuilds the next frame from what the previous round left, then calls the program under
 * test.
 *
 * BPF_PROG_TEST_RUN with repeat gives every round the buffer of the previous round. Without the harness, a forwarded
 * frame would be forwarded again or dropped, and the figure would describe something else.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct harness {
	__u32 frame_bytes; /* length of the frame at the start of every round */
	__u32 flows; /* 0: the frame as it is; otherwise each frame gets a random one of this many source addresses */
	__u32 services;	   /* 0: the frame as it is; otherwise each frame gets a random one of this many pairs of IPv4
			      address and port */
	__u32 ipv6;	   /* the frame is IPv6: the flow is in the last four bytes of the source address */
	__u64 random;	   /* state of the random generator */
	__u8 ethernet[16]; /* the Ethernet header, 14 bytes */
} harness;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 1);
} target SEC(".maps");

#define FIRST_SOURCE	  0x0b000001 /* 11.0.0.1 */
#define FIRST_VIP	  0xc6120000 /* 198.18.0.0 */
#define FIRST_PORT	  8000
#define SERVICES_OF_A_VIP 4
#define SOURCE_PORT	  12345
#define IPV4_SOURCE	  26 /* offsets in the frame */
#define IPV6_SOURCE_END	  30 /* its last eight bytes */
#define IPV4_DESTINATION  30
#define IPV4_PORTS	  34

/* A random number below many: the upper 32 bits of a 64-bit linear congruential generator, scaled. */
static __always_inline __u32 next_of(__u32 many)
{
	__u64 random = harness.random * 6364136223846793005ULL + 1442695040888963407ULL;

	harness.random = random;
	return (random >> 32) * many >> 32;
}

SEC("xdp")
int measure(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 bytes = end - data;
	int added;

	asm volatile("" : "+r"(bytes)); /* keeps the pointer subtraction 64 bits wide, as the verifier requires */
	added = (int)bytes - (int)harness.frame_bytes;
	if (added) {
		if (bpf_xdp_adjust_head(ctx, added))
			return XDP_ABORTED;
		data = (void *)(long)ctx->data;
		end = (void *)(long)ctx->data_end;
	}
	if (data + 42 > end)
		return XDP_ABORTED;
	*(volatile __u64 *)data = *(__u64 *)harness.ethernet;
	*(volatile __u32 *)(data + 8) = *(__u32 *)(harness.ethernet + 8);
	*(volatile __u16 *)(data + 12) = *(__u16 *)(harness.ethernet + 12);
	/*
	 * Fields are written in the width in which the program reads them. A load that is wider than the preceding
	 * store waits until the store has reached the cache; a frame from a network card never causes that.
	 */
	if (harness.flows) {
		__u32 flow = FIRST_SOURCE + next_of(harness.flows);

		if (harness.ipv6)
			*(volatile __u64 *)(data + IPV6_SOURCE_END) = bpf_cpu_to_be64((__u64)flow);
		else
			*(volatile __u32 *)(data + IPV4_SOURCE) = bpf_htonl(flow);
	}
	if (harness.services) {
		__u32 service = next_of(harness.services);

		*(volatile __u32 *)(data + IPV4_DESTINATION) = bpf_htonl(FIRST_VIP + service / SERVICES_OF_A_VIP);
		*(volatile __u32 *)(data + IPV4_PORTS) =
		    bpf_htonl(SOURCE_PORT << 16 | (FIRST_PORT + service % SERVICES_OF_A_VIP));
	}
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
