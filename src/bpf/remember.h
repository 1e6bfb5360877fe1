/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Remembered flows: where a slot is in transition, or where the algorithm needs to know (just-enough tracking).
 *
 * A flow lies in one of the eight places of its bucket; when all are taken, the one that was idle for longest makes
 * room. The table is one for all CPUs, because a network card may move a flow from one CPU to another at any time. Who
 * writes a place claims it first; of two CPUs that want the same one at once the other leaves its flow unremembered.
 * Who reads one looks at its id before and after, so that nobody gets the server of another flow.
 */
#pragma once
#include "account.h"
#include "hash.h"

/* A packet whose server depends on more than its slot. Numbers alone, so that the verifier looks at its use only once.
 */
struct query {
	struct tuple tuple;
	__u32 half_number;
	__u32 service;
	__u32 flags; /* SERVICE_* */
	__u32 profile;
	__u32 slot_base;
	__u32 slot_count;
	__u32 current; /* server of the slot; 0: none */
	__u32 former;  /* server that the slot comes from; 0: none, or the window is closed */
	__u32 now;     /* tick */
	__u32 place;   /* in flow_keys, of where the flow is or goes */
	__u64 jiffies; /* that now is of */
};

/* The client must get a reset: added to the server's id. */
#define REPLY_RESET (1U << 31)

/* The word of a slot; NOTHING when there is no such slot. */
INLINE __u32 slot_at(__u32 index)
{
	const struct slot_block *block;
	__u32 block_index;

	if (index < NEAR_SLOTS)
		return tables.slots[index];
	block_index = index >> BLOCK_BITS;
	block = bpf_map_lookup_elem(&slots, &block_index);
	return block ? block->slots[index & (BLOCK_SLOTS - 1)] : NOTHING;
}

INLINE const struct server *server_in(const struct half *half, __u32 half_number, __u32 id)
{
	__u32 index;

	if (id < NEAR_SERVERS)
		return AGAIN(&half->servers[id]);
	index = half_number * SERVER_CAPACITY + (id & (SERVER_CAPACITY - 1));
	return bpf_map_lookup_elem(&servers, &index);
}

INLINE const struct server *server_of(__u32 half_number, __u32 id)
{
	return server_in(half_of(half_number), half_number, id);
}

INLINE bool is_server(const struct server *server, __u32 id, __u32 flags)
{
	return id && server && (server->flags & flags) && !(server->flags & SERVER_MOVED);
}

INLINE bool has_server(const struct query *q, __u32 id, __u32 flags)
{
	return is_server(server_of(q->half_number, id), id, flags);
}

INLINE const struct profile *profile_of(const struct query *q)
{
	return &tables.halves[q->half_number & 1].profiles[q->profile & (PROFILES - 1)];
}

/* Ticks that a flow may be idle for. */
INLINE __u32 patience(const struct query *q, __u32 server_word)
{
	const struct profile *profile = profile_of(q);

	if (q->flags & SERVICE_PERSISTS)
		return profile->persistence_timeout;
	if (q->tuple.protocol == IPPROTO_TCP) {
		if ((server_word & FLOW_RST) && profile->rst_timeout)
			return profile->rst_timeout;
		if ((server_word & FLOW_FIN) && profile->fin_timeout)
			return profile->fin_timeout;
		return profile->tcp_timeout;
	}
	return q->tuple.protocol == IPPROTO_UDP ? profile->udp_timeout : profile->other_timeout;
}

INLINE void change_load(__u32 server, __s32 by)
{
	__u32 *load = bpf_map_lookup_elem(&loads, &server);

	if (load)
		__sync_fetch_and_add(load, by);
}

/* The place that a new flow takes: an empty one, or the one that was idle for longest. */
INLINE struct flow *make_room(struct query *q, struct flow_bucket *bucket)
{
	struct flow *oldest = &bucket->flows[0];
	__u32 longest = 0, way = 0;
	struct cpu_counters *own;

	for (__u32 i = 0; i < FLOW_WAYS; i++) {
		struct flow *flow = &bucket->flows[i];
		__u32 idle = ticks_since(flow->seen, q->now);

		if (!flow->id) {
			q->place += i;
			return flow;
		}
		if (idle > longest) {
			longest = idle;
			oldest = flow;
			way = i;
		}
	}
	own = own_counters();
	if (own && longest <= patience(q, oldest->server))
		own->flows_forgotten.packets++;
	if (oldest->server & FLOW_COUNTED)
		change_load(oldest->server & FLOW_SERVER_MASK, -1);
	q->place += way;
	return oldest;
}

INLINE void remember(struct query *q, struct flow *flow, __u64 id, __u32 server)
{
	__u64 former = *(volatile __u64 *)&flow->id;
	__u32 word = server | (q->flags & SERVICE_LEAST ? FLOW_COUNTED : 0);
	/* On the stack: before Linux 6.2 a key may not be in other memory that a function was handed. */
	__u32 place = q->place;
	struct flow_key *key = bpf_map_lookup_elem(&flow_keys, &place);

	/* One that is being written is not to be claimed again: both would write. */
	if (former == FLOW_CLAIMED || __sync_val_compare_and_swap(&flow->id, former, FLOW_CLAIMED) != former)
		return;
	flow->server = word;
	flow->seen = q->now;
	__sync_lock_test_and_set(&flow->id, id);
	/* Last: the exchange waits for what was written before it, and this is nearly never in a cache. */
	if (key) {
		key->source[0] = q->tuple.source[0];
		key->source[1] = q->tuple.source[1];
		key->destination[0] = q->tuple.destination[0];
		key->destination[1] = q->tuple.destination[1];
		key->ports = q->tuple.ports;
		key->protocol = q->tuple.protocol;
		key->family = q->tuple.six ? 6 : 4;
		key->service = q->service;
		key->profile = q->profile;
		key->since = q->now;
	}
	if (word & FLOW_COUNTED)
		change_load(server, 1);
}

/* For SERVICE_LEAST: what the comparison has found so far. */
struct least {
	__u32 half_number;
	__u32 slot_base;
	__u32 server;
	__u32 load;
	__u32 weight;
};

static long compare_load(__u64 index, void *context)
{
	struct least *least = context;
	__u32 id = slot_at(least->slot_base + index) & SLOT_SERVER_MASK;
	const struct server *server = server_of(least->half_number, id);
	const __u32 *load = bpf_map_lookup_elem(&loads, &id);

	if (!id || !server || !load || !server->weight)
		return 0;
	if (!least->server || (__u64)*load * least->weight < (__u64)least->load * server->weight) {
		least->server = id;
		least->load = *load;
		least->weight = server->weight;
	}
	return 0;
}

GLOBAL __u32 choose_least(const struct query *q)
{
	if (!q)
		return 0;

	struct least least = {.half_number = q->half_number, .slot_base = q->slot_base};

	bpf_loop(q->slot_count, compare_load, &least, 0);
	return least.server;
}

GLOBAL __u32 choose_in_turn(const struct query *q)
{
	if (!q)
		return 0;

	__u32 first = 0, turn;
	struct cpu_counters *all = bpf_map_lookup_elem(&counters, &first);

	if (!all || !q->slot_count)
		return 0;
	turn = __sync_fetch_and_add(&all->turns[q->service & (SERVICE_CAPACITY - 1)], 1);
	return slot_at(q->slot_base + turn % q->slot_count) & SLOT_SERVER_MASK;
}

/* The server of a flow that begins now. */
INLINE __u32 choose(const struct query *q)
{
	if (q->flags & SERVICE_LEAST)
		return choose_least(q);
	if (q->flags & SERVICE_IN_TURN)
		return choose_in_turn(q);
	return q->current;
}

/* What a client is remembered by, where clients are and flows are not: a prefix of its address, for the one service. */
INLINE __u64 client_id(const struct query *q)
{
	const struct profile *profile = profile_of(q);
	struct tuple client = {.six = q->tuple.six, .destination = {q->service}};
	__u32 bits = q->tuple.six ? profile->persistence_prefix6 : profile->persistence_prefix4;
	__u64 first = bpf_be64_to_cpu(q->tuple.source[0]), second = bpf_be64_to_cpu(q->tuple.source[1]);

	if (!q->tuple.six)
		client.source[0] = bpf_htonl(bpf_ntohl((__u32)q->tuple.source[0]) & ~0U << ((32 - bits) & 31));
	else if (bits <= 64)
		client.source[0] = bpf_cpu_to_be64(first & ~0ULL << ((64 - bits) & 63));
	else {
		client.source[0] = bpf_cpu_to_be64(first);
		client.source[1] = bpf_cpu_to_be64(second & ~0ULL << ((128 - bits) & 63));
	}
	return flow_id(&tables.halves[q->half_number & 1].settings, &client, 0, 0);
}

/*
 * Whether a server has to be remembered for a packet of no remembered flow, and which one it is.
 * A SYN begins a flow, which goes where flows go now. Anything else may be of a flow that began before the change.
 */
INLINE __u32 decide(const struct query *q, bool begins, bool *remembers)
{
	bool moves = q->tuple.protocol == IPPROTO_UDP && profile_of(q)->udp_moves;

	*remembers = true;
	if (q->flags & SERVICE_REMEMBERS)
		return choose(q);
	*remembers = q->former && !moves;
	if (!begins && !moves && q->former && has_server(q, q->former, SERVER_USED))
		return q->former;
	return q->current;
}

/*
 * The coarse clock moves when the kernel's count of timer ticks does, and that count is read without a call. So the
 * clock is asked once per timer tick; the query's memory is this CPU's own and keeps the answer.
 */
INLINE void look_at_clock(struct query *q)
{
	__u64 jiffies = bpf_jiffies64();

	if (q->jiffies == jiffies)
		return;
	q->jiffies = jiffies;
	q->now = now_ticks();
}

/* Id of the server, with REPLY_RESET perhaps; 0 when there is none. */
GLOBAL __u32 select_remembered(struct query *q)
{
	if (!q)
		return 0;

	bool tcp = q->tuple.protocol == IPPROTO_TCP, quoted = q->tuple.quoted, remembers;
	bool begins = tcp && (q->tuple.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	__u32 bucket_index, server, word;
	struct flow_bucket *bucket;
	struct flow *flow = NULL;
	__u64 id;

	look_at_clock(q);
	id = q->flags & SERVICE_PERSISTS
		 ? client_id(q)
		 : flow_id(&tables.halves[q->half_number & 1].settings, &q->tuple, q->tuple.protocol, q->tuple.ports);
	bucket_index = id & (switches.flow_buckets - 1);
	bucket = bpf_map_lookup_elem(&flows, &bucket_index);
	if (!bucket)
		return q->current;
	q->place = bucket_index * FLOW_WAYS;
	for (__u32 i = 0; i < FLOW_WAYS; i++) {
		if (bucket->flows[i].id == id) {
			flow = &bucket->flows[i];
			q->place += i;
			break;
		}
	}

	if (flow && ticks_since(flow->seen, q->now) <= patience(q, flow->server)) {
		const struct server *found;

		word = *(volatile __u32 *)&flow->server;
		if (*(volatile __u64 *)&flow->id != id)
			word = 0; /* another flow has just taken the place: server 0 is none */
		server = word & FLOW_SERVER_MASK;
		/* A SYN of a remembered flow begins a new one, unless the table alone knows where the first went. */
		if (begins && q->flags & SERVICE_REMEMBERS)
			begins = (word & (FLOW_FIN | FLOW_RST)) || !has_server(q, server, SERVER_TAKES);
		found = server_of(q->half_number, server);
		if (!begins && is_server(found, server, SERVER_USED | SERVER_RESET)) {
			if ((found->flags & SERVER_RESET) && tcp && !(q->flags & SERVICE_PERSISTS))
				return server | REPLY_RESET;
			if (!quoted) {
				if (flow->seen != q->now)
					flow->seen = q->now;
				/* A connection of a remembered client ends, the client does not. */
				if (q->tuple.tcp_flags & (TCP_FIN | TCP_RST) && !(q->flags & SERVICE_PERSISTS))
					__sync_fetch_and_or(&flow->server,
							    (q->tuple.tcp_flags & TCP_FIN ? FLOW_FIN : 0) |
								(q->tuple.tcp_flags & TCP_RST ? FLOW_RST : 0));
			}
			return server;
		}
	}

	server = decide(q, begins, &remembers);
	if (server == q->former && server != q->current && tcp) {
		const struct server *found = server_of(q->half_number, server);

		if (found && (found->flags & SERVER_RESET))
			return server | REPLY_RESET;
	}
	/* A flow whose server is gone is remembered with its new one, so that it stays there. */
	if (server && !quoted && (remembers || flow)) {
		if (flow && flow->server & FLOW_COUNTED)
			change_load(flow->server & FLOW_SERVER_MASK, -1);
		remember(q, flow ?: make_room(q, bucket), id, server);
	}
	return server;
}
