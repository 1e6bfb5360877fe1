/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* TCP flags that both programs read: they show when connections open and when they are reset. */
#pragma once
#include "maps.h"

#define TCP_BYTES	20
#define FLAG_RST	0x04
#define FLAG_SYN	0x02
#define FLAG_ACK	0x10
#define FRAGMENT_OFFSET 0x1fff

/* The flags of the TCP header at an offset of the frame; 0 when the frame ends before them. */
INLINE __u8 tcp_flags(struct __sk_buff *skb, __u32 tcp)
{
	__u8 flags = 0;

	return bpf_skb_load_bytes(skb, tcp + 13, &flags, sizeof(flags)) ? 0 : flags;
}

INLINE int is_first_syn(__u8 flags)
{
	return (flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
}

INLINE void count_syn(const struct vip *vip)
{
	struct vip_counters *c = counters_of(vip);

	if (c)
		__sync_fetch_and_add(&c->syn, 1);
}
