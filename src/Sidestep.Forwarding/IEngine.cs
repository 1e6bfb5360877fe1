using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>What forwards packets by <see cref="ForwardingTables"/>.</summary>
public interface IEngine : IDisposable
{
    /// <summary>What it can do and how much of it.</summary>
    EngineCapabilities Capabilities { get; }

    /// <summary>Makes the tables the ones that packets are forwarded by, all at once: no packet sees a mixture.</summary>
    /// <exception cref="EngineException">The tables do not fit or the kernel refused; the former ones stay in force.</exception>
    void Apply(ForwardingTables tables);

    /// <summary>What the tables in force say of servers and slots, also when an earlier process applied them; null when there are
    /// none, or when they cannot be read. Next hops may be missing: they are looked up anew anyway.</summary>
    RunningGroups? ReadRunning();

    /// <summary>Counts the flows that are remembered and not idle, by server.</summary>
    FlowCounts ReadFlows();

    /// <summary>Takes packets from these interfaces and no others; what was attached before goes on without a gap. Called
    /// after the first <see cref="Apply"/>: from here on packets meet the tables.</summary>
    /// <returns>How each interface is attached.</returns>
    /// <exception cref="EngineException">Names the interface and the cure.</exception>
    IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces);

    /// <summary>Stops taking packets and forgets everything that outlives the process.</summary>
    void Remove();

    /// <summary>All counters, as they are now.</summary>
    EngineCounters ReadCounters();

    /// <summary>Runs the real pipeline on one frame and tells what comes out; nothing is sent, but it is counted.</summary>
    /// <param name="frame">From the Ethernet header on, at least 14 bytes.</param>
    /// <param name="interfaceIndex">The interface that it seems to come in by.</param>
    TraceResult Trace(ReadOnlySpan<byte> frame, int interfaceIndex);
}

/// <summary>Sizes that an engine was built or loaded with.</summary>
/// <param name="Engine">Its name: <c>xdp</c> or <c>managed</c>.</param>
/// <param name="MaxServices">Enabled services.</param>
/// <param name="MaxServers">Real servers, summed over pools and the ways they are reached.</param>
/// <param name="MaxSlots">Slots, summed over slot tables.</param>
/// <param name="MaxInterfaces">Interfaces.</param>
public sealed record EngineCapabilities(string Engine, int MaxServices, int MaxServers, int MaxSlots, int MaxInterfaces);

/// <summary>The outcome of one frame.</summary>
/// <param name="Action">What the driver is told: pass, drop, send back, send elsewhere.</param>
/// <param name="Frame">The frame as the pipeline left it.</param>
public sealed record TraceResult(XdpAction Action, ReadOnlyMemory<byte> Frame);

/// <summary>What an XDP program tells the driver (enum xdp_action of linux/bpf.h).</summary>
public enum XdpAction
{
    /// <summary>The program failed.</summary>
    Aborted = 0,

    /// <summary>Throw away.</summary>
    Drop = 1,

    /// <summary>Give it to the kernel.</summary>
    Pass = 2,

    /// <summary>Send it out by the interface that it came in by.</summary>
    Transmit = 3,

    /// <summary>Send it out by another interface.</summary>
    Redirect = 4,
}

/// <summary>Packets and bytes.</summary>
/// <param name="Packets">Frames.</param>
/// <param name="Bytes">Their length as they came in, from the Ethernet header on.</param>
public readonly record struct Counter(ulong Packets, ulong Bytes)
{
    /// <summary>The sum of two.</summary>
    public static Counter operator +(Counter a, Counter b) => new(a.Packets + b.Packets, a.Bytes + b.Bytes);
}

/// <summary>Counters of an engine; what was never counted is zero or missing.</summary>
/// <param name="Responses">ARP and echo, by decision.</param>
/// <param name="Drops">By reason.</param>
/// <param name="Services">Forwarded, by name of the service.</param>
/// <param name="Servers">Forwarded, by group and name of the server.</param>
public sealed record EngineCounters(
    IReadOnlyDictionary<Decision, Counter> Responses,
    IReadOnlyDictionary<DropReason, Counter> Drops,
    IReadOnlyDictionary<string, Counter> Services,
    IReadOnlyDictionary<(GroupKey Group, string Server), Counter> Servers);

/// <summary>An engine could not do what it was asked; the message names the cure.</summary>
public sealed class EngineException : Exception
{
    /// <summary>With what went wrong and what to do.</summary>
    public EngineException(string message, Exception? cause = null) : base(message, cause)
    {
    }
}
