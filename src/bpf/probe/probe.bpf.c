// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Sends probes to real servers as the director sends clients' packets: tc egress of the director's interface, direct
 * action.
 *
 * The kernel's own sockets make the packets, from the director's address to the VIP; the mark of the socket says which
 * server is meant. What is done to them is read from the same entry of the same map that the XDP program reads, and
 * written by the same functions.
 */
#include "../encapsulate.h"
/* Where servers lie; more comes with it than is used. */
#pragma clang diagnostic ignored "-Wunused-function"
#include "../remember.h"
#include <linux/pkt_cls.h>

#define PROBE_MARK	0x51000000
#define PROBE_MARK_MASK 0xff000000

#define OUTER_ROOM (sizeof(struct ipv6hdr) + GUE_BYTES)

/* What became of probes. */
struct probe_counters {
	__u64 sent;
	__u64 no_server; /* its entry is gone, or was never there */
	__u64 too_big;	 /* for the way to the server */
	__u64 failed;	 /* the kernel could not change the packet, or it was none that can be sent */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct probe_counters);
	__uint(max_entries, 1);
} probe_counts SEC(".maps");

#define COUNT(what)                                                                                                    \
	({                                                                                                             \
		__u32 zero_ = 0;                                                                                       \
		struct probe_counters *counters_ = bpf_map_lookup_elem(&probe_counts, &zero_);                         \
		if (counters_)                                                                                         \
			__sync_fetch_and_add(&counters_->what, 1);                                                     \
	})

/* What the datagram tells of itself: the flow, for what differs per flow outside, and length and class. */
INLINE int read_datagram(struct __sk_buff *skb, struct packet *p, struct tuple *t, struct ipv6hdr *six)
{
	struct iphdr *four = (void *)six;
	__u32 l4;

	p->l3 = ETH_HLEN;
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, four, sizeof(*four)) || four->ihl < 5)
			return -1;
		p->length = bpf_ntohs(four->tot_len);
		p->tos = four->tos;
		t->source[0] = four->saddr;
		t->destination[0] = four->daddr;
		t->protocol = four->protocol;
		l4 = ETH_HLEN + four->ihl * 4;
	} else {
		if (skb->protocol != bpf_htons(ETH_P_IPV6) || bpf_skb_load_bytes(skb, ETH_HLEN, six, sizeof(*six)))
			return -1;
		p->length = bpf_ntohs(six->payload_len) + sizeof(*six);
		p->tos = bpf_ntohl(*(__be32 *)six) >> 20 & 0xff;
		__builtin_memcpy(t->source, &six->saddr, sizeof(t->source));
		__builtin_memcpy(t->destination, &six->daddr, sizeof(t->destination));
		t->protocol = six->nexthdr;
		t->six = true;
		l4 = ETH_HLEN + sizeof(*six);
	}
	if (t->protocol == IPPROTO_TCP || t->protocol == IPPROTO_UDP)
		return bpf_skb_load_bytes(skb, l4, &t->ports, sizeof(t->ports));
	return 0;
}

/*
 * The sum of a datagram whose own checksums are right, or will be when the device has finished them: its IPv4 header
 * sums up to nothing, and what is behind it to the opposite of its pseudo header, so that none of it need be read.
 */
INLINE __u64 sum_of_datagram(const struct packet *p, const struct tuple *t, const struct ipv6hdr *six)
{
	const __u32 *words = (const void *)six;
	__u64 sum;

	if (t->six)
		/* The addresses count twice, with opposite signs; so do length and, in part, the protocol. */
		return (words[0] & 0xffff) + (words[0] >> 16) + (words[1] >> 16) + (__u16)~bpf_htons(t->protocol);
	if (t->protocol == IPPROTO_ICMP)
		return 0; /* no pseudo header */
	sum = ((__u32)t->source[0] & 0xffff) + ((__u32)t->source[0] >> 16);
	sum += ((__u32)t->destination[0] & 0xffff) + ((__u32)t->destination[0] >> 16);
	sum += bpf_htons(t->protocol) + bpf_htons(p->length - sizeof(struct iphdr));
	return (__u16)~fold(sum);
}

/* Behind the outer IP header. Returns how many bytes were written. */
INLINE __u32 write_inner_tunnel(const struct packet *p, const struct tuple *t, const struct ipv6hdr *six, __u32 kind,
				bool outer6, __u32 *at)
{
	__u32 protocol = t->six ? IPPROTO_IPV6 : IPPROTO_IPIP;

	if (kind == ENCAPSULATION_GRE) {
		at[0] = t->six ? bpf_htonl(ETH_P_IPV6) : bpf_htonl(ETH_P_IP);
		return GRE_BYTES;
	}
	if (kind == ENCAPSULATION_GUE) {
		__u32 port = bpf_htons(GUE_LOWEST_PORT | (flow_entropy(t) >> 16)), length = p->length + GUE_BYTES;
		__u32 gue = bpf_htonl(protocol << 16);
		__u16 sum = 0;

		if (outer6) {
			__u64 all = sum_of_datagram(p, t, six) + p->server->checksum + port + 2 * bpf_htons(length);

			sum = ~fold(all + (gue & 0xffff) + (gue >> 16)) ?: 0xffff;
		}
		at[0] = port | (__u32)p->server->gue_port << 16;
		at[1] = bpf_htons(length) | (__u32)sum << 16;
		at[2] = gue;
		return GUE_BYTES;
	}
	return 0;
}

INLINE int send_encapsulated(struct __sk_buff *skb, struct packet *p, const struct tuple *t, const struct ipv6hdr *six)
{
	bool outer6 = p->server->encapsulation & OUTER_IPV6;
	__u32 kind = p->server->encapsulation & ~OUTER_IPV6, outer[OUTER_ROOM / sizeof(__u32)] = {}, added, behind;
	__u64 flags = outer6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
	__u32 protocol = kind == ENCAPSULATION_GUE   ? IPPROTO_UDP
			 : kind == ENCAPSULATION_GRE ? IPPROTO_GRE
			 : t->six		     ? IPPROTO_IPV6
						     : IPPROTO_IPIP;
	/* GUE has the flow in its port; IPv4 has it in the source, where a prefix is given. */
	__u32 entropy = kind == ENCAPSULATION_GUE && !outer6 ? 0 : flow_entropy(t);
	__be16 type;

	if (outer6) {
		behind = write_inner_tunnel(p, t, six, kind, true, outer + sizeof(struct ipv6hdr) / sizeof(__u32));
		write_outer6(p, outer, p->length + behind, protocol, entropy);
		added = sizeof(struct ipv6hdr) + behind;
	} else {
		behind = write_inner_tunnel(p, t, six, kind, false, outer + sizeof(struct iphdr) / sizeof(__u32));
		/* The entry's sum of IP in IP is that of protocol 4. */
		write_outer4(p, outer, p->length + behind + sizeof(struct iphdr), protocol, entropy,
			     kind == ENCAPSULATION_IPIP && t->six ? bpf_htons(IPPROTO_IPV6 - IPPROTO_IPIP) : 0);
		added = sizeof(struct iphdr) + behind;
	}
	if (kind == ENCAPSULATION_GUE)
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	if (kind == ENCAPSULATION_GRE)
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	if (bpf_skb_adjust_room(skb, added, BPF_ADJ_ROOM_MAC, flags))
		return -1;
	type = outer6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0))
		return -1;
	/* A length that the verifier knows, for each size there is. */
	switch (added) {
	case sizeof(struct iphdr):
		return bpf_skb_store_bytes(skb, ETH_HLEN, outer, sizeof(struct iphdr), 0);
	case sizeof(struct iphdr) + GRE_BYTES:
		return bpf_skb_store_bytes(skb, ETH_HLEN, outer, sizeof(struct iphdr) + GRE_BYTES, 0);
	case sizeof(struct iphdr) + GUE_BYTES:
		return bpf_skb_store_bytes(skb, ETH_HLEN, outer, sizeof(struct iphdr) + GUE_BYTES, 0);
	case sizeof(struct ipv6hdr):
		return bpf_skb_store_bytes(skb, ETH_HLEN, outer, sizeof(struct ipv6hdr), 0);
	case sizeof(struct ipv6hdr) + GRE_BYTES:
		return bpf_skb_store_bytes(skb, ETH_HLEN, outer, sizeof(struct ipv6hdr) + GRE_BYTES, 0);
	case sizeof(struct ipv6hdr) + GUE_BYTES:
		return bpf_skb_store_bytes(skb, ETH_HLEN, outer, sizeof(struct ipv6hdr) + GUE_BYTES, 0);
	}
	return -1;
}

SEC("tc")
int probe(struct __sk_buff *skb)
{
	__u32 mark = skb->mark, id = mark & ~PROBE_MARK_MASK;
	__u64 macs[2] = {};
	struct packet p = {};
	struct tuple t = {};
	struct ipv6hdr six = {};

	if ((mark & PROBE_MARK_MASK) != PROBE_MARK)
		return TC_ACT_UNSPEC;
	if (id >= SERVER_CAPACITY) {
		COUNT(no_server);
		return TC_ACT_SHOT;
	}
	p.server = server_of(*(volatile __u32 *)&tables.control.active & 1, id);
	if (!p.server || !(p.server->flags & SERVER_USED) || p.server->flags & SERVER_LOCAL) {
		COUNT(no_server);
		return TC_ACT_SHOT;
	}
	if (read_datagram(skb, &p, &t, &six)) {
		COUNT(failed);
		return TC_ACT_SHOT;
	}
	if (p.length > p.server->room) {
		COUNT(too_big);
		return TC_ACT_SHOT;
	}
	if (p.server->encapsulation != ENCAPSULATION_NONE && send_encapsulated(skb, &p, &t, &six)) {
		COUNT(failed);
		return TC_ACT_SHOT;
	}
	macs[0] = p.server->macs;
	macs[1] = p.server->macs_rest;
	if (bpf_skb_store_bytes(skb, 0, macs, 2 * ETH_ALEN, 0)) {
		COUNT(failed);
		return TC_ACT_SHOT;
	}
	COUNT(sent);
	/* Another interface has this program too, and must not encapsulate again. */
	skb->mark = 0;
	return p.server->ifindex == skb->ifindex ? TC_ACT_OK : bpf_redirect(p.server->ifindex, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
