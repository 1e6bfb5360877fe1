/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Select: flow hash -> slot -> real server; through the remembered flows where the slot says so. */
#pragma once
#include "hash.h"
#include "parse.h"
#include "passage.h"

/*
 * Through the remembered flows. TCP flags matter only here, so those of a plain packet, whose transport header is at
 * l4, are not read before; 0 where the tuple has them.
 */
INLINE __u32 select_tracked(const struct packet *p, const struct tuple *t, __u32 l4, __u32 word, __u32 slot)
{
	const struct service *service = p->service;
	struct passage *g = own_passage();
	struct query *q;

	if (!g || word == NOTHING)
		return 0;
	q = &g->query;
	q->tuple = *t; /* on the general way it is the same memory */
	if (l4 && t->protocol == IPPROTO_TCP)
		q->tuple.tcp_flags = plain_tcp_flags(p, l4, t->six);
	q->half_number = p->half_number;
	q->service = service->id;
	q->flags = service->flags;
	q->profile = service->profile;
	q->slot_base = service->slot_base;
	q->slot_count = service->slot_count;
	q->current = word & SLOT_SERVER_MASK;
	q->former = service->former_base ? slot_at(service->former_base + slot) & SLOT_SERVER_MASK : 0;
	return select_remembered(q);
}

/* The upper half of the hash, scaled to the number of slots: no division, no bias worth the name. */
INLINE __u32 slot_of(const struct packet *p, const struct tuple *t, __u32 flags)
{
	return (flow_hash(&p->half->settings, flags, t) >> 32) * p->service->slot_count >> 32;
}

/* Sets the server's id, or REPLY_RESET with it. The general way's; forward_plain is the same for plain packets. */
INLINE int select_server(struct packet *p, const struct tuple *t)
{
	__u32 slot = slot_of(p, t, p->service->flags);
	/* Without a server there are no slots, and slot 0 has none. */
	__u32 word = slot_at(p->service->slot_base + slot);

	if (word & SLOT_TRACKED)
		word = select_tracked(p, t, 0, word, slot);
	p->server_id = word;
	return word ? GO_ON : DROP_NO_SERVER;
}
