/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the general way knows of its packet: too much for the stack, so it lies in memory of the CPU's own. */
#pragma once
#include "remember.h"

/* What parsing finds out beside the tuple. */
struct shape {
	__u32 l4;	   /* where the transport header begins */
	__u32 fragment_id; /* as it lies in the packet */
	bool first;	   /* of several fragments */
	bool later;
	bool may_fragment; /* routers may: IPv4 without DF */
};

/* What is known of a packet once its server is. */
struct passage {
	struct query query;
	struct shape shape;
	__u64 bytes;
	__u32 half_number;
	__u32 l3;
	__u32 length;
	__u32 tos;
	__u32 server_id;
	__u32 service; /* id; NOTHING: none was found */
	__u32 profile;
};

/* Memory of this CPU for the one packet that it is at: too much for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct passage);
	__uint(max_entries, 1);
} passages SEC(".maps");

/* Null is for the verifier. */
INLINE struct passage *own_passage(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&passages, &zero);
}
