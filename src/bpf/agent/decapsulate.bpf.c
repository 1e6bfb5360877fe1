// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Takes the outer IPv4 header off packets that a director sent to this real server.
 *
 * tc ingress, direct action. Every packet that is not ours gets TC_ACT_UNSPEC, which lets the filters behind this one
 * see it: the host's own filters and tunnels work as before. Only IPv4 in IPv4 is known so far; another encapsulation
 * is another case of the switch in decapsulate().
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_MORE_FRAGMENTS  0x2000
#define IP_FRAGMENT_OFFSET 0x1fff
#define MAX_HEADER_WORDS   15
#define VLAN_ID_MASK	   0x0fff
#define MAX_SET		   4096

/* DecapsulationCounter.cs names them in the same order; a test moves each and looks at its name. */
enum decapsulation_counter {
	COUNTER_DECAPSULATED,
	COUNTER_REFUSED_SOURCE,	     /* dropped: for a VIP, but not from a director */
	COUNTER_REFUSED_VIP,	     /* dropped: from a director, but not for a VIP of this server */
	COUNTER_REFUSED_DESTINATION, /* left alone: from a director, but the outer destination is not this server */
	COUNTER_MALFORMED,	     /* dropped: from a director, with headers that contradict each other */
	COUNTER_ECN_DROPPED,	/* dropped: congestion marked outside, and the inner packet cannot carry the mark */
	COUNTER_OUTER_FRAGMENT, /* left alone: from a director, fragmented on the way */
	COUNTER_FOREIGN,	/* left alone: a tunnel that is none of ours */
	COUNTER_FAILED,		/* dropped: the kernel could not shorten the packet */
	COUNTERS
};

/* One element per CPU of a plain array: read by user space like any other map, and no cache line is shared. */
struct decapsulation_counters {
	__u64 count[16];
};

_Static_assert(COUNTERS <= 16, "struct decapsulation_counters is too small");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* user space: the number of possible CPUs */
	__type(key, __u32);
	__type(value, struct decapsulation_counters);
} counters SEC(".maps");

/* Sets of IPv4 addresses in network byte order. */
struct address_set {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, __be32);
	__type(value, __u32);
};

struct address_set directors SEC(".maps"); /* allowed outer sources */
struct address_set addresses SEC(".maps"); /* this server's own: outer destinations */
struct address_set vips SEC(".maps");	   /* inner destinations */

static __always_inline void count(enum decapsulation_counter counter)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct decapsulation_counters *c = bpf_map_lookup_elem(&counters, &cpu);

	if (c)
		c->count[counter]++;
}

static __always_inline int dropped(enum decapsulation_counter counter)
{
	count(counter);
	return TC_ACT_SHOT;
}

static __always_inline int left_alone(enum decapsulation_counter counter)
{
	count(counter);
	return TC_ACT_UNSPEC;
}

/* The kernel checks the header checksum only after this program, when the outer header is gone. */
static __always_inline int header_is_intact(struct __sk_buff *skb, __u32 bytes)
{
	__u32 words[MAX_HEADER_WORDS] = {};
	__u64 sum = 0;

	if (bytes < sizeof(struct iphdr) || bytes > sizeof(words) || bpf_skb_load_bytes(skb, ETH_HLEN, words, bytes))
		return 0;
#pragma unroll
	for (int i = 0; i < MAX_HEADER_WORDS; i++)
		sum += words[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Total length of a header; an aggregate of more than 64 KiB has 0 there and its length in the skb. */
static __always_inline __u32 total_length(struct __sk_buff *skb, __be16 tot_len, __u32 available)
{
	return !tot_len && skb->gso_size ? available : bpf_ntohs(tot_len);
}

enum { ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3, ECN_MASK = 3 };

/* RFC 6040, section 4.2: the mark that the inner packet leaves with; negative: it must be dropped. */
static __always_inline int ecn_after(__u8 outer, __u8 inner)
{
	outer &= ECN_MASK;
	inner &= ECN_MASK;
	if (outer == ECN_CE)
		return inner == ECN_NOT_ECT ? -1 : ECN_CE;
	return outer == ECN_ECT1 && inner == ECN_ECT0 ? ECN_ECT1 : inner;
}

static __always_inline int take_off(struct __sk_buff *skb, __u32 bytes, const struct iphdr *inner, int ecn)
{
	__u8 tos = (inner->tos & ~ECN_MASK) | ecn;

	/*
	 * FIXED_GSO: an aggregate keeps its segment size, which is the inner one. NO_CSUM_RESET: an IP header has no
	 * checksum of layer 4, so what the device verified was the inner one. BPF_F_ADJ_ROOM_DECAP_L3_IPV4 would
	 * change nothing when both headers are IPv4, and kernels before 6.3 refuse it.
	 */
	if (bpf_skb_adjust_room(skb, -(__s32)bytes, BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET))
		return -1;
	if (tos == inner->tos)
		return 0;
	/* A complete checksum of the skb stays right: the header sums up to the same as before. */
	if (bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), bpf_htons(inner->tos), bpf_htons(tos),
				sizeof(__be16)))
		return -1;
	return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, tos), &tos, sizeof(tos), 0);
}

static __always_inline int ipip(struct __sk_buff *skb, const struct iphdr *outer)
{
	__u32 header = outer->ihl * 4, available = skb->len - ETH_HLEN, outer_length, inner_length;
	int from_director = bpf_map_lookup_elem(&directors, &outer->saddr) != 0;
	int for_vip = 0, readable, ecn;
	struct iphdr inner = {};

	if (!bpf_map_lookup_elem(&addresses, &outer->daddr))
		return from_director ? left_alone(COUNTER_REFUSED_DESTINATION) : TC_ACT_UNSPEC;
	if (outer->frag_off & bpf_htons(IP_MORE_FRAGMENTS | IP_FRAGMENT_OFFSET))
		return left_alone(from_director ? COUNTER_OUTER_FRAGMENT : COUNTER_FOREIGN);

	readable = !bpf_skb_load_bytes(skb, ETH_HLEN + header, &inner, sizeof(inner)) && inner.version == 4;
	if (readable)
		for_vip = bpf_map_lookup_elem(&vips, &inner.daddr) != 0;
	if (!from_director)
		return for_vip ? dropped(COUNTER_REFUSED_SOURCE) : left_alone(COUNTER_FOREIGN);

	outer_length = total_length(skb, outer->tot_len, available);
	inner_length = total_length(skb, inner.tot_len, available - header);
	if (!readable || inner.ihl < 5 || inner_length < inner.ihl * 4 || outer_length < header + inner_length ||
	    outer_length > available || !header_is_intact(skb, header))
		return dropped(COUNTER_MALFORMED);
	if (!for_vip)
		return dropped(COUNTER_REFUSED_VIP);
	ecn = ecn_after(outer->tos, inner.tos);
	if (ecn < 0)
		return dropped(COUNTER_ECN_DROPPED);
	if (take_off(skb, header, &inner, ecn))
		return dropped(COUNTER_FAILED);
	count(COUNTER_DECAPSULATED);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int decapsulate(struct __sk_buff *skb)
{
	struct iphdr outer, *header;
	void *data, *end;

	/* A tagged frame belongs to a VLAN interface above this one, with a tc ingress of its own; id 0 is no VLAN. */
	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->pkt_type != PACKET_HOST ||
	    (skb->vlan_present && skb->vlan_tci & VLAN_ID_MASK))
		return TC_ACT_UNSPEC;

	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + ETH_HLEN + sizeof(*header) > end) {
		if (bpf_skb_pull_data(skb, ETH_HLEN + sizeof(*header)))
			return TC_ACT_UNSPEC;
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
		if (data + ETH_HLEN + sizeof(*header) > end)
			return TC_ACT_UNSPEC;
	}
	header = data + ETH_HLEN;
	/* What is not even a header is the kernel's to refuse. */
	if (header->version != 4 || header->ihl < 5)
		return TC_ACT_UNSPEC;
	switch (header->protocol) {
	case IPPROTO_IPIP:
		outer = *header;
		return ipip(skb, &outer);
	default:
		return TC_ACT_UNSPEC;
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
