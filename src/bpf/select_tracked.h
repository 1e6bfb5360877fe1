/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Select, when the slot is marked SLOT_TRACKED: the flow's entry decides (follow_flow); without a valid one, a server
 * is chosen (decide), and the flow is tracked if that choice could change. select_tracked_server calls them in this
 * order.
 */
#pragma once
#include "algorithms.h"
#include "packet_ctx.h"
#include "parse.h"

/* The client must get a TCP reset: a flag beside the server's id. */
#define REPLY_RESET (1U << 31)

INLINE bool is_usable(const struct server *server, __u32 id, __u32 flags)
{
	return id && server && (server->flags & flags) && !(server->flags & SERVER_FLOWS_MOVE);
}

INLINE bool has_usable_server(const struct flow_lookup *lookup, __u32 id, __u32 flags)
{
	return is_usable(server_of(lookup->bank_number, id), id, flags);
}

/*
 * The id of a client, where persistence tracks clients and not flows: a prefix of its address, for this one service.
 */
INLINE __u64 client_id(const struct flow_lookup *lookup)
{
	const struct profile *profile = profile_of(lookup);
	struct tuple client = {.ipv6 = lookup->tuple.ipv6, .destination = {lookup->service}};
	__u32 bits = lookup->tuple.ipv6 ? profile->persistence_prefix6 : profile->persistence_prefix4;
	__u64 first = bpf_be64_to_cpu(lookup->tuple.source[0]), second = bpf_be64_to_cpu(lookup->tuple.source[1]);

	if (!lookup->tuple.ipv6)
		client.source[0] = bpf_htonl(bpf_ntohl((__u32)lookup->tuple.source[0]) & ~0U << ((32 - bits) & 31));
	else if (bits <= 64)
		client.source[0] = bpf_cpu_to_be64(first & ~0ULL << ((64 - bits) & 63));
	else {
		client.source[0] = bpf_cpu_to_be64(first);
		client.source[1] = bpf_cpu_to_be64(second & ~0ULL << ((128 - bits) & 63));
	}
	return flow_id(&tables.banks[lookup->bank_number & 1].settings, &client, 0, 0);
}

/* A SYN without ACK: the client opens a connection. */
INLINE bool opens_connection(const struct tuple *t)
{
	return t->protocol == IPPROTO_TCP && (t->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Only a connection can be reset. Under persistence the entry is a client's, and says nothing about a connection. */
INLINE bool tracks_connection(const struct flow_lookup *lookup)
{
	return lookup->tuple.protocol == IPPROTO_TCP && !(lookup->flags & SERVICE_PERSISTENCE);
}

/* What the table knows the packet by: its client under persistence, otherwise its flow. */
INLINE __u64 tracked_id(const struct flow_lookup *lookup)
{
	if (lookup->flags & SERVICE_PERSISTENCE)
		return client_id(lookup);
	return flow_id(&tables.banks[lookup->bank_number & 1].settings, &lookup->tuple, lookup->tuple.protocol,
		       lookup->tuple.ports);
}

/* Whether a packet of a tracked flow starts the flow again, so that its server is chosen again. */
INLINE bool restarts_flow(const struct flow_lookup *lookup, __u32 server_word)
{
	if (!opens_connection(&lookup->tuple))
		return false;
	/* A repeated SYN has to follow the first one where only the table knows where that went. */
	if (lookup->flags & SERVICE_TRACKS_FLOWS)
		return (server_word & (FLOW_FIN | FLOW_RST)) ||
		       !has_usable_server(lookup, server_word & FLOW_SERVER_MASK, SERVER_ACCEPTS_NEW);
	return true;
}

/*
 * The server that the table has for the flow, possibly with REPLY_RESET. 0: a server has to be chosen, because the
 * flow was idle for too long, starts again, or has lost its server.
 */
INLINE __u32 follow_flow(const struct flow_lookup *lookup, struct flow *flow, __u64 id)
{
	const struct server *found;
	__u32 word, server;

	if (ticks_since(flow->seen, lookup->now) > idle_timeout(lookup, flow->server))
		return 0;
	word = *(volatile __u32 *)&flow->server;
	if (*(volatile __u64 *)&flow->id != id)
		return 0; /* another flow has just taken the entry */
	server = word & FLOW_SERVER_MASK;
	found = server_of(lookup->bank_number, server);
	if (restarts_flow(lookup, word) || !is_usable(found, server, SERVER_USED | SERVER_SEND_RST))
		return 0;
	if ((found->flags & SERVER_SEND_RST) && tracks_connection(lookup))
		return server | REPLY_RESET;
	if (!lookup->tuple.quoted)
		refresh_flow(lookup, flow);
	return server;
}

/*
 * Chooses the server for a packet of an untracked flow, and whether the flow has to be tracked.
 *
 * A SYN starts a new flow, which goes to the current server. Any other packet may belong to a flow that started
 * before the change.
 */
INLINE __u32 decide(const struct flow_lookup *lookup, bool *tracks)
{
	bool moves = lookup->tuple.protocol == IPPROTO_UDP && profile_of(lookup)->udp_moves;

	*tracks = true;
	if (lookup->flags & SERVICE_TRACKS_FLOWS)
		return choose_server(lookup);
	*tracks = lookup->previous && !moves;
	if (!opens_connection(&lookup->tuple) && !moves && lookup->previous &&
	    has_usable_server(lookup, lookup->previous, SERVER_USED))
		return lookup->previous;
	return lookup->current;
}

/* A connection that the slot's previous server had, where the client must get a reset in its place. */
INLINE bool must_reset(const struct flow_lookup *lookup, __u32 server)
{
	const struct server *found;

	if (server != lookup->previous || server == lookup->current || lookup->tuple.protocol != IPPROTO_TCP)
		return false;
	found = server_of(lookup->bank_number, server);
	return found && (found->flags & SERVER_SEND_RST);
}

/* Id of the server, possibly with REPLY_RESET; 0 when there is none. */
GLOBAL __u32 select_tracked_server(struct flow_lookup *lookup)
{
	struct flow_bucket *bucket;
	__u32 bucket_index, server;
	struct flow *flow;
	bool tracks;
	__u64 id;

	if (!lookup)
		return 0;
	if (has_no_flow(lookup))
		return choose_random(lookup);
	refresh_clock(lookup);
	id = tracked_id(lookup);
	bucket_index = id & (features.flow_buckets - 1);
	bucket = bpf_map_lookup_elem(&flows, &bucket_index);
	if (!bucket)
		return lookup->current;
	lookup->entry_index = bucket_index * FLOW_BUCKET_ENTRIES;
	flow = find_flow(lookup, bucket, id);
	server = flow ? follow_flow(lookup, flow, id) : 0;
	if (server)
		return server;

	server = decide(lookup, &tracks);
	if (must_reset(lookup, server))
		return server | REPLY_RESET;
	/* A tracked flow whose server is gone is tracked with its new server, so that it stays there. */
	if (server && !lookup->tuple.quoted && (tracks || flow)) {
		if (flow && flow->server & FLOW_COUNTED)
			change_conn_count(flow->server & FLOW_SERVER_MASK, -1);
		track_flow(lookup, flow ?: allocate_entry(lookup, bucket), id, server);
	}
	return server;
}

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
