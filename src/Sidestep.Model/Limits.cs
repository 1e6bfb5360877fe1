namespace Sidestep.Model;

/// <summary>The limits of a configuration, in one place. A document that exceeds one is rejected, never
/// truncated.</summary>
public static class Limits
{
    /// <summary>Bytes of the document in UTF-8. The largest configuration that the other limits allow is far smaller:
    /// 100,000 servers with every key but labels and annotations take 25 MB, services and prefixes 15 MB.</summary>
    public const int DocumentBytes = 64 * 1024 * 1024;

    /// <summary>Levels of nested lists and mappings; the configuration itself needs six.</summary>
    public const int NestingDepth = 32;

    /// <summary>Errors that are listed, and as many warnings. One more entry says how many were omitted, so that a
    /// document that is no configuration at all cannot fill the memory with errors.</summary>
    public const int ListedIssues = 10_000;

    /// <summary>Characters of an offending value that an issue quotes.</summary>
    public const int QuotedCharacters = 80;

    /// <summary>Interfaces of a director.</summary>
    public const int Interfaces = 16;

    /// <summary>Flows that a director can track at once.</summary>
    public const int FlowTableSize = 1_048_576;

    /// <summary>Network profiles of a configuration.</summary>
    public const int NetworkProfiles = 4096;

    /// <summary>Pools of a configuration.</summary>
    public const int Pools = 10_000;

    /// <summary>Virtual services of a configuration, enabled or not.</summary>
    public const int VirtualServices = 10_000;

    /// <summary>Real servers in all pools together: a server in two pools counts twice.</summary>
    public const int RealServers = 100_000;

    /// <summary>Largest weight of a real server.</summary>
    public const int Weight = 1000;

    /// <summary>Characters of the name of any object: pool, server, service, monitor.</summary>
    public const int NameLength = 63;

    /// <summary>Labels of one object, and as many annotations.</summary>
    public const int MetadataEntries = 64;

    /// <summary>Characters of the key of a label or an annotation: a domain, a slash and a name.</summary>
    public const int MetadataKeyLength = 253 + 1 + NameLength;

    /// <summary>Characters of an annotation.</summary>
    public const int AnnotationLength = 1024;

    /// <summary>Characters of an interface name: the kernel's IFNAMSIZ without the terminating zero.</summary>
    public const int InterfaceNameLength = 15;

    /// <summary>Characters of a path in the configuration.</summary>
    public const int PathLength = 255;

    /// <summary>VIPs or VIP prefixes of one service.</summary>
    public const int VipsOfService = 256;

    /// <summary>Ports and port ranges of one service.</summary>
    public const int PortRangesOfService = 256;

    /// <summary>Pairs of a VIP and a port range in all services together.</summary>
    public const int VipPorts = 100_000;

    /// <summary>Items of the section <c>vips</c>.</summary>
    public const int Vips = 10_000;

    /// <summary>Access lists of a configuration.</summary>
    public const int AccessLists = 10_000;

    /// <summary>Prefixes of one access list, allowed and denied together.</summary>
    public const int AccessListPrefixes = 10_000;

    /// <summary>Prefixes of all access lists together.</summary>
    public const int AllAccessListPrefixes = 100_000;

    /// <summary>Different combinations of idle timeouts, oversized, udpOnRebalance and persistence of services: the
    /// engine numbers them.</summary>
    public const int ProfileCombinations = 256;

    /// <summary>Servers of a pool with least connections: the director compares all of them for each new
    /// flow.</summary>
    public const int LeastConnectionsServers = 256;

    /// <summary>Directors in <c>group.peers</c>.</summary>
    public const int Peers = 16;

    /// <summary>Addresses and ports on which a director listens for agents.</summary>
    public const int ApiEndpoints = 16;

    /// <summary>Least number of bits in which outer source addresses differ: with fewer than 256 addresses, the flows
    /// would not spread over the receive queues of a large server.</summary>
    public const int OuterSourceBits = 8;

    /// <summary>Seconds of a timeout: a day.</summary>
    public const int Seconds = 86_400;

    /// <summary>Health monitors of a configuration.</summary>
    public const int HealthMonitors = 1000;

    /// <summary>Monitors that one pool can name.</summary>
    public const int MonitorsOfPool = 8;

    /// <summary>The most VIPs of a pool that a monitor probes on each server. If a pool has more, these are its first
    /// ones by address.</summary>
    public const int ProbedVips = 16;

    /// <summary>Services of a pool that each have a verdict about a server and a slot table of their own; with more,
    /// they share both unless the pool says otherwise.</summary>
    public const int ServicesWithOwnHealth = 64;

    /// <summary>Probes per second of all monitors together above which a warning says that probes will be
    /// late.</summary>
    public const int ProbesPerSecond = 5000;

    /// <summary>Successful or failed probes in a row.</summary>
    public const int ProbesInARow = 100;

    /// <summary>Characters that a monitor sends or expects.</summary>
    public const int MonitorText = 1024;

    /// <summary>Arguments of a monitor's command.</summary>
    public const int CommandArguments = 32;
}
