/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Account: one counter per service, per server, per answer and per drop reason, of this CPU. */
#pragma once
#include "packet.h"

INLINE void count(__u32 index, __u64 bytes)
{
	struct counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (!counter)
		return; /* the array is sized for every CPU that could be: cannot happen */
	counter->packets++;
	counter->bytes += bytes;
}

INLINE void account_forwarded(const struct packet *p)
{
	__u32 first = bpf_get_smp_processor_id() * counters_per_cpu + TALLIES;

	count(first + p->service->id, p->bytes);
	count(first + service_capacity + p->server_id, p->bytes);
}

INLINE void account_tally(__u32 tally, __u64 bytes)
{
	count(bpf_get_smp_processor_id() * counters_per_cpu + tally, bytes);
}
