/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the stages pass on about one frame, and their common convention. */
#pragma once
#include "tables.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>

#define INLINE		    static __always_inline
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/*
 * The verifier checks a global function once, independently of its callers. Its arguments are therefore numbers, the
 * context, or memory without pointers in it. The function checks such memory for null because the verifier demands
 * it.
 */
#define GLOBAL __noinline

/* A stage returns CONTINUE, or the reason to drop the frame (enum drop_reason). */
#define CONTINUE 0

struct packet {
	void *data; /* start and end of the frame; the verifier requires that every access is checked against end */
	void *end;
	__u64 bytes;		 /* length of the frame as it arrived */
	const struct bank *bank; /* of the tables: chosen once per frame */
	__u32 bank_number;
	__u32 l3;     /* offset of the IP header, after the Ethernet header and VLAN tags */
	__u32 length; /* of the datagram */
	__u32 tos;    /* traffic class of the datagram */
	const struct service *service;
	const struct server *server;
	__u32 server_id;
};

/*
 * The flow of a packet, as the client sees it: for an ICMP error, the flow of the quoted packet, reversed. All fields
 * are in network byte order; IPv4 addresses occupy the first four bytes.
 */
struct tuple {
	__u64 source[2];
	__u64 destination[2];
	__u32 ports; /* source port in the low 16 bits, destination port in the high 16 bits */
	__u8 protocol;
	bool ipv6;
	__u8 tcp_flags; /* 0 when the packet shows none */
	bool quoted;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* An id or index that means: nothing was found. */
#define NOT_FOUND (~0U)

/* By a branch, which the CPU predicts correctly; a multiplication would have latency. */
INLINE const struct bank *bank_of(__u32 number)
{
	const struct bank *bank = &tables.banks[0];

	barrier_var(bank);
	if (number & 1) {
		bank = &tables.banks[1];
		barrier_var(bank);
	}
	return bank;
}

INLINE struct packet packet_of(const struct xdp_md *ctx, __u32 bank_number)
{
	return (struct packet){
	    .data = (void *)(long)ctx->data,
	    .end = (void *)(long)ctx->data_end,
	    .bank = bank_of(bank_number),
	    .bank_number = bank_number & 1,
	    .l3 = sizeof(struct ethhdr),
	};
}

/*
 * The length of the frame, by a subtraction that the verifier accepts: it rejects the 32-bit form that clang would
 * choose.
 */
INLINE __u64 frame_bytes(const struct packet *p)
{
	__u64 bytes = p->end - p->data;

	barrier_var(bytes);
	return bytes;
}

/* A pointer to `size` bytes of the frame at an offset; null when the frame is shorter. */
INLINE void *bytes_at(const struct xdp_md *ctx, __u32 offset, __u32 size)
{
	void *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 far = offset;

	barrier_var(far);
	if (far > 0x3fff)
		return NULL;
	at += far;
	return at + size > end ? NULL : at;
}

/*
 * The same pointer, behind a compiler barrier: the compiler forgets what it knows about it. From the frame, values
 * are then read again where registers are scarce: that is one instruction, and spilling the value would be two. In a
 * table, the address of an entry is computed once and not for every field.
 */
#define BARRIER_PTR(pointer)                                                                                           \
	({                                                                                                             \
		__auto_type same = (pointer);                                                                          \
		barrier_var(same);                                                                                     \
		same;                                                                                                  \
	})

INLINE __u32 now_ticks(void)
{
	return bpf_ktime_get_coarse_ns() >> TICK_SHIFT;
}

/*
 * Ticks since a time stamp. CPUs read the clock at different moments, so the time stamp of another CPU may be ahead.
 */
INLINE __u32 ticks_since(__u32 seen, __u32 now)
{
	__s32 since = now - seen;

	return since > 0 ? since : 0;
}
