// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Puts the frame that it gets into a ring buffer as it is: what a test run gets is the record that the daemon reads. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum { RING_BYTES = 65536, RECORD_BYTES = 4096 };

struct record {
	__u8 bytes[RECORD_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} slow SEC(".maps");

SEC("xdp")
int punt(struct xdp_md *context)
{
	__u64 length = context->data_end - context->data;
	asm volatile("" : "+r"(length));
	if (length < 14 || length > RECORD_BYTES)
		return XDP_ABORTED;
	struct record *record = bpf_ringbuf_reserve(&slow, sizeof(*record), 0);
	if (!record)
		return XDP_ABORTED;
	if (bpf_xdp_load_bytes(context, 0, record->bytes, length)) {
		bpf_ringbuf_discard(record, 0);
		return XDP_ABORTED;
	}
	bpf_ringbuf_submit(record, 0);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
