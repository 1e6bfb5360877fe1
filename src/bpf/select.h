/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Select: flow hash -> slot -> real server, or the table of tracked flows if the slot is marked SLOT_TRACKED. */
#pragma once
#include "hash.h"
#include "parse.h"
#include "packet_ctx.h"

/*
 * Looks the flow up in the table of tracked flows. TCP flags matter only here. On the fast path, l4 is the offset of
 * the transport header and the flags are read now; with l4 0, the tuple already contains them.
 */
INLINE __u32 select_tracked(const struct packet *p, const struct tuple *t, __u32 l4, __u32 word, __u32 slot)
{
	const struct service *service = p->service;
	struct packet_ctx *pctx = own_packet_ctx();
	struct flow_lookup *lookup;

	if (!pctx || word == NOT_FOUND)
		return 0;
	lookup = &pctx->lookup;
	lookup->tuple = *t; /* on the full path, source and target are the same memory */
	if (l4 && t->protocol == IPPROTO_TCP)
		lookup->tuple.tcp_flags = fast_tcp_flags(p, l4, t->ipv6);
	lookup->bank_number = p->bank_number;
	lookup->service = service->id;
	lookup->flags = service->flags;
	lookup->profile = service->profile;
	lookup->slot_base = service->slot_base;
	lookup->slot_count = service->slot_count;
	lookup->current = word & SLOT_SERVER_MASK;
	lookup->previous = service->previous_base ? slot_at(service->previous_base + slot) & SLOT_SERVER_MASK : 0;
	return select_tracked_server(lookup);
}

/* The upper 32 bits of the hash, scaled to the number of slots: no division, and no bias that matters. */
INLINE __u32 slot_of(const struct packet *p, const struct tuple *t, __u32 flags)
{
	return (flow_hash(&p->bank->settings, flags, t) >> 32) * p->service->slot_count >> 32;
}

/*
 * Sets the server's id, possibly with REPLY_RESET. For the full path; forward_fast does the same for fast-path
 * packets.
 */
INLINE int select_server(struct packet *p, const struct tuple *t)
{
	__u32 slot = slot_of(p, t, p->service->flags);
	/* A service without servers has no slots, and slot 0 has no server. */
	__u32 word = slot_at(p->service->slot_base + slot);

	if (word & SLOT_TRACKED)
		word = select_tracked(p, t, 0, word, slot);
	p->server_id = word;
	return word ? CONTINUE : DROP_NO_SERVER;
}
