/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tables that the control plane writes and the program reads: the ABI between the two.
 *
 * Sidestep.Engine.Xdp/Layout has the same structures in C#; a test compares both by the BTF of the compiled object. A
 * change of a structure, a constant or a map here requires a higher LAYOUT_VERSION; a new name does not.
 *
 * Everything that a change touches exists in two banks; control.active selects the bank that packets use. The control
 * plane writes the other bank and flips that one word, so that no packet sees a mixture. Tables for IPv4 lie in the
 * .bss section, which a program reads without a lookup. The other tables are arrays with an element, or a run of
 * elements, per bank. Slot blocks exist once: a changed slot table goes to free blocks, and the new bank's services
 * refer to them.
 *
 * The maps halves6, slow and loads keep names that predate the terms bank, punt and connection count: daemons find the
 * pinned maps by name.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define LAYOUT_VERSION		3
#define BANKS			2
#define VIP_ENTRIES		32768 /* of each family; power of two */
#define VIP_BITS		15
#define VIP_CAPACITY		16384 /* VIPs and VIP prefixes of both families; ids are below */
#define SERVICE_ENTRIES		32768 /* of each family: an address, a protocol and a single port; power of two */
#define SERVICE_BITS		15
#define PROBE_LIMIT		64 /* entries that a lookup examines; the writer rejects tables that would need more */
#define RANGES			65536 /* port intervals of all VIPs; power of two */
#define RANGE_STEPS		17    /* of a binary search among the intervals */
#define PROFILES		256   /* distinct settings of services */
#define PREFIXES		262144
#define INTERFACES		16
#define PEERS			16
#define BLOCK_SLOTS		1024 /* power of two */
#define BLOCK_BITS		10
#define SLOT_BLOCKS		32768 /* 128 MiB, for tables and their replacements; block 0 is never used */
#define INLINE_BLOCKS		112   /* the first blocks: inline in .bss, read without a lookup */
#define INLINE_SLOTS		(INLINE_BLOCKS * BLOCK_SLOTS)
#define DECISION_COUNTERS	64 /* counters of decisions and drop reasons */
#define LABEL_BYTES		64
#define SERVICE_CAPACITY	16384  /* service ids are below */
#define SERVER_CAPACITY		131072 /* server ids are below; 0 is none */
#define INLINE_SERVERS		8192   /* the first servers: inline in .bss, read without a lookup */
#define FLOW_BUCKET_ENTRIES	8      /* two cache lines */
#define FRAGMENT_BUCKETS	4096   /* power of two */
#define FRAGMENT_BUCKET_ENTRIES 4
#define TICK_SHIFT		26   /* a tick, the unit of time here, is 2^26 ns: 67 ms */
#define FRAME_BYTES		9216 /* the longest frame that is punted to user space, as a whole */

#define CAPTURE_BYTES	  2048	    /* recorded of a frame at most */
#define CAPTURE_ADDRESSES 4	    /* conditions on addresses in a filter */
#define CAPTURE_PORTS	  2	    /* conditions on ports in a filter */
#define CAPTURE_SERVERS	  16	    /* ids that one server name may stand for */
#define CAPTURE_BURST	  100000000 /* ns: how far records may be ahead of the rate limit after a pause */

/*
 * What happened to a frame. The value is the index of its counter. Passed frames go to the kernel and are not
 * counted. A packet that is rejected with a reply counts for the reply and for the drop reason.
 */
enum decision {
	DECISION_PASS = 1,		      /* not for a VIP: left to the kernel and not counted */
	DECISION_FORWARD = 2,		      /* sent to a real server */
	DECISION_ARP_REPLY = 3,		      /* an ARP request for a VIP in service: answered */
	DECISION_ECHO_REPLY = 4,	      /* an echo request to a VIP: answered */
	DECISION_DROP = 5,		      /* dropped, for one of the drop reasons */
	DECISION_NEIGHBOUR_ADVERTISEMENT = 6, /* a neighbour solicitation for a VIP in service: answered */
	DECISION_ICMP_TOO_BIG = 7,	      /* too big for its path: the sender gets an ICMP error with the MTU */
	DECISION_TCP_RESET = 8,		      /* a TCP segment that no server gets: reset */
	DECISION_DELIVER_LOCALLY = 9,	      /* left to the kernel: a director chose this machine as the server */
	DECISION_PUNTED = 10,		      /* too big: punted to user space, which sends it in fragments */
	DECISION_ICMP_UNREACHABLE = 11,	      /* no service or no server: the sender gets an ICMP error */
};

/* Why a frame was dropped. The index of its counter is DROP_COUNTER_BASE plus the value. */
#define DROP_COUNTER_BASE 16
enum drop_reason {
	DROP_MALFORMED = 1,		/* header lengths contradict each other or the frame */
	DROP_FRAGMENT_UNKNOWN = 2,	/* a later fragment whose first fragment is not known */
	DROP_EXTENSION_HEADERS = 3,	/* too many IPv6 extension headers, or one that must not be forwarded */
	DROP_PROTOCOL_UNSUPPORTED = 4,	/* a protocol that no service of the VIP has */
	DROP_ICMP_UNSUPPORTED = 5,	/* ICMP that is neither an echo request nor an error about a flow */
	DROP_ECHO_REFUSED = 6,		/* an echo request to a VIP that does not answer it now */
	DROP_NO_SERVICE = 7,		/* no service of the VIP has this protocol and port */
	DROP_NO_SERVER = 8,		/* the service has no usable real server */
	DROP_TOO_BIG = 9,		/* longer than the MTU of the egress interface, with its outer header */
	DROP_NO_HEADROOM = 10,		/* too little headroom in front of the frame for the outer header */
	DROP_TABLES_INCONSISTENT = 11,	/* an index in the tables is out of range: a bug, please report it */
	DROP_ACCESS_DENIED = 12,	/* the access list of the service denies the source */
	DROP_TOO_BIG_RATE_LIMITED = 13, /* too big, and ICMP errors or punted frames are at their limit */
	DROP_ICMP_ERROR_UNKNOWN = 14,	/* an ICMP error that quotes no flow of a service */
};

/* The outer header. OUTER_IPV6 is added for servers with an IPv6 address. */
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
	__u16 id; /* index of its struct vip_record */
	__u16 flags;
};

struct vip6 {
	__u64 address[2]; /* network byte order */
	__u16 id;
	__u16 flags;
	__u32 reserved;
};

#define VIP_USED	 (1 << 0)
#define VIP_REPLY_ARP	 (1 << 1) /* for IPv6: neighbour solicitation */
#define VIP_REPLY_ECHO	 (1 << 2)
#define VIP_FORWARD_ECHO (1 << 3)
#define VIP_HAS_TCP	 (1 << 4) /* at least one of its services matches TCP */
#define VIP_HAS_UDP	 (1 << 5)
#define VIP_HAS_SCTP	 (1 << 6)
#define VIP_HAS_ANY	 (1 << 7) /* ... matches every protocol */

/*
 * The data of a service that a packet needs. It is part of every entry that a lookup may find, so that no pointer is
 * followed.
 */
struct service {
	__u32 id;	     /* index of its counters and its label */
	__u32 slot_base;     /* index of its first slot */
	__u32 slot_count;    /* 0: no usable server */
	__u32 previous_base; /* the same in the previous table while slots are in transition; 0: none */
	__u32 access_set;    /* set of prefixes that may use the service; 0: all sources */
	__u16 flags;	     /* SERVICE_* */
	__u16 profile;	     /* id of its struct profile */
};

#define SERVICE_USED		   (1 << 0)
#define SERVICE_HASH_MASK	   (3 << 1) /* one of the next three; 0 is the source address alone */
#define SERVICE_HASH_PORT	   (1 << 1) /* source address and source port */
#define SERVICE_HASH_FIVE	   (2 << 1) /* both addresses, both ports and the protocol */
#define SERVICE_HASH_DEST	   (3 << 1) /* destination port */
#define SERVICE_TRACKS_FLOWS	   (1 << 3) /* every flow is tracked */
#define SERVICE_ROUND_ROBIN	   (1 << 4) /* new flows go to the slots by round robin */
#define SERVICE_LEAST_CONN	   (1 << 5) /* new flows go to the server with the fewest flows for its weight */
#define SERVICE_PERSISTENCE	   (1 << 6) /* clients are tracked, by a prefix of their address */
#define SERVICE_NEEDS_CHECKS	   (1 << 7) /* there is an access list, or there are other directors: check first */
#define SERVICE_REJECT_RESET	   (1 << 8) /* REJECT_* for new flows without a server, in two bits */
#define SERVICE_REJECT_UNREACHABLE (2 << 8)
#define SERVICE_REJECT_SHIFT	   8
#define SERVICE_PER_DATAGRAM	   (1 << 10) /* each UDP datagram goes to a random slot; no flow is tracked */

/* What the sender of a packet gets that no server can have. */
#define REJECT_NONE	   0 /* nothing: the packet is dropped */
#define REJECT_RESET	   1 /* a reset of its TCP connection; an ICMP error for other protocols */
#define REJECT_UNREACHABLE 2 /* an ICMP error */

/*
 * A single port of a VIP. Open addressing; key 0 is empty and ends a search. The lookup does not need the VIP's
 * record.
 */
struct service_entry {
	__u64 key; /* address << 32 | protocol << 16 | port; address and port in network byte order */
	struct service service;
};

struct service6_entry {
	__u64 address[2];
	__u32 key; /* protocol << 16 | port, the port in network byte order; 0 is empty */
	__u32 reserved;
	struct service service;
};

/* Ports of a VIP that belong to a service: both ends are protocol << 16 | port in host byte order. */
struct range {
	__u32 first;
	__u32 last;
	struct service service;
};

/* Data of a VIP that packets rarely need. */
struct vip_record {
	__u32 flags; /* VIP_* */
	__u32 range_base;
	__u32 range_count;
	__u32 sctp_fragments; /* like fragments, for SCTP: 1 plus the index of a range of that service; 0: none */
	struct service fragments[2]; /* services of later fragments of TCP and of UDP, if no port decides; unused: the
					fragment table decides */
	struct service echo;	     /* with VIP_FORWARD_ECHO */
};

/* Settings that several services share. Times are in ticks. */
struct profile {
	__u32 tcp_timeout;
	__u32 udp_timeout;
	__u32 other_timeout;
	__u32 fin_timeout; /* 0: a FIN changes nothing */
	__u32 rst_timeout;
	__u32 persistence_timeout;
	__u8 persistence_prefix4; /* bits of the client's address */
	__u8 persistence_prefix6;
	__u8 oversized; /* OVERSIZED_* */
	__u8 udp_moves; /* while its slot is in transition, a UDP packet of an untracked flow moves */
	__u32 reserved;
};

#define OVERSIZED_ICMP	   0
#define OVERSIZED_FRAGMENT 1
#define OVERSIZED_DROP	   2

/*
 * A real server as packets use it: one combination of pool, address and outer header, with everything that is the
 * same for all packets to it. Id 0 means none. Unused: flags 0.
 */
struct server {
	__u64 macs;	    /* the first 8 bytes of both Ethernet addresses: next hop, then the director's interface */
	__u32 macs_rest;    /* the other 4 */
	__u16 inner_mtu;    /* the longest inner datagram that fits the egress interface with the outer header */
	__u8 flags;	    /* SERVER_* */
	__u8 encapsulation; /* enum encapsulation and OUTER_IPV6 */
	__u32 ifindex;	    /* of the egress interface */
	/*
	 * One's complement sum of constant words, in memory order: of the outer IPv4 header; for GUE over IPv6, of the
	 * pseudo header and the UDP header.
	 */
	__u32 checksum;
	__be32 source_mask; /* bits of the last (or only) four bytes of the source that differ per flow */
	__be16 gue_port;
	__u16 weight;	 /* divisor of SERVICE_LEAST_CONN */
	__u8 source[16]; /* of the outer header; IPv4 in the first four bytes */
	__u8 destination[16];
};

#define SERVER_USED	   (1 << 0)
#define SERVER_ACCEPTS_NEW (1 << 1) /* new flows may go to it */
#define SERVER_FLOWS_MOVE  (1 << 2) /* entries of flows tracked to it are ignored */
#define SERVER_SEND_RST	   (1 << 3) /* TCP flows tracked to it get a reset */
#define SERVER_LOCAL	   (1 << 4) /* the director itself */

/* One of the director's interfaces. */
struct interface {
	__u16 reserved; /* 0: together with the address it forms one word to compare (table_mac) */
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
#define SLOT_TRACKED	 (1U << 31) /* flows may be tracked: look them up */

struct settings {
	__u64 hash_high; /* the flow hash's key */
	__u64 hash_low;
	__u32 vip_set;	     /* set of the VIP prefixes among the prefixes; 0: there are none */
	__u32 on_no_service; /* REJECT_*, for packets to a VIP that no service matches */
	__u64 reserved[5];
};

struct control {
	__u32 layout; /* LAYOUT_VERSION: the first word of the tables in every version */
	__u32 reserved0;
	__u32 active;	  /* the active bank, 0 or 1; packets read it together with capture */
	__u32 capture;	  /* tick until which frames are captured (capture.h); 0: capture is off */
	__u64 revision;	  /* counts the changes */
	__u64 applied_at; /* milliseconds since 1970 */
	__u64 reserved[4];
};

struct frame_counter {
	__u64 packets;
	__u64 bytes; /* of frames as they arrived, from the Ethernet header on */
};

/* All counters of one CPU: of decisions and drop reasons, then of services, then of servers, each by id. */
struct cpu_counters {
	struct frame_counter decisions[DECISION_COUNTERS];
	struct frame_counter services[SERVICE_CAPACITY];
	struct frame_counter servers[SERVER_CAPACITY];
	struct frame_counter
	    flows_evicted; /* flows that a full bucket evicted before their timeout; only packets counts */
	struct frame_counter fragments_evicted; /* likewise */
	__u32 rr_cursors[SERVICE_CAPACITY];	/* of SERVICE_ROUND_ROBIN: the first CPU's are used by all CPUs */
	__u32 icmp_tick;			/* when tokens were last added, in units of 2^20 ns */
	__u32 icmp_tokens;			/* ICMP errors that may still be sent */
	__u64 capture_due;			/* ns: when the rate limit allows the next record */
	__u64 capture_number;			/* of the last frame that was recorded */
	__u64 capture_missed;			/* frames that matched the filter and exceeded the rate limit */
	__u64 capture_lost;			/* records for which the ring buffer had no space */
	__u32 capture_skipped;			/* frames since the last one that the sampling took */
	__u32 reserved;
};

/* Names for ids, for status without the daemon; the program does not read them. UTF-8, zero-filled. */
struct label {
	char name[LABEL_BYTES];
	char pool[LABEL_BYTES];
	char encap[LABEL_BYTES];   /* encapsulation spec of the group */
	char address[LABEL_BYTES]; /* of a server */
	__u32 flags;		   /* LABEL_* */
	__u32 weight;
	__u64 time; /* ms of the monotonic clock, 0: none. Service: end of its group's migration window. Server:
		       draining since then */
};

#define LABEL_USED	 (1 << 0)
#define LABEL_DISABLED	 (1 << 1) /* accepts no new flows, because the operator disabled it */
#define LABEL_UNRESOLVED (1 << 2) /* no next hop yet */
#define LABEL_FAILED	 (1 << 3) /* unhealthy, or not verified yet */
/* The upper half of the flags: 1 + the id of the service that the group belongs to, 0 where services share it. */
#define LABEL_SERVICE_SHIFT 16

/* The tables that a change writes as a whole: a packet reads one of two banks. */
struct bank {
	struct settings settings;
	struct interface interfaces[INTERFACES];
	struct peer peers[PEERS];
	struct profile profiles[PROFILES];
	struct service_entry
	    services[SERVICE_ENTRIES]; /* within 32 KiB of the beginning: addressing it takes one addition less */
	struct server servers[INLINE_SERVERS];
	struct vip vips[VIP_ENTRIES];
};

/* The same for IPv6: one map element per bank, because .bss has to stay below 4 MiB. */
struct bank6 {
	struct vip6 vips[VIP_ENTRIES];
	struct service6_entry services[SERVICE_ENTRIES];
};

/* Tables that are read only when the tables above gave no result. */
struct details {
	struct vip_record vips[VIP_CAPACITY];
	struct range ranges[RANGES];
};

/*
 * All tables that a program reads without a lookup: the .bss section, which user space maps as a whole. It stays
 * below 4 MiB, the limit of one map element before kernel 6.10; larger tables are maps of smaller elements.
 */
struct tables {
	struct control control;
	__u32 slots[INLINE_SLOTS]; /* by index; the remaining slots are in the map of that name */
	struct bank banks[BANKS];
} tables;

/* A tracked flow. Unused: id 0. Being written: FLOW_BUSY. */
struct flow {
	__u64 id;     /* 63-bit hash of the flow: two flows of a bucket collide with a probability of 2^-63 */
	__u32 server; /* id and FLOW_* */
	__u32 seen;   /* tick of its last packet */
};

#define FLOW_BUSY	 1
#define FLOW_SERVER_MASK 0x00ffffff
#define FLOW_FIN	 (1U << 24)
#define FLOW_RST	 (1U << 25)
#define FLOW_COUNTED	 (1U << 26) /* counted in loads */

struct flow_bucket {
	struct flow flows[FLOW_BUCKET_ENTRIES];
};

/* The flow in readable form, written when tracking starts. The program does not read it. */
struct flow_key {
	__u64 source[2]; /* network byte order; IPv4 in the first four bytes */
	__u64 destination[2];
	__u32 ports; /* source port first, network byte order */
	__u8 protocol;
	__u8 family;   /* 4 or 6 */
	__u16 service; /* id */
	__u32 since;   /* tick */
	__u16 profile;
	__u16 reserved;
};

/* The server of a fragmented datagram. Unused: id 0. */
struct fragment {
	__u64 id;
	__u32 server;
	__u16 service;
	__u16 profile;
	__u32 seen; /* tick of the first fragment */
	__u32 reserved;
};

struct fragment_bucket {
	struct fragment fragments[FRAGMENT_BUCKET_ENTRIES];
};

/*
 * A prefix of source addresses of an access list, or of VIPs. IPv4 as ::ffff:a.b.c.d in an even set; IPv6 in the odd
 * set that follows, because ::/0 must not match IPv4.
 */
struct prefix_key {
	__u32 length; /* in bits, including 32 for the set */
	__u32 set;
	__u8 address[16];
};

/* A frame that user space has to send in fragments; it is already encapsulated. */
struct punted_frame {
	__u32 ifindex;
	__u32 length;	 /* of the frame, in bytes */
	__u16 mtu;	 /* of the egress interface */
	__u16 l3_offset; /* offset of the outer header */
	__u32 reserved;
	__u8 frame[FRAME_BYTES];
};

/* A condition on the addresses of captured frames: network byte order, IPv4 in the first four bytes. */
struct capture_address {
	__u64 address[2];
	__u64 mask[2];
	__u32 sides; /* CAPTURE_SOURCE, CAPTURE_DESTINATION or both (either may match); 0: no condition */
	__u32 family;
};

#define CAPTURE_SOURCE	    (1 << 0)
#define CAPTURE_DESTINATION (1 << 1)

/* Which frames are captured: those that meet every condition. */
struct capture_filter {
	struct capture_address addresses[CAPTURE_ADDRESSES];
	__u16 ports[CAPTURE_PORTS];	/* source or destination, network byte order; 0: no condition */
	__u16 protocol;			/* for IPv4; 0: no condition */
	__u16 protocol6;		/* for IPv6: ICMP has two numbers */
	__u32 needs_parsing;		/* not 0: one of the conditions above is set */
	__u32 service;			/* id; ~0: no condition */
	__u32 servers[CAPTURE_SERVERS]; /* ids, one of which must match; 0: unused; first one 0: no condition */
	__u64 verdicts;			/* bits: indexes into cpu_counters.decisions */
	__u64 interval;			/* ns between two records of a CPU; 0: no rate limit */
	__u32 snap;			/* bytes of a frame that are recorded */
	__u32 sample;			/* one of this many frames is recorded */
};

#define CAPTURE_IN  1
#define CAPTURE_OUT 2

/* A captured frame, with the decision about it. */
struct captured_frame {
	__u64 time;	/* ns of the monotonic clock */
	__u64 number;	/* of this CPU; the same for both directions */
	__u32 ifindex;	/* ingress or egress interface */
	__u32 length;	/* of the frame, in bytes */
	__u32 recorded; /* bytes of content that follow */
	__u32 service;	/* id; ~0: none is known */
	__u32 server;	/* id; 0: none */
	__u16 cpu;
	__u8 verdict;	/* index into cpu_counters.decisions */
	__u8 direction; /* CAPTURE_IN or CAPTURE_OUT */
	__u32 action;	/* enum xdp_action */
	__u32 reserved;
	__u8 content[CAPTURE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bank6);
	__uint(max_entries, BANKS);
} halves6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct details);
	__uint(max_entries, BANKS);
} details SEC(".maps");

/* Servers of bank 0 by id, then those of bank 1. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct server);
	__uint(max_entries, BANKS *SERVER_CAPACITY);
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
	__type(value, __u32); /* of an access list: 1 allows, 0 denies; of VIPs: the VIP's id */
	__uint(max_entries, PREFIXES);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct flow_bucket);
	__uint(max_entries, 1); /* set at load: flow_buckets */
} flows SEC(".maps");

/* By bucket, then by entry of the bucket. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct flow_key);
	__uint(max_entries, 1); /* set at load: flow_buckets * FLOW_BUCKET_ENTRIES */
} flow_keys SEC(".maps");

/* Tracked flows of each server by id, for SERVICE_LEAST_CONN. User space recounts them from time to time. */
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

/* Frames that are punted to user space. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} slow SEC(".maps");

/* The filter of a capture, written before control.capture is set. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct capture_filter);
	__uint(max_entries, 1);
} capturing SEC(".maps");

/* Captured frames: one struct captured_frame each, without the bytes of content that were not recorded. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 21);
} captured SEC(".maps");

/* Set before load, so that the verifier removes the code that a director does not need. */
struct features {
	bool one_arm;	    /* every server is reached through the ingress interface of its packets */
	bool ipv6;	    /* IPv6 VIPs */
	bool outer6;	    /* IPv6 outer headers */
	bool gue_and_gre;   /* encapsulations other than IP in IP */
	bool outer_sources; /* outer sources that differ per flow */
	bool vip_prefixes;  /* VIP prefixes */
	bool access_lists;  /* access lists */
	bool peers;	    /* other directors */
	__u32 flow_buckets; /* power of two */
};

const volatile struct features features = {
    .one_arm = true,
    .flow_buckets = 1,
};
