/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the stages hand on about one frame, and their common convention. */
#pragma once
#include <stdbool.h>
#include "tables.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>

#define INLINE static __always_inline

/*
 * A stage returns GO_ON, or why the frame is dropped (enum drop_reason).
 */
#define GO_ON 0

struct packet {
	void *data; /* both ends of the frame; the verifier checks every access against end */
	void *end;
	__u64 bytes;		 /* of the frame as it came in */
	const struct half *half; /* of the tables: chosen once per frame */
	__be32 source;
	__be32 destination;
	__u32 ports; /* source in the low half, destination in the high half, both in network byte order */
	__u8 protocol;
	__u8 tos;     /* DSCP and ECN */
	__u16 length; /* of the IP datagram in bytes, host byte order */
	const struct service *service;
	const struct server *server;
	__u32 server_id;
};

INLINE struct packet packet_of(const struct xdp_md *ctx, const struct half *half)
{
	return (struct packet){
	    .data = (void *)(long)ctx->data,
	    .end = (void *)(long)ctx->data_end,
	    .half = half,
	};
}

/* Frame length by a subtraction that the verifier accepts: it refuses the 32-bit form that clang would choose. */
INLINE __u64 frame_bytes(const struct packet *p)
{
	__u64 bytes = p->end - p->data;

	asm volatile("" : "+r"(bytes));
	return bytes;
}
