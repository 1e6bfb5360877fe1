/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the stages hand on about one frame, and their common convention. */
#pragma once
#include "tables.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>

#define INLINE	      static __always_inline
#define UNLIKELY(now) __builtin_expect(!!(now), 0)

/*
 * The verifier looks at such a function once, whatever its callers know; so its arguments are numbers, the context, or
 * memory without pointers in it, which it checks for null because the verifier wants that.
 */
#define GLOBAL __noinline

/*
 * A stage returns GO_ON, or why the frame is dropped (enum drop_reason).
 */
#define GO_ON 0

struct packet {
	void *data; /* both ends of the frame; the verifier checks every access against end */
	void *end;
	__u64 bytes;		 /* of the frame as it came in */
	const struct half *half; /* of the tables: chosen once per frame */
	__u32 half_number;
	__u32 l3;     /* where the IP header begins: behind the Ethernet header and VLAN tags */
	__u32 length; /* of the datagram */
	__u32 tos;    /* its traffic class */
	const struct service *service;
	const struct server *server;
	__u32 server_id;
};

/*
 * The flow that a packet belongs to, as the client sees it: for an ICMP error that of the quoted packet, reversed.
 * Everything as it lies in the packet; IPv4 addresses in the first four bytes.
 */
struct tuple {
	__u64 source[2];
	__u64 destination[2];
	__u32 ports; /* source port in the low half, destination port in the high half */
	__u8 protocol;
	bool six;
	__u8 tcp_flags; /* 0 where there are none to be seen */
	bool quoted;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* A number that nothing was found at. */
#define NOTHING (~0U)

/* By a branch, which is guessed right: a product would have to be waited for. */
INLINE const struct half *half_of(__u32 number)
{
	const struct half *half = &tables.halves[0];

	asm volatile("" : "+r"(half));
	if (number & 1) {
		half = &tables.halves[1];
		asm volatile("" : "+r"(half));
	}
	return half;
}

INLINE struct packet packet_of(const struct xdp_md *ctx, __u32 half_number)
{
	return (struct packet){
	    .data = (void *)(long)ctx->data,
	    .end = (void *)(long)ctx->data_end,
	    .half = half_of(half_number),
	    .half_number = half_number & 1,
	    .l3 = sizeof(struct ethhdr),
	};
}

/* Frame length by a subtraction that the verifier accepts: it refuses the 32-bit form that clang would choose. */
INLINE __u64 frame_bytes(const struct packet *p)
{
	__u64 bytes = p->end - p->data;

	asm volatile("" : "+r"(bytes));
	return bytes;
}

/* So many bytes of the frame from an offset on; null when it is shorter. */
INLINE void *bytes_at(const struct xdp_md *ctx, __u32 offset, __u32 size)
{
	void *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 far = offset;

	asm volatile("" : "+r"(far));
	if (far > 0x3fff)
		return NULL;
	at += far;
	return at + size > end ? NULL : at;
}

/*
 * The same pointer, of which the compiler knows nothing. Of a frame it reads again then what it has read before: where
 * there are no registers left, that is one instruction, and keeping what was read is two. Of a table it adds up the
 * address once and not for every field.
 */
#define AGAIN(pointer)                                                                                                 \
	({                                                                                                             \
		__auto_type same = (pointer);                                                                          \
		asm volatile("" : "+r"(same));                                                                         \
		same;                                                                                                  \
	})

/* 16-bit one's complement sums, RFC 1071. */
INLINE __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

INLINE __u32 now_ticks(void)
{
	return bpf_ktime_get_coarse_ns() >> TICK_SHIFT;
}

/* Ticks since something was seen. CPUs look at the clock at different moments, so what another one has just seen may be
 * ahead. */
INLINE __u32 ticks_since(__u32 seen, __u32 now)
{
	__s32 since = now - seen;

	return since > 0 ? since : 0;
}
