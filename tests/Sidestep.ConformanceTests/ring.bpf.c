// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Writes every frame that it gets to a ring buffer: the length, then its first 60 bytes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum { RING_BYTES = 4096, SNAP = 60 };

struct record {
	__u32 length;
	__u8 frame[SNAP];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} other SEC(".maps");

SEC("xdp")
int copy(struct xdp_md *context)
{
	__u8 *data = (__u8 *)(long)context->data, *end = (__u8 *)(long)context->data_end;
	if (data + SNAP > end)
		return XDP_DROP;
	struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return XDP_DROP;
	record->length = end - data;
	__builtin_memcpy(record->frame, data, SNAP);
	bpf_ringbuf_submit(record, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
