// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Sends probes to real servers as the director forwards clients' packets (tc egress of the director's interface,
 * direct action).
 *
 * Ordinary sockets of the kernel generate the packets, from the director's address to the VIP; the mark of the socket
 * selects the server. The program reads the same map entries as the XDP program, and the same functions write the
 * outer header.
 */
#include "../encapsulate.h"
#include "../lookup.h"
#include <linux/pkt_cls.h>

#define PROBE_MARK	0x51000000
#define PROBE_MARK_MASK 0xff000000

#define OUTER_MAX_BYTES (sizeof(struct ipv6hdr) + GUE_BYTES)

/* Results of probes. */
struct probe_counters {
	__u64 sent;
	__u64 no_server; /* the server has no entry, or no longer one */
	__u64 too_big;	 /* larger than the server's inner MTU */
	__u64 failed;	 /* the kernel could not change the packet, or the packet cannot be sent */
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

/*
 * Reads the datagram: the flow, which determines per-flow fields of the outer header, its length and its traffic
 * class.
 */
INLINE int read_datagram(struct __sk_buff *skb, struct packet *p, struct tuple *t, struct ipv6hdr *ip6)
{
	struct iphdr *ip4 = (void *)ip6;
	__u32 l4;

	p->l3 = ETH_HLEN;
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, ip4, sizeof(*ip4)) || ip4->ihl < 5)
			return -1;
		p->length = bpf_ntohs(ip4->tot_len);
		p->tos = ip4->tos;
		t->source[0] = ip4->saddr;
		t->destination[0] = ip4->daddr;
		t->protocol = ip4->protocol;
		l4 = ETH_HLEN + ip4->ihl * 4;
	} else {
		if (skb->protocol != bpf_htons(ETH_P_IPV6) || bpf_skb_load_bytes(skb, ETH_HLEN, ip6, sizeof(*ip6)))
			return -1;
		p->length = bpf_ntohs(ip6->payload_len) + sizeof(*ip6);
		p->tos = bpf_ntohl(*(__be32 *)ip6) >> 20 & 0xff;
		__builtin_memcpy(t->source, &ip6->saddr, sizeof(t->source));
		__builtin_memcpy(t->destination, &ip6->daddr, sizeof(t->destination));
		t->protocol = ip6->nexthdr;
		t->ipv6 = true;
		l4 = ETH_HLEN + sizeof(*ip6);
	}
	if (t->protocol == IPPROTO_TCP || t->protocol == IPPROTO_UDP)
		return bpf_skb_load_bytes(skb, l4, &t->ports, sizeof(t->ports));
	return 0;
}

/*
 * The sum over a datagram whose own checksums are correct, or will be once the device has completed them. Its IPv4
 * header sums to zero and its payload to the complement of its pseudo header, so that neither is read.
 */
INLINE __u64 sum_of_datagram(const struct packet *p, const struct tuple *t, const struct ipv6hdr *ip6)
{
	const __u32 *words = (const void *)ip6;
	__u64 sum;

	if (t->ipv6)
		/*
		 * The addresses count twice with opposite signs and cancel out; so do the length and, in part, the
		 * protocol.
		 */
		return (words[0] & 0xffff) + (words[0] >> 16) + (words[1] >> 16) + (__u16)~bpf_htons(t->protocol);
	if (t->protocol == IPPROTO_ICMP)
		return 0; /* no pseudo header */
	sum = ((__u32)t->source[0] & 0xffff) + ((__u32)t->source[0] >> 16);
	sum += ((__u32)t->destination[0] & 0xffff) + ((__u32)t->destination[0] >> 16);
	sum += bpf_htons(t->protocol) + bpf_htons(p->length - sizeof(struct iphdr));
	return (__u16)~fold(sum);
}

/* Writes the header after the outer IP header. Returns the number of bytes written. */
INLINE __u32 write_inner_tunnel(const struct packet *p, const struct tuple *t, const struct ipv6hdr *ip6, __u32 kind,
				bool outer6, __u32 *at)
{
	__u32 protocol = t->ipv6 ? IPPROTO_IPV6 : IPPROTO_IPIP;

	if (kind == ENCAPSULATION_GRE) {
		at[0] = t->ipv6 ? bpf_htonl(ETH_P_IPV6) : bpf_htonl(ETH_P_IP);
		return GRE_BYTES;
	}
	if (kind == ENCAPSULATION_GUE) {
		__u32 port = bpf_htons(GUE_LOWEST_PORT | (flow_entropy(t) >> 16)), length = p->length + GUE_BYTES;
		__u32 gue = bpf_htonl(protocol << 16);
		__u16 sum = 0;

		if (outer6) {
			__u64 all = sum_of_datagram(p, t, ip6) + p->server->checksum + port + 2 * bpf_htons(length);

			sum = ~fold(all + (gue & 0xffff) + (gue >> 16)) ?: 0xffff;
		}
		at[0] = port | (__u32)p->server->gue_port << 16;
		at[1] = bpf_htons(length) | (__u32)sum << 16;
		at[2] = gue;
		return GUE_BYTES;
	}
	return 0;
}

INLINE int send_encapsulated(struct __sk_buff *skb, struct packet *p, const struct tuple *t, const struct ipv6hdr *ip6)
{
	bool outer6 = p->server->encapsulation & OUTER_IPV6;
	__u32 kind = p->server->encapsulation & ~OUTER_IPV6, outer[OUTER_MAX_BYTES / sizeof(__u32)] = {}, added,
	      tunnel_bytes;
	__u64 flags = outer6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
	__u32 protocol = kind == ENCAPSULATION_GUE   ? IPPROTO_UDP
			 : kind == ENCAPSULATION_GRE ? IPPROTO_GRE
			 : t->ipv6		     ? IPPROTO_IPV6
						     : IPPROTO_IPIP;
	/*
	 * GUE carries the flow in its source port; IPv4 carries it in the source address, if a prefix is configured.
	 */
	__u32 entropy = kind == ENCAPSULATION_GUE && !outer6 ? 0 : flow_entropy(t);
	__be16 type;

	if (outer6) {
		tunnel_bytes =
		    write_inner_tunnel(p, t, ip6, kind, true, outer + sizeof(struct ipv6hdr) / sizeof(__u32));
		write_outer6(p, outer, p->length + tunnel_bytes, protocol, entropy);
		added = sizeof(struct ipv6hdr) + tunnel_bytes;
	} else {
		tunnel_bytes = write_inner_tunnel(p, t, ip6, kind, false, outer + sizeof(struct iphdr) / sizeof(__u32));
		/* The sum in the server's entry for IP in IP is for protocol 4. */
		write_outer4(p, outer, p->length + tunnel_bytes + sizeof(struct iphdr), protocol, entropy,
			     kind == ENCAPSULATION_IPIP && t->ipv6 ? bpf_htons(IPPROTO_IPV6 - IPPROTO_IPIP) : 0);
		added = sizeof(struct iphdr) + tunnel_bytes;
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
	/* The verifier needs a constant length for each possible size. */
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
	struct ipv6hdr ip6 = {};

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
	if (read_datagram(skb, &p, &t, &ip6)) {
		COUNT(failed);
		return TC_ACT_SHOT;
	}
	if (p.length > p.server->inner_mtu) {
		COUNT(too_big);
		return TC_ACT_SHOT;
	}
	if (p.server->encapsulation != ENCAPSULATION_NONE && send_encapsulated(skb, &p, &t, &ip6)) {
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
	/* Another interface may have this program too and must not encapsulate the packet again. */
	skb->mark = 0;
	return p.server->ifindex == skb->ifindex ? TC_ACT_OK : bpf_redirect(p.server->ifindex, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
