// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The measuring harness: makes the next frame out of what the last round left, then calls the program under test.
 *
 * BPF_PROG_TEST_RUN with repeat hands every round the buffer of the round before. Without this a forwarded frame would
 * be forwarded again, or dropped, and the figure would be for something else.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct harness {
	__u32 frame_bytes; /* of the frame that every round begins with */
	__u32 flows;	   /* 0: the frame as it is; else a random one of so many source addresses */
	__be32 destination;
	__u32 reserved;
	__u64 random;	   /* state of the generator */
	__u8 ethernet[16]; /* the Ethernet header, 14 bytes */
} harness;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 1);
} target SEC(".maps");

#define FIRST_SOURCE 0x0b000001 /* 11.0.0.1 */

SEC("xdp")
int measure(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 bytes = end - data;
	int added;

	asm volatile("" : "+r"(bytes)); /* keeps the pointer subtraction 64 bits wide, as the verifier wants it */
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
	if (harness.flows) {
		__u64 random = harness.random * 6364136223846793005ULL + 1442695040888963407ULL;
		__u32 flow = ((random >> 32) * harness.flows) >> 32;

		harness.random = random;
		*(volatile __u32 *)(data + 26) = bpf_htonl(FIRST_SOURCE + flow);
	}
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
