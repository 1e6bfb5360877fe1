/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The ingress interface of a frame, whether the frame is addressed to this host, and whether another director sent
 * it.
 */
#pragma once
#include "packet.h"

/*
 * Null when it is not one of the director's. With one interface there is no search: for a frame of a bond, the kernel
 * gives the index of the port that received it, not the bond's.
 */
INLINE const struct interface *ingress_interface(const struct xdp_md *ctx, const struct bank *bank)
{
	if (features.one_arm)
		return bank->interfaces[0].ifindex ? &bank->interfaces[0] : NULL;
	for (__u32 i = 0; i < INTERFACES; i++) {
		const struct interface *interface = &bank->interfaces[i];

		if (interface->ifindex == ctx->ingress_ifindex)
			return interface;
	}
	return NULL;
}

/*
 * An Ethernet address in the frame, in the upper six bytes of a word in memory order; two bytes after it are read
 * too.
 */
INLINE __u64 frame_mac(const void *in_frame)
{
	return *(const __u64 *)in_frame << 16;
}

/* The same for an address in the tables: the two bytes before it are 0. */
INLINE __u64 table_mac(const __u16 *reserved)
{
	return *(const __u64 *)reserved;
}

INLINE bool is_addressed_to(const void *frame, const struct interface *self)
{
	return self && frame_mac(frame) == table_mac(&self->reserved);
}

/*
 * A switch floods frames whose destination port it does not know, and every host receives broadcasts. The kernel
 * decides about a frame that is not addressed to this interface (RFC 1122 section 3.3.6). Forwarding it would
 * duplicate it.
 */
INLINE bool is_for_this_host(const struct xdp_md *ctx, const struct packet *p)
{
	return is_addressed_to(p->data, features.one_arm ? &p->bank->interfaces[0] : ingress_interface(ctx, p->bank));
}

/* A packet that another director has balanced would otherwise loop between the two directors. */
INLINE bool is_from_peer(const struct packet *p)
{
	for (__u32 i = 0; i < PEERS; i++) {
		__u64 peer = table_mac(&p->bank->peers[i].reserved);

		if (!peer)
			return false;
		if (frame_mac(p->data + ETH_ALEN) == peer)
			return true;
	}
	return false;
}
