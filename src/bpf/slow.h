/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What one frame of XDP cannot do: fragments. The frame goes to user space, which sends them. */
#pragma once
#include "account.h"
#include "encapsulate.h"
#include "parse.h"

/* The MTU of the way out: what fits, and the outer header. */
INLINE __u32 way_out_mtu(const struct packet *p)
{
	__u32 kind = p->server->encapsulation, mtu = p->server->room;

	if (kind == ENCAPSULATION_NONE)
		return mtu;
	mtu += kind & OUTER_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	kind &= ~OUTER_IPV6;
	return mtu + (kind == ENCAPSULATION_GUE ? GUE_BYTES : kind == ENCAPSULATION_GRE ? GRE_BYTES : 0);
}

/* What user space needs to know of the frame. Out of line, which puts the structure into the types that the test reads.
 */
static __noinline long describe(struct slow_frame *slow_frame, __u32 ifindex, __u32 length, __u32 mtu, __u32 l3)
{
	slow_frame->ifindex = ifindex;
	slow_frame->length = length;
	slow_frame->mtu = mtu;
	slow_frame->l3_offset = l3;
	slow_frame->reserved = 0;
	return 0;
}

/* The frame as it stands, without the DF that encapsulation gave it: who fragments also does the checksum. */
GLOBAL int hand_over(struct xdp_md *ctx, __u32 ifindex, __u32 mtu, __u32 l3, __u64 bytes)
{
	__u64 length = ctx->data_end - ctx->data;
	struct slow_frame *slow_frame;

	asm volatile("" : "+r"(length)); /* the check below is of all 64 bits, as the verifier wants it */
	if (length < sizeof(struct ethhdr) || length > FRAME_BYTES)
		return drop(DROP_TOO_BIG, bytes);
	slow_frame = bpf_ringbuf_reserve(&slow, sizeof(*slow_frame), 0);
	if (!slow_frame)
		return drop(DROP_TOO_BIG_UNANSWERED, bytes);
	describe(slow_frame, ifindex, length, mtu, l3);
	if (bpf_xdp_load_bytes(ctx, 0, slow_frame->frame, length)) {
		bpf_ringbuf_discard(slow_frame, 0);
		return drop(DROP_TOO_BIG, bytes);
	}
	bpf_ringbuf_submit(slow_frame, 0);
	account_tally(DECISION_FRAGMENTED, bytes);
	return XDP_DROP;
}
