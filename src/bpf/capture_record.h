/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Notes for capture (capture.h): the code that decides about a frame notes the verdict here. While capture is off, it
 * notes nothing.
 */
#pragma once
#include "packet.h"

struct capture_scratch {
	__u32 verdict; /* index into cpu_counters.decisions; 0: nothing was counted */
	__u32 reserved;
	struct captured_frame frame;
};

/* Memory of this CPU for the frame that it is processing: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct capture_scratch);
	__uint(max_entries, 1);
} capture_scratches SEC(".maps");

/* The lookup never fails; the verifier demands the null check. */
INLINE struct capture_scratch *own_capture_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&capture_scratches, &zero);
}

INLINE bool is_capturing(void)
{
	return UNLIKELY(*(volatile __u32 *)&tables.control.capture);
}

INLINE void note_verdict(__u32 verdict)
{
	struct capture_scratch *scratch = own_capture_scratch();

	if (scratch)
		scratch->verdict = verdict;
}
