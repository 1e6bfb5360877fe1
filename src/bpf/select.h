/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Select: flow hash -> slot -> real server; through the remembered flows where the slot says so. */
#pragma once
#include "hash.h"
#include "parse.h"
#include "passage.h"

/* Through the remembered flows. */
INLINE __u32 select_tracked(const struct packet *p, const struct tuple *t, __u32 l4, __u32 word, __u32 slot)
{
	const struct service *service = p->service;
	struct passage *g = own_passage();
	struct query *q;

	if (!g)
		return 0;
	q = &g->query;
	q->tuple = *t; /* on the general way it is the same memory */
	if (l4 && t->protocol == IPPROTO_TCP && l4 + TCP_MINIMUM <= sizeof(struct ethhdr) + p->length)
		q->tuple.tcp_flags = plain_tcp_flags(p, l4);
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

/*
 * Sets the server's id, or REPLY_RESET with it. TCP flags matter only here, so those of a plain packet, whose transport
 * header is at l4, are not read before; 0 where the tuple has them.
 */
INLINE int select_server(struct packet *p, const struct tuple *t, __u32 l4)
{
	const struct service *service = p->service;
	/* The upper half of the hash, scaled to the number of slots: no division, no bias worth the name. */
	__u32 slot = (flow_hash(&p->half->settings, service->flags, t) >> 32) * service->slot_count >> 32;
	__u32 word;

	if (!service->slot_count)
		return DROP_NO_SERVER;
	word = slot_at(service->slot_base + slot);
	if (word & SLOT_TRACKED) {
		if (word == NOTHING)
			return DROP_TABLES_INCONSISTENT;
		p->server_id = select_tracked(p, t, l4, word, slot);
	} else {
		p->server_id = word & SLOT_SERVER_MASK;
	}
	return p->server_id ? GO_ON : DROP_NO_SERVER;
}
