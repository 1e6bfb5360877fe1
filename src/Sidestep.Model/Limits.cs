namespace Sidestep.Model;

/// <summary>The bounds of a configuration, in one place. Beyond them a document is refused, never cut short.</summary>
public static class Limits
{
    /// <summary>Bytes of the document in UTF-8. The largest configuration that the other limits allow is well below: 100,000
    /// servers with every key take 25 MB, services and prefixes 15 MB.</summary>
    public const int DocumentBytes = 64 * 1024 * 1024;

    /// <summary>Levels of lists and mappings in one another; the configuration itself needs six.</summary>
    public const int NestingDepth = 32;

    /// <summary>Errors, and separately warnings, that are listed. One more says how many were left out, so that a document
    /// that is not a configuration at all cannot fill memory with complaints about it.</summary>
    public const int ListedIssues = 10_000;

    /// <summary>Characters of an offending value that an issue repeats.</summary>
    public const int QuotedCharacters = 80;

    /// <summary>Interfaces of a director.</summary>
    public const int Interfaces = 16;

    /// <summary>Flows that a director remembers at once.</summary>
    public const int FlowTableSize = 1_048_576;

    /// <summary>Network profiles.</summary>
    public const int NetworkProfiles = 4096;

    /// <summary>Pools.</summary>
    public const int Pools = 10_000;

    /// <summary>Virtual services.</summary>
    public const int VirtualServices = 10_000;

    /// <summary>Real servers, summed over all pools: a server in two pools counts twice.</summary>
    public const int RealServers = 100_000;

    /// <summary>Largest weight of a real server.</summary>
    public const int Weight = 1000;

    /// <summary>Characters of a name.</summary>
    public const int NameLength = 63;

    /// <summary>Characters of an interface name: the kernel's IFNAMSIZ less the terminating zero.</summary>
    public const int InterfaceNameLength = 15;

    /// <summary>Characters of a folder name in the configuration.</summary>
    public const int PathLength = 255;

    /// <summary>VIPs or VIP prefixes of one service.</summary>
    public const int VipsOfService = 256;

    /// <summary>Ports and port ranges of one service.</summary>
    public const int PortRangesOfService = 256;

    /// <summary>VIPs times port ranges of a service, summed over all services.</summary>
    public const int VipPorts = 100_000;

    /// <summary>Items of the section vips.</summary>
    public const int Vips = 10_000;

    /// <summary>Access lists.</summary>
    public const int AccessLists = 10_000;

    /// <summary>Prefixes of one access list, allowed and denied together.</summary>
    public const int AccessListPrefixes = 10_000;

    /// <summary>Prefixes of all access lists together.</summary>
    public const int AllAccessListPrefixes = 100_000;

    /// <summary>Distinct combinations of idle timeouts, tooBig and udpOnRebalance: the engine numbers them.</summary>
    public const int ProfileCombinations = 256;

    /// <summary>Servers of a pool that looks for the one with the fewest connections: each new flow looks at all.</summary>
    public const int LeastConnectionsServers = 256;

    /// <summary>Other directors.</summary>
    public const int Peers = 16;

    /// <summary>Places that a director listens for agents at.</summary>
    public const int ApiEndpoints = 16;

    /// <summary>Bits that an outer source address may differ in, at least: with fewer than 256 addresses the flows would
    /// not spread over the receive queues of a large server.</summary>
    public const int OuterSourceBits = 8;

    /// <summary>Seconds of a timeout: a day.</summary>
    public const int Seconds = 86_400;

    /// <summary>Health monitors.</summary>
    public const int HealthMonitors = 1000;

    /// <summary>Monitors of one pool.</summary>
    public const int MonitorsOfPool = 8;

    /// <summary>VIPs of a pool that a monitor asks each server for; of more, the first by address.</summary>
    public const int ProbedVips = 16;

    /// <summary>Probes a second that all monitors may want together before a warning says that they will come late.</summary>
    public const int ProbesPerSecond = 5000;

    /// <summary>Good or bad probes in a row.</summary>
    public const int ProbesInARow = 100;

    /// <summary>Characters of what a monitor sends or expects.</summary>
    public const int MonitorText = 1024;

    /// <summary>Arguments of a monitor's command.</summary>
    public const int CommandArguments = 32;
}
