/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The table of tracked flows: for slots in transition, and for algorithms that need to know the flows (just-enough
 * tracking).
 *
 * A flow occupies one of the eight entries of its bucket. When all are occupied, a new flow evicts the one that was
 * idle for longest. All CPUs share the table, because a network card may move a flow to another CPU at any time. A
 * CPU marks an entry busy before it writes it; if two CPUs want the same entry at once, one of them leaves its flow
 * untracked. A reader compares the entry's id before and after reading, so that no packet gets the server of another
 * flow.
 */
#pragma once
#include "account.h"
#include "hash.h"
#include "lookup.h"

/*
 * A packet whose server depends on more than its slot. It contains numbers only, so that the verifier checks the
 * function that uses it only once.
 */
struct flow_lookup {
	struct tuple tuple;
	__u32 bank_number;
	__u32 service;
	__u32 flags; /* SERVICE_* */
	__u32 profile;
	__u32 slot_base;
	__u32 slot_count;
	__u32 current;	   /* server of the slot; 0: none */
	__u32 previous;	   /* server that had the slot before; 0: none, or the migration window is closed */
	__u32 now;	   /* in ticks */
	__u32 entry_index; /* index in flow_keys of the flow's entry */
	__u64 jiffies;	   /* timer ticks at which now was read */
};

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

INLINE const struct profile *profile_of(const struct flow_lookup *lookup)
{
	return &tables.banks[lookup->bank_number & 1].profiles[lookup->profile & (PROFILES - 1)];
}

/* Ticks for which a flow may be idle. */
INLINE __u32 idle_timeout(const struct flow_lookup *lookup, __u32 server_word)
{
	const struct profile *profile = profile_of(lookup);

	if (lookup->flags & SERVICE_PERSISTENCE)
		return profile->persistence_timeout;
	if (lookup->tuple.protocol == IPPROTO_TCP) {
		if ((server_word & FLOW_RST) && profile->rst_timeout)
			return profile->rst_timeout;
		if ((server_word & FLOW_FIN) && profile->fin_timeout)
			return profile->fin_timeout;
		return profile->tcp_timeout;
	}
	return lookup->tuple.protocol == IPPROTO_UDP ? profile->udp_timeout : profile->other_timeout;
}

INLINE void change_conn_count(__u32 server, __s32 by)
{
	__u32 *conn_count = bpf_map_lookup_elem(&loads, &server);

	if (conn_count)
		__sync_fetch_and_add(conn_count, by);
}

/* The entry for a new flow: an unused one, or that of the flow that was idle for longest, which is evicted. */
INLINE struct flow *allocate_entry(struct flow_lookup *lookup, struct flow_bucket *bucket)
{
	struct flow *oldest = &bucket->flows[0];
	__u32 longest = 0, oldest_index = 0;
	struct cpu_counters *own;

	for (__u32 i = 0; i < FLOW_BUCKET_ENTRIES; i++) {
		struct flow *flow = &bucket->flows[i];
		__u32 idle = ticks_since(flow->seen, lookup->now);

		if (!flow->id) {
			lookup->entry_index += i;
			return flow;
		}
		if (idle > longest) {
			longest = idle;
			oldest = flow;
			oldest_index = i;
		}
	}
	own = own_counters();
	if (own && longest <= idle_timeout(lookup, oldest->server))
		own->flows_evicted.packets++;
	if (oldest->server & FLOW_COUNTED)
		change_conn_count(oldest->server & FLOW_SERVER_MASK, -1);
	lookup->entry_index += oldest_index;
	return oldest;
}

INLINE void track_flow(struct flow_lookup *lookup, struct flow *flow, __u64 id, __u32 server)
{
	__u64 previous = *(volatile __u64 *)&flow->id;
	__u32 word = server | (lookup->flags & SERVICE_LEAST_CONN ? FLOW_COUNTED : 0);
	/*
	 * On the stack: before Linux 6.2, a key must not lie in other memory that a function received as an argument.
	 */
	__u32 entry_index = lookup->entry_index;
	struct flow_key *key = bpf_map_lookup_elem(&flow_keys, &entry_index);

	/* An entry that another CPU is writing must not be taken: both would write. */
	if (previous == FLOW_BUSY || __sync_val_compare_and_swap(&flow->id, previous, FLOW_BUSY) != previous)
		return;
	flow->server = word;
	flow->seen = lookup->now;
	__sync_lock_test_and_set(&flow->id, id);
	/* Last, because the exchange waits for the preceding writes, and the key is almost never in a cache. */
	if (key) {
		key->source[0] = lookup->tuple.source[0];
		key->source[1] = lookup->tuple.source[1];
		key->destination[0] = lookup->tuple.destination[0];
		key->destination[1] = lookup->tuple.destination[1];
		key->ports = lookup->tuple.ports;
		key->protocol = lookup->tuple.protocol;
		key->family = lookup->tuple.ipv6 ? 6 : 4;
		key->service = lookup->service;
		key->profile = lookup->profile;
		key->since = lookup->now;
	}
	if (word & FLOW_COUNTED)
		change_conn_count(server, 1);
}

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
	const __u32 *conn_count = bpf_map_lookup_elem(&loads, &id);

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

/* The server for a new flow. */
INLINE __u32 choose_server(const struct flow_lookup *lookup)
{
	if (lookup->flags & SERVICE_LEAST_CONN)
		return choose_least_conn(lookup);
	if (lookup->flags & SERVICE_ROUND_ROBIN)
		return choose_round_robin(lookup);
	return lookup->current;
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

/* The entry with this id; null when the flow is untracked. Adds the position in the bucket to entry_index. */
INLINE struct flow *find_flow(struct flow_lookup *lookup, struct flow_bucket *bucket, __u64 id)
{
	for (__u32 i = 0; i < FLOW_BUCKET_ENTRIES; i++) {
		if (bucket->flows[i].id == id) {
			lookup->entry_index += i;
			return &bucket->flows[i];
		}
	}
	return NULL;
}

/* Notes in the entry that a packet of the flow has arrived, and whether it ends the connection. */
INLINE void refresh_flow(const struct flow_lookup *lookup, struct flow *flow)
{
	__u8 flags = lookup->tuple.tcp_flags;

	if (flow->seen != lookup->now)
		flow->seen = lookup->now;
	/* The end of a connection does not end the tracking of its client. */
	if (flags & (TCP_FIN | TCP_RST) && !(lookup->flags & SERVICE_PERSISTENCE))
		__sync_fetch_and_or(&flow->server, (flags & TCP_FIN ? FLOW_FIN : 0) | (flags & TCP_RST ? FLOW_RST : 0));
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

/*
 * The coarse clock advances only when the kernel's count of timer ticks does, and that count is read without a call.
 * So the clock is read once per timer tick; the lookup lies in memory of this CPU and keeps the value.
 */
INLINE void refresh_clock(struct flow_lookup *lookup)
{
	__u64 jiffies = bpf_jiffies64();

	if (lookup->jiffies == jiffies)
		return;
	lookup->jiffies = jiffies;
	lookup->now = now_ticks();
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
