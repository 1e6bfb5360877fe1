/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Select: flow hash -> slot -> real server, or the table of tracked flows if the slot is marked SLOT_TRACKED. */
#pragma once
#include "hash.h"
#include "select_tracked.h"

/* The fast path has selected the server of this packet, or that there is none: a flag beside the server's id. */
#define SELECTED (1U << 30)

/* The upper 32 bits of the hash, scaled to the number of slots: no division, and no bias that matters. */
INLINE __u32 slot_of(const struct packet *p, const struct tuple *t, __u32 flags)
{
	return (flow_hash(&p->bank->settings, flags, t) >> 32) * p->service->slot_count >> 32;
}

/*
 * Sets the server's id, possibly with REPLY_RESET. For the full path; forward_fast does the same for fast-path
 * packets. What that has selected is taken over: selecting again would move the round-robin cursor twice, and would
 * take the packet for the second one of its flow.
 */
INLINE int select_server(struct packet *p, const struct tuple *t, __u32 selected)
{
	__u32 word = selected & ~SELECTED;

	if (!selected) {
		__u32 slot = slot_of(p, t, p->service->flags);

		/* A service without servers has no slots, and slot 0 has no server. */
		word = slot_at(p->service->slot_base + slot);
		if (word & SLOT_TRACKED)
			word = select_tracked(p, t, 0, word, slot);
	}
	p->server_id = word;
	return word ? CONTINUE : DROP_NO_SERVER;
}
