/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The algorithms that choose the server of a new flow by more than its hash: least connections and round robin. And the
 * choice for each datagram of SERVICE_PER_DATAGRAM.
 */
#pragma once
#include "flow_table.h"

/* For SERVICE_LEAST_CONN: the best server so far. */
struct least_conn {
	__u32 bank_number;
	__u32 slot_base;
	__u32 server;
	__u32 conn_count;
	__u32 weight;
};

static long compare_conn_count(__u64 index, void *context)
{
	struct least_conn *best = context;
	__u32 id = slot_at(best->slot_base + index) & SLOT_SERVER_MASK;
	const struct server *server = server_of(best->bank_number, id);
	const __u32 *conn_count = conn_count_of(id);

	if (!id || !server || !conn_count || !server->weight)
		return 0;
	if (!best->server || (__u64)*conn_count * best->weight < (__u64)best->conn_count * server->weight) {
		best->server = id;
		best->conn_count = *conn_count;
		best->weight = server->weight;
	}
	return 0;
}

GLOBAL __u32 choose_least_conn(const struct flow_lookup *lookup)
{
	if (!lookup)
		return 0;

	struct least_conn best = {.bank_number = lookup->bank_number, .slot_base = lookup->slot_base};

	bpf_loop(lookup->slot_count, compare_conn_count, &best, 0);
	return best.server;
}

GLOBAL __u32 choose_round_robin(const struct flow_lookup *lookup)
{
	if (!lookup)
		return 0;

	__u32 first = 0, cursor;
	struct cpu_counters *all = bpf_map_lookup_elem(&counters, &first);

	if (!all || !lookup->slot_count)
		return 0;
	cursor = __sync_fetch_and_add(&all->rr_cursors[lookup->service & (SERVICE_CAPACITY - 1)], 1);
	return slot_at(lookup->slot_base + cursor % lookup->slot_count) & SLOT_SERVER_MASK;
}

/* Whether the packet is a datagram that belongs to no flow. An error about one goes where the hash of its ports does.
 */
INLINE bool has_no_flow(const struct flow_lookup *lookup)
{
	return lookup->flags & SERVICE_PER_DATAGRAM && lookup->tuple.protocol == IPPROTO_UDP && !lookup->tuple.quoted;
}

/* The server of a random slot: slots, and so datagrams, are shared out by weight. */
INLINE __u32 choose_random(const struct flow_lookup *lookup)
{
	__u32 slot = (__u64)bpf_get_prandom_u32() * lookup->slot_count >> 32;

	return slot_at(lookup->slot_base + slot) & SLOT_SERVER_MASK;
}

/* The server for a new flow. */
INLINE __u32 choose_server(const struct flow_lookup *lookup)
{
	if (lookup->flags & SERVICE_LEAST_CONN)
		return choose_least_conn(lookup);
	if (lookup->flags & SERVICE_ROUND_ROBIN)
		return choose_round_robin(lookup);
	return lookup->current;
}
