/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * XDP cannot turn one frame into several fragments. The frame is punted to user space, which fragments and sends it.
 */
#pragma once
#include "account.h"
#include "encapsulate.h"
#include "parse.h"

/* The MTU of the egress interface: the inner MTU plus the outer header. */
INLINE __u32 egress_mtu(const struct packet *p)
{
	__u32 kind = p->server->encapsulation, mtu = p->server->inner_mtu;

	if (kind == ENCAPSULATION_NONE)
		return mtu;
	mtu += kind & OUTER_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	kind &= ~OUTER_IPV6;
	return mtu + (kind == ENCAPSULATION_GUE ? GUE_BYTES : kind == ENCAPSULATION_GRE ? GRE_BYTES : 0);
}

/* Metadata of the frame for user space. Out of line, so that the structure appears in the BTF that the test reads. */
static __noinline long describe_frame(struct punted_frame *frame, __u32 ifindex, __u32 length, __u32 mtu, __u32 l3)
{
	frame->ifindex = ifindex;
	frame->length = length;
	frame->mtu = mtu;
	frame->l3_offset = l3;
	frame->reserved = 0;
	return 0;
}

/*
 * The frame as it is, without clearing the DF bit that encapsulation set: user space fragments it and updates the
 * checksum.
 */
GLOBAL int punt(struct xdp_md *ctx, __u32 ifindex, __u32 mtu, __u32 l3, __u64 bytes)
{
	__u64 length = ctx->data_end - ctx->data;
	struct punted_frame *frame;

	barrier_var(length); /* the check below compares all 64 bits, as the verifier requires */
	if (length < sizeof(struct ethhdr) || length > FRAME_BYTES)
		return drop(DROP_TOO_BIG, bytes);
	frame = bpf_ringbuf_reserve(&slow, sizeof(*frame), 0);
	if (!frame)
		return drop(DROP_TOO_BIG_RATE_LIMITED, bytes);
	describe_frame(frame, ifindex, length, mtu, l3);
	if (bpf_xdp_load_bytes(ctx, 0, frame->frame, length)) {
		bpf_ringbuf_discard(frame, 0);
		return drop(DROP_TOO_BIG, bytes);
	}
	bpf_ringbuf_submit(frame, 0);
	account_verdict(DECISION_PUNTED, bytes);
	return XDP_DROP;
}
