/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The way of a packet once its service is known: Select -> Encapsulate -> Transmit -> Account. */
#pragma once
#include "account.h"
#include "answer.h"
#include "classify.h"
#include "encapsulate.h"
#include "interface.h"
#include "parse.h"
#include "select.h"
#include "transmit.h"

/* Not a drop reason: the packet goes the general way, which can do what this one cannot. */
#define NOT_PLAIN 255

/* The server is known, and nothing speaks against it. */
INLINE int send(struct xdp_md *ctx, struct packet *p, const struct tuple *t, bool six)
{
	int reason = encapsulate(ctx, p, t, six);

	if (reason)
		return drop(reason, p->bytes);
	account_forwarded(p);
	return transmit(ctx, p);
}

/* A plain packet of a service. Returns an XDP action, or NOT_PLAIN with nothing done. */
INLINE int forward_plain(struct xdp_md *ctx, struct packet *p, struct tuple *t, bool six)
{
	enum drop_reason reason;

	if (switches.peers && is_from_peer(p))
		return deliver_locally(p->bytes);
	if (switches.access && p->service->access_set) {
		struct passage *g = own_passage();

		if (!g)
			return XDP_ABORTED;
		g->query.tuple = *t;
		if (!is_allowed(p->service->access_set, &g->query.tuple))
			return drop(DROP_ACCESS_DENIED, p->bytes);
	}
	reason = select_server(p, t, six ? IPV6_MINIMUM - 8 : IPV4_MINIMUM - 8);
	if (UNLIKELY(reason))
		return drop(reason, p->bytes);
	p->server = server_of(p->half_number, p->server_id);
	if (UNLIKELY(!p->server))
		return drop(DROP_TABLES_INCONSISTENT, p->bytes);
	if (UNLIKELY(p->length > p->server->room || p->server->flags & SERVER_LOCAL || p->server_id & REPLY_RESET))
		return NOT_PLAIN;
	return send(ctx, p, t, six);
}
