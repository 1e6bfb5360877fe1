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

/*
 * Fields of the header are read where they are needed, not kept in struct packet: reading again costs less than the
 * registers that would keep them. Valid where the caller has checked IPV4_MINIMUM.
 */
INLINE struct iphdr *ipv4_of(const struct packet *p)
{
	return p->data + sizeof(struct ethhdr);
}

/* Of the datagram in bytes, host byte order. */
INLINE __u32 ipv4_length(const struct packet *p)
{
	return bpf_ntohs(ipv4_of(p)->tot_len);
}

/* Source port in the low half, destination port in the high half, both in network byte order. */
INLINE __u32 ports_of(const struct packet *p)
{
	return *(const __u32 *)(ipv4_of(p) + 1);
}
