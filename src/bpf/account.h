/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Account: counters of this CPU for each service, each server, each response and each drop reason. */
#pragma once
#include "capture_record.h"

/* The array has an element for every possible CPU, so the lookup never fails; the verifier demands the null check. */
INLINE struct cpu_counters *own_counters(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &cpu);
}

INLINE void count(struct frame_counter *counter, __u64 bytes)
{
	counter = BARRIER_PTR(counter);
	counter->packets++;
	counter->bytes += bytes;
}

INLINE void account_forwarded(struct cpu_counters *own, const struct packet *p)
{
	count(&own->services[p->service->id & (SERVICE_CAPACITY - 1)], p->bytes);
	count(&own->servers[p->server_id & (SERVER_CAPACITY - 1)], p->bytes);
}

/* Reverts account_forwarded. */
static __noinline int revert_forwarded(__u32 service_id, __u32 server_id, __u64 bytes)
{
	struct cpu_counters *own = own_counters();

	if (own) {
		struct frame_counter *service = &own->services[service_id & (SERVICE_CAPACITY - 1)];
		struct frame_counter *server = &own->servers[server_id & (SERVER_CAPACITY - 1)];

		service->packets--;
		service->bytes -= bytes;
		server->packets--;
		server->bytes -= bytes;
	}
	return 0;
}

GLOBAL int account_verdict(__u32 verdict, __u64 bytes)
{
	struct cpu_counters *own = own_counters();

	if (own)
		count(&own->decisions[verdict & (DECISION_COUNTERS - 1)], bytes);
	if (is_capturing())
		note_verdict(verdict);
	return 0; /* a global function has to return a number */
}

INLINE int drop(enum drop_reason reason, __u64 bytes)
{
	account_verdict(DROP_COUNTER_BASE + reason, bytes);
	return XDP_DROP;
}

/* Another director chose this machine: this machine is the real server. */
INLINE int deliver_locally(__u64 bytes)
{
	account_verdict(DECISION_DELIVER_LOCALLY, bytes);
	return XDP_PASS;
}
