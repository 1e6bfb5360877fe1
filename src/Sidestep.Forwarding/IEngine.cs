using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Forwards packets according to <see cref="ForwardingTables"/>. One thread at a time calls it.</summary>
public interface IEngine : IDisposable
{
    /// <summary>Puts tables in force atomically: no packet sees a mixture of old and new ones.</summary>
    /// <exception cref="EngineException">The tables exceed a limit, or the kernel rejected them; the previous ones stay
    /// in force.</exception>
    void Apply(ForwardingTables tables);

    /// <summary>Reads servers and slots of the tables in force, also of tables that an earlier process applied. Next
    /// hops may be missing: they are resolved again anyway.</summary>
    /// <returns>Null when there are no tables, or when they cannot be read.</returns>
    RunningGroups? ReadRunning();

    /// <summary>Counts the live entries of the flow table by server.</summary>
    FlowCounts ReadFlows();

    /// <summary>Attaches to these interfaces and to no others. Interfaces that were attached before continue without a
    /// gap. An interface that was attached before and is gone stays in the list, without a driver. Called after the
    /// first <see cref="Apply"/>: from now on, the tables apply to packets.</summary>
    /// <returns>How each interface is attached.</returns>
    /// <exception cref="EngineException">An interface cannot be attached; the message names it and the
    /// remedy.</exception>
    IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces);

    /// <summary>True if the engine is attached to each interface of the last <see cref="Attach"/> that exists. False:
    /// one was deleted and created again, or another program detached the engine; <see cref="Attach"/> attaches it
    /// again.</summary>
    /// <remarks>The kernel is asked, because an interface may come back with the index that it had. Any
    /// thread.</remarks>
    bool IsAttached { get; }

    /// <summary>Detaches from all interfaces and removes everything that outlives the process.</summary>
    void Remove();

    /// <summary>Reads all counters, each summed over CPUs or threads.</summary>
    EngineCounters ReadCounters();
}

/// <summary>Verdict of an XDP program (enum xdp_action of linux/bpf.h).</summary>
public enum XdpAction
{
    /// <summary>The program failed; the frame is dropped.</summary>
    Aborted = 0,

    /// <summary>The frame is dropped (XDP_DROP).</summary>
    Drop = 1,

    /// <summary>The frame continues into the kernel's network stack.</summary>
    Pass = 2,

    /// <summary>The frame is sent out of its ingress interface.</summary>
    Transmit = 3,

    /// <summary>The frame is sent out of another interface.</summary>
    Redirect = 4,
}

/// <summary>A counter of packets and bytes.</summary>
/// <param name="Packets">Number of frames.</param>
/// <param name="Bytes">Sum of their lengths as received, from the Ethernet header on.</param>
public readonly record struct Counter(ulong Packets, ulong Bytes)
{
    /// <summary>Adds packets and bytes separately.</summary>
    public static Counter operator +(Counter a, Counter b) => new(a.Packets + b.Packets, a.Bytes + b.Bytes);
}

/// <summary>Counters of an engine; counters that never counted are zero or missing.</summary>
/// <param name="Responses">Frames that were answered, punted or delivered locally, by decision.</param>
/// <param name="Drops">Dropped frames, by reason.</param>
/// <param name="Services">Forwarded frames, by name of the service.</param>
/// <param name="Servers">Forwarded frames, by group and name of the server.</param>
public sealed record EngineCounters(
    IReadOnlyDictionary<Decision, Counter> Responses,
    IReadOnlyDictionary<DropReason, Counter> Drops,
    IReadOnlyDictionary<ServiceKey, Counter> Services,
    IReadOnlyDictionary<(GroupKey Group, string Server), Counter> Servers);

/// <summary>An engine could not do what was requested; the message says what to do.</summary>
public sealed class EngineException : Exception
{
    /// <summary>Creates an exception whose message says what went wrong and what to do.</summary>
    public EngineException(string message, Exception? cause = null) : base(message, cause)
    {
    }
}
