// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The agent's two programs for the interfaces of a real server (tc, direct action).
 *
 * decapsulate, at ingress, removes the outer headers of packets that a director sent to this server. It also keeps
 * this server from answering neighbour solicitations for IPv6 VIPs. reply, at egress, lowers the MSS in SYN-ACKs of
 * VIPs. Both count packets. Every packet that is not ours gets TC_ACT_UNSPEC, so that the filters after this one see
 * it: the host's own filters and tunnels work as before.
 */
#include "neighbour.h"
#include "outer.h"
#include "reply.h"
#include <linux/if_packet.h>

#define NEXT_FRAGMENT	 44
#define IS_UNTAGGED(skb) (!((skb)->vlan_present && ((skb)->vlan_tci & VLAN_ID_MASK)))

INLINE int ingress4(struct __sk_buff *skb)
{
	struct outer outer = {};
	struct iphdr ip;

	/* Without a complete header, the kernel rejects the packet itself. */
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return TC_ACT_UNSPEC;
	switch (ip.protocol) {
	case IPPROTO_TCP:
		if (ip.frag_off & bpf_htons(FRAGMENT_OFFSET) || !is_first_syn(tcp_flags(skb, ETH_HLEN + ip.ihl * 4)))
			return TC_ACT_UNSPEC;
		set4(&outer.destination, ip.daddr);
		break;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_UDP:
		set4(&outer.source, ip.saddr);
		set4(&outer.destination, ip.daddr);
		outer.family = 4;
		outer.header = ip.ihl * 4;
		outer.length = length_of(skb, ip.tot_len, 0, skb->len - ETH_HLEN);
		outer.tos = ip.tos;
		outer.protocol = ip.protocol;
		outer.fragment = (ip.frag_off & bpf_htons(IP_MORE_FRAGMENTS | FRAGMENT_OFFSET)) != 0;
		return decapsulate_outer(skb, &outer);
	default:
		return TC_ACT_UNSPEC;
	}
	/* Layer 2: there is no outer header to remove. */
	struct vip *vip = find_vip(&outer.destination);

	if (vip)
		count_syn(vip);
	return TC_ACT_UNSPEC;
}

INLINE int ingress6(struct __sk_buff *skb)
{
	struct outer outer = {};
	struct ipv6hdr ip;
	struct vip *vip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.version != 6)
		return TC_ACT_UNSPEC;
	if (ip.nexthdr == IPPROTO_ICMPV6)
		return is_about_vip(skb, NEIGHBOUR_SOLICITATION) ? drop_counted(COUNTER_SOLICITATION) : TC_ACT_UNSPEC;
	if (skb->pkt_type != PACKET_HOST)
		return TC_ACT_UNSPEC;
	outer.protocol = ip.nexthdr;
	if (ip.nexthdr == NEXT_FRAGMENT) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(ip), &outer.protocol, sizeof(outer.protocol)))
			return TC_ACT_UNSPEC;
		outer.fragment = 1;
	}
	set6(&outer.destination, &ip.daddr);
	switch (outer.protocol) {
	case IPPROTO_TCP:
		if (outer.fragment || !is_first_syn(tcp_flags(skb, ETH_HLEN + sizeof(ip))))
			return TC_ACT_UNSPEC;
		vip = find_vip(&outer.destination);
		if (vip)
			count_syn(vip);
		return TC_ACT_UNSPEC;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_UDP:
		set6(&outer.source, &ip.saddr);
		outer.family = 6;
		outer.header = sizeof(ip);
		outer.length = length_of(skb, ip.payload_len, sizeof(ip), skb->len - ETH_HLEN);
		outer.tos = bpf_ntohs(*(__be16 *)&ip) >> 4;
		return decapsulate_outer(skb, &outer);
	default:
		return TC_ACT_UNSPEC;
	}
}

SEC("tc")
int decapsulate(struct __sk_buff *skb)
{
	/*
	 * A tagged frame belongs to a VLAN interface on top of this one, which has its own tc ingress. VLAN id 0
	 * means no VLAN.
	 */
	if (!IS_UNTAGGED(skb))
		return TC_ACT_UNSPEC;
	if (skb->protocol == bpf_htons(ETH_P_IP) && skb->pkt_type == PACKET_HOST)
		return ingress4(skb);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return ingress6(skb);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int reply(struct __sk_buff *skb)
{
	struct address source;
	__u32 tcp;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5 ||
		    ip.protocol != IPPROTO_TCP || ip.frag_off & bpf_htons(FRAGMENT_OFFSET))
			return TC_ACT_UNSPEC;
		set4(&source, ip.saddr);
		tcp = ETH_HLEN + ip.ihl * 4;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.version != 6)
			return TC_ACT_UNSPEC;
		if (ip.nexthdr == IPPROTO_ICMPV6)
			return is_about_vip(skb, NEIGHBOUR_ADVERTISEMENT) ? drop_counted(COUNTER_ADVERTISEMENT)
									  : TC_ACT_UNSPEC;
		if (ip.nexthdr != IPPROTO_TCP)
			return TC_ACT_UNSPEC;
		set6(&source, &ip.saddr);
		tcp = ETH_HLEN + sizeof(ip);
	} else {
		return TC_ACT_UNSPEC;
	}
	account_reply(skb, &source, tcp);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
