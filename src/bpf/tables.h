/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tables that the control plane writes and the program reads: the ABI between the two.
 *
 * Sidestep.Engine.Xdp/Layout has the same structures in C#; a test compares both by the BTF of the compiled object.
 * Whoever changes a structure, a constant or a map here raises LAYOUT_VERSION.
 *
 * What a change touches exists twice; control.active says which half packets use. The control plane writes the other
 * half and flips that one word, so that no packet sees a mixture. What IPv4 needs lies in the .bss section, which a
 * program reads without a look-up; the rest are arrays with an element, or a run of elements, per half. Slot blocks
 * exist once: a changed slot table goes to free blocks, and the new half of the services points there.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define LAYOUT_VERSION	 3
#define HALVES		 2
#define VIP_ENTRIES	 32768 /* of each family; power of two */
#define VIP_BITS	 15
#define VIP_CAPACITY	 16384 /* VIPs and VIP prefixes of both families; numbers are below */
#define SERVICE_ENTRIES	 32768 /* of each family: an address, a protocol and a single port; power of two */
#define SERVICE_BITS	 15
#define PROBES		 64    /* entries that a search looks at; the writer refuses tables that would need more */
#define RANGES		 65536 /* intervals of ports of all VIPs; power of two */
#define RANGE_STEPS	 17    /* of a binary search among them */
#define PROFILES	 256   /* different settings of services */
#define PREFIXES	 262144
#define INTERFACES	 16
#define PEERS		 16
#define BLOCK_SLOTS	 1024 /* power of two */
#define BLOCK_BITS	 10
#define SLOT_BLOCKS	 32768 /* 128 MiB: half for tables, half for their change; block 0 is never used */
#define NEAR_BLOCKS	 112   /* the first of them, which are read without a look-up */
#define NEAR_SLOTS	 (NEAR_BLOCKS * BLOCK_SLOTS)
#define TALLIES		 64 /* counters of decisions and drop reasons, before those of services and servers */
#define LABEL_BYTES	 64
#define SERVICE_CAPACITY 16384	/* services; ids are below */
#define SERVER_CAPACITY	 131072 /* server ids are below; 0 is none */
#define NEAR_SERVERS	 8192	/* the first of them, which are read without a look-up */
#define FLOW_WAYS	 8	/* flows of a bucket: two cache lines */
#define FRAGMENT_BUCKETS 4096	/* power of two */
#define FRAGMENT_WAYS	 4
#define TICK_SHIFT	 26   /* a tick, the unit of time here, is 2^26 ns: 67 ms */
#define FRAME_BYTES	 9216 /* the longest frame that is handed to user space as a whole */

#define CAPTURE_BYTES	  2048	    /* of a frame that are recorded at most */
#define CAPTURE_ADDRESSES 4	    /* conditions of a filter */
#define CAPTURE_PORTS	  2	    /* likewise */
#define CAPTURE_SERVERS	  16	    /* ids that a server's name may stand for */
#define CAPTURE_AHEAD	  100000000 /* ns: what is recorded at once when nothing was for long */

/* What happened to a frame. The value is its counter's index; passed frames are the kernel's and not counted. */
enum decision {
	DECISION_PASS = 1,
	DECISION_FORWARD = 2,
	DECISION_ANSWER_ARP = 3,
	DECISION_ANSWER_ECHO = 4,
	DECISION_DROP = 5,
	DECISION_ANSWER_NEIGHBOUR = 6,
	DECISION_ANSWER_TOO_BIG = 7,
	DECISION_ANSWER_RESET = 8,
	DECISION_DELIVER_LOCALLY = 9,
	DECISION_FRAGMENTED = 10,
};

/* Why a frame was dropped. Its counter's index is DROP_TALLY plus the value. */
#define DROP_TALLY 16
enum drop_reason {
	DROP_MALFORMED = 1,	       /* header lengths contradict each other or the frame */
	DROP_FRAGMENT_UNKNOWN = 2,     /* a later fragment whose first one is not known */
	DROP_EXTENSION_HEADERS = 3,    /* too many IPv6 extension headers, or one that may not be forwarded */
	DROP_PROTOCOL_UNSUPPORTED = 4, /* to a VIP, a protocol that no service has */
	DROP_ICMP_UNSUPPORTED = 5,     /* to a VIP, ICMP that is neither an echo request nor an error about a flow */
	DROP_ECHO_REFUSED = 6,	       /* echo request to a VIP that does not answer it now */
	DROP_NO_SERVICE = 7,	       /* to a VIP, no service on that protocol and port */
	DROP_NO_SERVER = 8,	       /* the service has no usable real server */
	DROP_TOO_BIG = 9,	       /* with its outer header longer than the MTU of the way out */
	DROP_NO_HEADROOM = 10,	       /* the driver left no room for the outer header */
	DROP_TABLES_INCONSISTENT = 11, /* an index out of range: a bug, please report it */
	DROP_ACCESS_DENIED = 12,       /* the service's access list denies the source */
	DROP_TOO_BIG_UNANSWERED = 13,  /* too big, and more of them came than are answered */
	DROP_ICMP_ERROR_UNKNOWN = 14,  /* an ICMP error that quotes no flow of a service */
};

/* The outer header. OUTER_IPV6 is added for servers of IPv6. */
enum encapsulation {
	ENCAPSULATION_NONE = 0, /* layer 2 */
	ENCAPSULATION_IPIP = 1,
	ENCAPSULATION_GUE = 2,
	ENCAPSULATION_GRE = 3,
};
#define OUTER_IPV6 (1 << 2)

/* A VIP. Open addressing; an entry with flags 0 is empty and ends a search. */
struct vip {
	__be32 address;
	__u16 number; /* of its struct vip_record */
	__u16 flags;
};

struct vip6 {
	__u64 address[2]; /* as it lies in the packet */
	__u16 number;
	__u16 flags;
	__u32 reserved;
};

#define VIP_USED	 (1 << 0)
#define VIP_ANSWER_ARP	 (1 << 1) /* neighbour solicitation, for IPv6 */
#define VIP_ANSWER_ECHO	 (1 << 2)
#define VIP_FORWARD_ECHO (1 << 3)
#define VIP_HAS_TCP	 (1 << 4) /* some service of it takes TCP */
#define VIP_HAS_UDP	 (1 << 5)

/* What a packet needs to know of its service. It lies wherever a look-up may find it, so that nothing is followed. */
struct service {
	__u32 id;	   /* of its counters and label */
	__u32 slot_base;   /* index of its first slot */
	__u32 slot_count;  /* 0: no usable server */
	__u32 former_base; /* index of the first slot of the former table while a change is under way; 0: none */
	__u32 access_set;  /* prefixes that may use it; 0: everybody */
	__u16 flags;	   /* SERVICE_* */
	__u16 profile;	   /* number of its struct profile */
};

#define SERVICE_USED	  (1 << 0)
#define SERVICE_HASH_MASK (3 << 1) /* one of the next four; 0 is the source address alone */
#define SERVICE_HASH_PORT (1 << 1) /* source address and source port */
#define SERVICE_HASH_FIVE (2 << 1) /* both addresses, both ports and the protocol */
#define SERVICE_HASH_DEST (3 << 1) /* destination port */
#define SERVICE_REMEMBERS (1 << 3) /* every flow is remembered */
#define SERVICE_IN_TURN	  (1 << 4) /* new flows go to the slots in turn */
#define SERVICE_LEAST	  (1 << 5) /* new flows go to the server with the fewest flows for its weight */
#define SERVICE_PERSISTS  (1 << 6) /* clients are remembered, by a prefix of their address */
#define SERVICE_GUARDED	  (1 << 7) /* there is an access list, or there are other directors: look before */

/* A single port of a VIP. Open addressing; key 0 is empty and ends a search. It is found without its VIP. */
struct service_entry {
	__u64 key; /* address << 32 | protocol << 16 | port; address and port as they lie in the packet */
	struct service service;
};

struct service6_entry {
	__u64 address[2];
	__u32 key; /* protocol << 16 | port, the port as it lies in the packet; 0 is empty */
	__u32 reserved;
	struct service service;
};

/* Ports of a VIP that a service takes: both ends are protocol << 16 | port in host order. */
struct range {
	__u32 first;
	__u32 last;
	struct service service;
};

/* What is rarely needed of a VIP. */
struct vip_record {
	__u32 flags; /* VIP_* */
	__u32 range_base;
	__u32 range_count;
	__u32 reserved;
	struct service
	    fragments[2];    /* what later fragments of TCP and of UDP follow without memory; unused: by memory */
	struct service echo; /* with VIP_FORWARD_ECHO */
};

/* Settings that services share. Times are ticks. */
struct profile {
	__u32 tcp_timeout;
	__u32 udp_timeout;
	__u32 other_timeout;
	__u32 fin_timeout; /* 0: a FIN changes nothing */
	__u32 rst_timeout;
	__u32 persistence_timeout;
	__u8 persistence_prefix4; /* bits of the client's address */
	__u8 persistence_prefix6;
	__u8 too_big;	/* TOO_BIG_* */
	__u8 udp_moves; /* while its slot is in transition, a UDP packet of no remembered flow moves */
	__u32 reserved;
};

#define TOO_BIG_ANSWER	 0
#define TOO_BIG_FRAGMENT 1
#define TOO_BIG_DROP	 2

/*
 * A real server as packets see it: one way (pool, address, outer header) of reaching it, with everything that is the
 * same for all its packets. Id 0 means none. Unused: flags 0.
 */
struct server {
	__u64 macs;	    /* the first 8 bytes of both Ethernet addresses: next hop, then the director's interface */
	__u32 macs_rest;    /* the other 4 */
	__u16 room;	    /* the longest datagram that fits the way out, the outer header taken off */
	__u8 flags;	    /* SERVER_* */
	__u8 encapsulation; /* enum encapsulation and OUTER_IPV6 */
	__u32 ifindex;	    /* the way out */
	__u32 checksum;	    /* one's complement sum of the outer IPv4 header's constant words, in memory order; of the
			       pseudo header's and UDP header's constant words for GUE over IPv6 */
	__be32 source_mask; /* bits of the source's last (or only) four bytes that differ per flow */
	__be16 gue_port;
	__u16 weight;	 /* what SERVICE_LEAST divides by */
	__u8 source[16]; /* of the outer header; IPv4 in the first four bytes */
	__u8 destination[16];
};

#define SERVER_USED  (1 << 0)
#define SERVER_TAKES (1 << 1) /* new flows */
#define SERVER_MOVED (1 << 2) /* remembered flows of it count for nothing */
#define SERVER_RESET (1 << 3) /* remembered TCP flows of it get a reset */
#define SERVER_LOCAL (1 << 4) /* the director itself */

/* One of the director's interfaces. */
struct interface {
	__u16 reserved; /* 0: with the address behind it this is one word to compare (mac_in) */
	__u8 mac[6];
	__u32 ifindex; /* 0: unused */
	__be32 address;
	__u8 address6[16];
};

struct peer {
	__u16 reserved; /* as in struct interface */
	__u8 mac[6];	/* of another director; 0: unused */
};

struct slot_block {
	__u32 slots[BLOCK_SLOTS]; /* server id and SLOT_TRACKED */
};

#define SLOT_SERVER_MASK 0x00ffffff
#define SLOT_TRACKED	 (1U << 31) /* flows may be remembered: look */

struct settings {
	__u64 hash_high; /* the flow hash's key */
	__u64 hash_low;
	__u32 vip_set; /* VIP prefixes: their set among the prefixes; 0: there are none */
	__u32 reserved0;
	__u64 reserved[5];
};

struct control {
	__u32 layout; /* LAYOUT_VERSION: the first word of every version's tables */
	__u32 reserved0;
	__u32 active;	  /* 0 or 1; packets read it together with what follows */
	__u32 capture;	  /* until which tick frames are recorded (capture.h); 0: none are */
	__u64 revision;	  /* counts changes */
	__u64 applied_at; /* milliseconds since 1970 */
	__u64 reserved[4];
};

struct counter {
	__u64 packets;
	__u64 bytes; /* of frames as they came in, from the Ethernet header on */
};

/* All counters of one CPU: tallies, then those of services, then those of servers, each by id. */
struct cpu_counters {
	struct counter tallies[TALLIES];
	struct counter services[SERVICE_CAPACITY];
	struct counter servers[SERVER_CAPACITY];
	struct counter flows_forgotten;	    /* to make room in a full bucket; packets alone count */
	struct counter fragments_forgotten; /* likewise */
	__u32 turns[SERVICE_CAPACITY];	    /* of SERVICE_IN_TURN: those of the first CPU count for all */
	__u32 answer_tick;		    /* when tokens were last filled up, in 2^20 ns */
	__u32 answer_tokens;		    /* too-big answers that may be sent before the next */
	__u64 capture_due;		    /* ns: when the bound of frames a second lets the next be recorded */
	__u64 capture_number;		    /* of the last frame that was recorded */
	__u64 capture_missed;		    /* frames that the filter wanted and the bound did not let through */
	__u64 capture_lost;		    /* records that found no room */
	__u32 capture_turn;		    /* frames since the last of a sample */
	__u32 reserved;
};

/* Names of what the ids mean, for status without the daemon; the program does not read them. UTF-8, zero-filled. */
struct label {
	char name[LABEL_BYTES];
	char pool[LABEL_BYTES];
	char way[LABEL_BYTES];	 /* how the pool is reached */
	char place[LABEL_BYTES]; /* of a server: its address */
	__u32 flags;		 /* LABEL_* */
	__u32 weight;
	__u64
	    time; /* milliseconds since 1970, 0: none. Service: its group's window ends. Server: it drains since then */
};

#define LABEL_USED	 (1 << 0)
#define LABEL_DISABLED	 (1 << 1) /* takes no new flows, because the operator said so */
#define LABEL_UNRESOLVED (1 << 2) /* no next hop yet */
#define LABEL_FAILED	 (1 << 3) /* not fit for traffic, or not proven yet */

/* What a change writes as a whole and a packet reads from one of two. */
struct half {
	struct settings settings;
	struct interface interfaces[INTERFACES];
	struct peer peers[PEERS];
	struct profile profiles[PROFILES];
	struct service_entry
	    services[SERVICE_ENTRIES]; /* within 32 KiB of the beginning: reached by one addition less */
	struct server servers[NEAR_SERVERS];
	struct vip vips[VIP_ENTRIES];
};

/* The same for IPv6: an element per half, because .bss has to stay below 4 MiB. */
struct half6 {
	struct vip6 vips[VIP_ENTRIES];
	struct service6_entry services[SERVICE_ENTRIES];
};

/* What is looked up only where the tables above had no answer. */
struct details {
	struct vip_record vips[VIP_CAPACITY];
	struct range ranges[RANGES];
};

/*
 * Everything that a program reads without a look-up: the .bss section, which user space maps as a whole. It stays below
 * 4 MiB, which is what kernels before 6.10 take as one map element; larger tables are maps of smaller elements.
 */
struct tables {
	struct control control;
	__u32 slots[NEAR_SLOTS]; /* by index; those behind are in the map of that name */
	struct half halves[HALVES];
} tables;

/* A remembered flow. Unused: id 0. Being written: FLOW_CLAIMED. */
struct flow {
	__u64 id;     /* 63-bit hash of the flow: two of a bucket agree with a probability of 2^-63 */
	__u32 server; /* id and FLOW_* */
	__u32 seen;   /* tick of its last packet */
};

#define FLOW_CLAIMED	 1
#define FLOW_SERVER_MASK 0x00ffffff
#define FLOW_FIN	 (1U << 24)
#define FLOW_RST	 (1U << 25)
#define FLOW_COUNTED	 (1U << 26) /* in loads */

struct flow_bucket {
	struct flow flows[FLOW_WAYS];
};

/* Whose flow it is, for people; written when it is remembered. The program does not read it. */
struct flow_key {
	__u64 source[2]; /* as they lie in the packet; IPv4 in the first four bytes */
	__u64 destination[2];
	__u32 ports; /* source port first, as they lie in the packet */
	__u8 protocol;
	__u8 family;   /* 4 or 6 */
	__u16 service; /* id */
	__u32 since;   /* tick */
	__u16 profile;
	__u16 reserved;
};

/* Where a fragmented datagram goes. Unused: id 0. */
struct fragment {
	__u64 id;
	__u32 server;
	__u16 service;
	__u16 profile;
	__u32 seen; /* tick of the first fragment */
	__u32 reserved;
};

struct fragment_bucket {
	struct fragment fragments[FRAGMENT_WAYS];
};

/*
 * A prefix of source addresses of an access list, or of VIPs. IPv4 as ::ffff:a.b.c.d in an even set; IPv6 in the odd
 * one behind it, because ::/0 is not also everything of IPv4.
 */
struct prefix_key {
	__u32 length; /* in bits, 32 for the set included */
	__u32 set;
	__u8 address[16];
};

/* A frame that user space has to send in fragments: encapsulated already. */
struct slow_frame {
	__u32 ifindex;
	__u32 length;	 /* of frame, in bytes */
	__u16 mtu;	 /* of the way out */
	__u16 l3_offset; /* where the outer header begins */
	__u32 reserved;
	__u8 frame[FRAME_BYTES];
};

/* An address of the frames that are captured: as it lies in the packet, IPv4 in the first four bytes. */
struct capture_address {
	__u64 address[2];
	__u64 mask[2];
	__u32 sides; /* CAPTURE_SOURCE or CAPTURE_DESTINATION, or either; 0: no condition */
	__u32 family;
};

#define CAPTURE_SOURCE	    (1 << 0)
#define CAPTURE_DESTINATION (1 << 1)

/* Which frames are captured: those that meet every condition. */
struct capture_filter {
	struct capture_address addresses[CAPTURE_ADDRESSES];
	__u16 ports[CAPTURE_PORTS];	/* source or destination, as they lie in the packet; 0: no condition */
	__u16 protocol;			/* and what it is called in IPv6; 0: no condition */
	__u16 protocol6;		/* ICMP has two numbers */
	__u32 looks;			/* whether any of the conditions above is there */
	__u32 service;			/* id; ~0: no condition */
	__u32 servers[CAPTURE_SERVERS]; /* ids, one of them; 0: none, no condition if the first is */
	__u64 outcomes;			/* bits: indexes of tallies */
	__u64 interval;			/* ns between two frames of a CPU; 0: no bound */
	__u32 snap;			/* bytes of a frame that are recorded */
	__u32 sample;			/* one of so many is */
};

#define CAPTURE_IN  1
#define CAPTURE_OUT 2

/* A frame that was captured, and what was decided about it. */
struct captured_frame {
	__u64 time;	/* ns of the monotonic clock */
	__u64 number;	/* the same for in and out; of this CPU */
	__u32 ifindex;	/* came in by or goes out by */
	__u32 length;	/* bytes of the frame */
	__u32 recorded; /* of them, below */
	__u32 service;	/* id; ~0: none is known */
	__u32 server;	/* id; 0: none */
	__u16 cpu;
	__u8 outcome;	/* index of a tally */
	__u8 direction; /* CAPTURE_IN or CAPTURE_OUT */
	__u32 action;	/* enum xdp_action */
	__u32 reserved;
	__u8 content[CAPTURE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct half6);
	__uint(max_entries, HALVES);
} halves6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct details);
	__uint(max_entries, HALVES);
} details SEC(".maps");

/* Servers of the first half by id, then those of the second. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct server);
	__uint(max_entries, HALVES *SERVER_CAPACITY);
} servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct slot_block);
	__uint(max_entries, SLOT_BLOCKS);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix_key);
	__type(value, __u32); /* of an access list: 1 allows, 0 denies; of VIPs: the VIP's number */
	__uint(max_entries, PREFIXES);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct flow_bucket);
	__uint(max_entries, 1); /* set at load: flow_buckets */
} flows SEC(".maps");

/* By bucket, then by way. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct flow_key);
	__uint(max_entries, 1); /* set at load: flow_buckets * FLOW_WAYS */
} flow_keys SEC(".maps");

/* Remembered flows of each server by id, where an algorithm needs to know. User space counts anew now and then. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, SERVER_CAPACITY);
} loads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct fragment_bucket);
	__uint(max_entries, FRAGMENT_BUCKETS);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct cpu_counters);
	__uint(max_entries, 1); /* set at load: CPUs */
} counters SEC(".maps");

/* Labels of services by id, then those of servers by id. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct label);
	__uint(max_entries, SERVICE_CAPACITY + SERVER_CAPACITY);
} labels SEC(".maps");

/* Frames for the slow path. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} slow SEC(".maps");

/* What is captured, written before control.capture is set. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct capture_filter);
	__uint(max_entries, 1);
} capturing SEC(".maps");

/* Frames that were captured: a struct captured_frame each, without the bytes of content that were not recorded. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 21);
} captured SEC(".maps");

/* Set before load, so that the verifier removes what a director does not need. */
struct switches {
	bool one_arm;	    /* every server is reached by the interface that its packets come in by */
	bool ipv6;	    /* VIPs of IPv6 */
	bool outer6;	    /* outer headers of IPv6 */
	bool udp_and_gre;   /* outer headers other than IP in IP */
	bool outer_sources; /* outer sources that differ per flow */
	bool prefixes;	    /* VIP prefixes */
	bool access;	    /* access lists */
	bool peers;	    /* other directors */
	__u32 flow_buckets; /* power of two */
};

const volatile struct switches switches = {
    .one_arm = true,
    .flow_buckets = 1,
};
