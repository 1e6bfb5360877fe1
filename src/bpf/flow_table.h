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
	if (lookup->tuple.protocol == IPPROTO_SCTP || lookup->tuple.protocol == IPPROTO_DCCP)
		return profile->tcp_timeout; /* they have connections, too */
	return lookup->tuple.protocol == IPPROTO_UDP || lookup->tuple.protocol == IPPROTO_UDPLITE
		   ? profile->udp_timeout
		   : profile->other_timeout;
}

/* The number of tracked flows of a server; null when the id is not one of a server. */
INLINE __u32 *conn_count_of(__u32 server)
{
	return bpf_map_lookup_elem(&loads, &server);
}

INLINE void change_conn_count(__u32 server, __s32 by)
{
	__u32 *conn_count = conn_count_of(server);

	if (conn_count)
		__sync_fetch_and_add(conn_count, by);
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

/* What a packet says of the end of its connection. The end of a connection does not end the tracking of its client. */
INLINE __u32 end_flags(const struct flow_lookup *lookup)
{
	__u8 flags = lookup->tuple.tcp_flags;

	if (!(flags & (TCP_FIN | TCP_RST)) || lookup->flags & SERVICE_PERSISTENCE)
		return 0;
	return (flags & TCP_FIN ? FLOW_FIN : 0) | (flags & TCP_RST ? FLOW_RST : 0);
}

INLINE void track_flow(struct flow_lookup *lookup, struct flow *flow, __u64 id, __u32 server)
{
	__u64 previous = *(volatile __u64 *)&flow->id;
	__u32 word = server | (lookup->flags & SERVICE_LEAST_CONN ? FLOW_COUNTED : 0) | end_flags(lookup);
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

/* Notes in the entry that a packet of the flow has arrived, and whether it ends the connection. */
INLINE void refresh_flow(const struct flow_lookup *lookup, struct flow *flow)
{
	__u32 ends = end_flags(lookup);

	if (flow->seen != lookup->now)
		flow->seen = lookup->now;
	if (ends)
		__sync_fetch_and_or(&flow->server, ends);
}
