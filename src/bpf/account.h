/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Account: one counter per service, per server, per answer and per drop reason, of this CPU. */
#pragma once
#include "recording.h"

/* The array has an element for every CPU that could be, so null is for the verifier. */
INLINE struct cpu_counters *own_counters(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &cpu);
}

INLINE void count(struct counter *counter, __u64 bytes)
{
	counter = AGAIN(counter);
	counter->packets++;
	counter->bytes += bytes;
}

INLINE void account_forwarded(struct cpu_counters *own, const struct packet *p)
{
	count(&own->services[p->service->id & (SERVICE_CAPACITY - 1)], p->bytes);
	count(&own->servers[p->server_id & (SERVER_CAPACITY - 1)], p->bytes);
}

/* Takes back what account_forwarded did. */
static __noinline int account_not_forwarded(__u32 service_id, __u32 server_id, __u64 bytes)
{
	struct cpu_counters *own = own_counters();

	if (own) {
		struct counter *service = &own->services[service_id & (SERVICE_CAPACITY - 1)];
		struct counter *server = &own->servers[server_id & (SERVER_CAPACITY - 1)];

		service->packets--;
		service->bytes -= bytes;
		server->packets--;
		server->bytes -= bytes;
	}
	return 0;
}

GLOBAL int account_tally(__u32 tally, __u64 bytes)
{
	struct cpu_counters *own = own_counters();

	if (own)
		count(&own->tallies[tally & (TALLIES - 1)], bytes);
	if (is_capturing())
		note_outcome(tally);
	return 0; /* a function of this kind has to return a number */
}

INLINE int drop(enum drop_reason reason, __u64 bytes)
{
	account_tally(DROP_TALLY + reason, bytes);
	return XDP_DROP;
}

/* A director has chosen this machine: it is itself the real server. */
INLINE int deliver_locally(__u64 bytes)
{
	account_tally(DECISION_DELIVER_LOCALLY, bytes);
	return XDP_PASS;
}
