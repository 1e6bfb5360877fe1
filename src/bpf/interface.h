/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The interface that a frame came in by, whether the frame is meant for it, and whether a director sent it. */
#pragma once
#include "packet.h"

/*
 * Null when it is none of the director's. With one interface there is nothing to look for, and a bond hands on the
 * index of the port that a frame came in by, which is not its own.
 */
INLINE const struct interface *way_in(const struct xdp_md *ctx, const struct half *half)
{
	if (switches.one_arm)
		return half->interfaces[0].ifindex ? &half->interfaces[0] : NULL;
	for (__u32 i = 0; i < INTERFACES; i++) {
		const struct interface *interface = &half->interfaces[i];

		if (interface->ifindex == ctx->ingress_ifindex)
			return interface;
	}
	return NULL;
}

/* An Ethernet address, in the upper six bytes of a word as it lies in memory; two bytes behind it are read, too. */
INLINE __u64 mac_at(const void *in_frame)
{
	return *(const __u64 *)in_frame << 16;
}

/* The same of an address in the tables: the two bytes before it are 0. */
INLINE __u64 mac_in(const __u16 *reserved)
{
	return *(const __u64 *)reserved;
}

INLINE bool is_addressed_to(const void *frame, const struct interface *self)
{
	return self && mac_at(frame) == mac_in(&self->reserved);
}

/*
 * A switch floods what it does not know the port of, and a broadcast frame is for everybody: what is not addressed to
 * this interface is the kernel's to judge (RFC 1122 section 3.3.6). Forwarding it would double it.
 */
INLINE bool is_for_us(const struct xdp_md *ctx, const struct packet *p)
{
	return is_addressed_to(p->data, switches.one_arm ? &p->half->interfaces[0] : way_in(ctx, p->half));
}

/* What another director has balanced would otherwise go round between the two for ever. */
INLINE bool is_from_peer(const struct packet *p)
{
	for (__u32 i = 0; i < PEERS; i++) {
		__u64 peer = mac_in(&p->half->peers[i].reserved);

		if (!peer)
			return false;
		if (mac_at(p->data + ETH_ALEN) == peer)
			return true;
	}
	return false;
}
