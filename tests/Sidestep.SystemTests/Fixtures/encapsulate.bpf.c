// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A director for the tests: at tc egress, puts IPv4 for the VIP 203.0.113.10 into IPv4 from 10.0.1.2 to 10.0.1.3. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ADDRESS(a, b, c, d) bpf_htonl((a) << 24 | (b) << 16 | (c) << 8 | (d))

SEC("tc/encapsulate")
int encapsulate(struct __sk_buff *skb)
{
	struct iphdr inner, outer = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_IPIP};
	__u32 sum = 0;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, ETH_HLEN, &inner, sizeof(inner)) ||
	    inner.daddr != ADDRESS(203, 0, 113, 10))
		return TC_ACT_OK;
	outer.tos = inner.tos;
	outer.tot_len = bpf_htons(bpf_ntohs(inner.tot_len) + sizeof(outer));
	outer.saddr = ADDRESS(10, 0, 1, 2);
	outer.daddr = ADDRESS(10, 0, 1, 3);
	for (int i = 0; i < sizeof(outer) / sizeof(__u16); i++)
		sum += ((__u16 *)&outer)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	outer.check = ~((sum & 0xffff) + (sum >> 16));
	if (bpf_skb_adjust_room(skb, sizeof(outer), BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), 0))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

/* A filter of another program: drops what is for the VIP, which it can see only without the outer header. */
SEC("tc/drop")
int drop(struct __sk_buff *skb)
{
	__be32 destination;

	if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, daddr), &destination, sizeof(destination)))
		return TC_ACT_OK;
	return destination == ADDRESS(203, 0, 113, 10) ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
