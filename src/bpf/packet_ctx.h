/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the full path knows about its packet. It is too large for the stack, so it lies in per-CPU memory. */
#pragma once
#include "flow_table.h"

/* Results of parsing other than the tuple. */
struct l3_info {
	__u32 l4;	     /* offset of the transport header */
	__u32 fragment_id;   /* in network byte order */
	bool first_fragment; /* the first of several fragments */
	bool later_fragment;
	bool may_fragment; /* routers may fragment it: IPv4 without DF */
};

/* The packet once its server is chosen. */
struct packet_ctx {
	struct flow_lookup lookup;
	struct l3_info info;
	__u64 bytes;
	__u32 bank_number;
	__u32 l3;
	__u32 length;
	__u32 tos;
	__u32 server_id;
	__u32 service; /* id; NOT_FOUND: no service matched */
	__u32 profile;
	__u32 on_no_server; /* REJECT_* of the service */
};

/* Memory of this CPU for the packet that it is processing. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct packet_ctx);
	__uint(max_entries, 1);
} packet_contexts SEC(".maps");

/* The lookup never fails; the verifier demands the null check. */
INLINE struct packet_ctx *own_packet_ctx(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&packet_contexts, &zero);
}
