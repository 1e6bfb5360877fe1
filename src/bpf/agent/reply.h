/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that this server sends with a VIP as source are counted. A SYN-ACK must not offer a larger MSS than fits
 * through the encapsulation, because the client does not know about the encapsulation.
 */
#pragma once
#include "tcp.h"

#define OPTION_END  0
#define OPTION_NOP  1
#define OPTION_MSS  2
#define MSS_BYTES   4
#define MAX_OPTIONS 20 /* options that are examined; most systems send the MSS first */

INLINE __be16 swapped_if(int odd, __be16 value)
{
	return odd ? (__be16)(value << 8 | value >> 8) : value;
}

/* RFC 9293 section 3.7.1. A SYN-ACK is one small packet, never an aggregate. */
INLINE void lower_mss(struct __sk_buff *skb, __u32 tcp, __u32 bytes, __u16 max_mss)
{
	__u32 at = TCP_BYTES;

	for (int i = 0; i < MAX_OPTIONS; i++) {
		__u8 option[MSS_BYTES];
		__be16 offered, lowered = bpf_htons(max_mss);

		if (at + MSS_BYTES > bytes || bpf_skb_load_bytes(skb, tcp + at, option, sizeof(option)) ||
		    option[0] == OPTION_END)
			return;
		if (option[0] == OPTION_NOP) {
			at++;
			continue;
		}
		if (option[0] != OPTION_MSS || option[1] != MSS_BYTES) {
			if (option[1] < 2)
				return;
			at += option[1];
			continue;
		}
		if ((option[2] << 8 | option[3]) <= max_mss)
			return;
		__builtin_memcpy(&offered, option + 2, sizeof(offered));
		/* In the checksum, a 16-bit number at an odd offset counts with its bytes swapped. */
		if (bpf_l4_csum_replace(skb, tcp + 16, swapped_if(at & 1, offered), swapped_if(at & 1, lowered),
					sizeof(lowered)) ||
		    bpf_skb_store_bytes(skb, tcp + at + 2, &lowered, sizeof(lowered), 0))
			return;
		count(COUNTER_MSS_LOWERED);
		return;
	}
}

INLINE void account_reply(struct __sk_buff *skb, const struct address *source, __u32 tcp)
{
	struct vip_counters *c;
	__u8 offset_and_flags[2];
	struct vip *vip;

	if (bpf_skb_load_bytes(skb, tcp + 12, offset_and_flags, sizeof(offset_and_flags)) ||
	    !(offset_and_flags[1] & (FLAG_SYN | FLAG_RST)))
		return;
	vip = find_vip(source);
	if (!vip)
		return;
	c = counters_of(vip);
	if (!c)
		return;
	if (offset_and_flags[1] & FLAG_RST) {
		__sync_fetch_and_add(&c->reset, 1);
		return;
	}
	if (!(offset_and_flags[1] & FLAG_ACK))
		return;
	__sync_fetch_and_add(&c->syn_ack, 1);
	if (vip->mss)
		lower_mss(skb, tcp, (offset_and_flags[0] >> 4) * 4, vip->mss);
}
