/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Notes about the frame that is being captured (capture.h), by those who decide. While capture is off nobody notes. */
#pragma once
#include "packet.h"

struct recording {
	__u32 outcome; /* index of a tally; 0: none was counted */
	__u32 reserved;
	struct captured_frame frame;
};

/* Memory of this CPU for the one frame that it is at: too much for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct recording);
	__uint(max_entries, 1);
} recordings SEC(".maps");

/* Null is for the verifier. */
INLINE struct recording *own_recording(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&recordings, &zero);
}

INLINE bool is_capturing(void)
{
	return UNLIKELY(*(volatile __u32 *)&tables.control.capture);
}

INLINE void note_outcome(__u32 tally)
{
	struct recording *recording = own_recording();

	if (recording)
		recording->outcome = tally;
}
