/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the agent tells its programs, and what they count. src/Sidestep.Agent/Programs has the same in C#. */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define INLINE	     static __always_inline
#define VLAN_ID_MASK 0x0fff
#define MAX_SET	     4096
#define GUE_PORTS    8

/* PacketCounter.cs names them in the same order; a test moves each and looks at its name. */
enum packet_counter {
	COUNTER_DECAPSULATED,
	COUNTER_REFUSED_SOURCE,	     /* dropped: for a VIP, but not from a director */
	COUNTER_REFUSED_VIP,	     /* dropped: from a director, but not for a VIP of this server */
	COUNTER_REFUSED_DESTINATION, /* left alone: from a director, but the outer destination is not this server */
	COUNTER_MALFORMED,	     /* dropped: from a director, with headers that contradict each other */
	COUNTER_ECN_DROPPED,	/* dropped: congestion marked outside, and the inner packet cannot carry the mark */
	COUNTER_OUTER_FRAGMENT, /* left alone: from a director, fragmented on the way */
	COUNTER_FOREIGN,	/* left alone: a tunnel that is none of ours */
	COUNTER_FAILED,		/* dropped: the kernel could not shorten the packet */
	COUNTER_OTHER_KIND,	/* left alone: from a director, for a VIP, in an encapsulation that was not agreed */
	COUNTER_SOLICITATION,	/* dropped: somebody asked this server for a VIP (neighbour solicitation) */
	COUNTER_ADVERTISEMENT,	/* dropped: this server claimed a VIP (neighbour advertisement) */
	COUNTER_MSS_LOWERED,	/* a SYN-ACK of a VIP that offered more than fits through the encapsulation */
	COUNTERS
};

/* One element per CPU of a plain array: read by user space like any other map, and no cache line is shared. */
struct packet_counters {
	__u64 count[16];
};

_Static_assert(COUNTERS <= 16, "struct packet_counters is too small");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* user space: the number of possible CPUs */
	__type(key, __u32);
	__type(value, struct packet_counters);
} counters SEC(".maps");

/* The family keeps an IPv6 address that looks like an IPv4 one (::ffff:192.0.2.1) from being taken for it. */
struct address {
	__u32 family; /* 4 or 6 */
	__be32 words[4];
};

struct prefix {
	__u32 bits; /* of what follows: 32 for the family, and those of the address */
	struct address address;
};

enum kind { KIND_IPIP = 1, KIND_GRE = 2, KIND_GUE = 4 };

struct settings {
	__u32 kinds;		    /* which encapsulations were agreed */
	__be16 gue_port[GUE_PORTS]; /* 0: none */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

/* Allowed outer sources: directors, and the prefix that they take addresses from. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, struct prefix);
	__type(value, __u32);
} sources SEC(".maps");

/* This server's own: outer destinations. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, struct address);
	__type(value, __u32);
} addresses SEC(".maps");

struct vip {
	__u32 index; /* of its counters */
	__u32 mss;   /* the most that a SYN-ACK may offer; 0: anything */
};

/* VIPs and prefixes of VIPs: inner destinations, and sources of replies. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, struct prefix);
	__type(value, struct vip);
} vips SEC(".maps");

/* Beginnings and ends of connections: few enough to be counted in one place for all CPUs. */
struct vip_counters {
	__u64 syn;     /* came in, without outer header */
	__u64 syn_ack; /* went out */
	__u64 reset;   /* went out */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SET);
	__type(key, __u32);
	__type(value, struct vip_counters);
} vip_counters SEC(".maps");

INLINE void count(enum packet_counter counter)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct packet_counters *c = bpf_map_lookup_elem(&counters, &cpu);

	if (c)
		c->count[counter]++;
}

INLINE int dropped(enum packet_counter counter)
{
	count(counter);
	return TC_ACT_SHOT;
}

INLINE int left_alone(enum packet_counter counter)
{
	count(counter);
	return TC_ACT_UNSPEC;
}

INLINE struct vip_counters *counters_of(const struct vip *vip)
{
	return bpf_map_lookup_elem(&vip_counters, &vip->index);
}

INLINE void set4(struct address *address, __be32 value)
{
	address->family = 4;
	address->words[0] = value;
	address->words[1] = address->words[2] = address->words[3] = 0;
}

INLINE void set6(struct address *address, const struct in6_addr *value)
{
	address->family = 6;
	for (int i = 0; i < 4; i++)
		address->words[i] = value->in6_u.u6_addr32[i];
}

INLINE __u32 bits_of(__u32 family)
{
	return 32 + (family == 4 ? 32 : 128);
}

INLINE struct vip *find_vip(const struct address *address)
{
	struct prefix key = {.bits = bits_of(address->family), .address = *address};

	return bpf_map_lookup_elem(&vips, &key);
}

INLINE int is_source(const struct address *address)
{
	struct prefix key = {.bits = bits_of(address->family), .address = *address};

	return bpf_map_lookup_elem(&sources, &key) != 0;
}
