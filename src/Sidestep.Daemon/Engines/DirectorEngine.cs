using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>An engine with what the daemon needs beside forwarding.</summary>
internal abstract class DirectorEngine : IEngine
{
    /// <summary>Which.</summary>
    internal abstract EngineKind Kind { get; }

    /// <summary>What an operator should know of how it came up.</summary>
    internal abstract IReadOnlyList<string> Notes { get; }

    /// <summary>Leads probes to servers by the same tables as packets; null: <see cref="NoProbesReason"/> says why there is none.</summary>
    internal abstract ProbeFilter? LoadProbeFilter();

    /// <summary>Why probes cannot go the way of packets; null: they can.</summary>
    internal virtual string? NoProbesReason => null;

    /// <summary>The number by which probes know a server; null: it has none.</summary>
    internal abstract int? IdOf(GroupKey group, ServerEntry server);

    /// <summary>True while <see cref="CountConnections"/> is needed now and then.</summary>
    internal abstract bool ComparesConnections { get; }

    /// <summary>Counts flows anew for least-connections choices.</summary>
    internal abstract void CountConnections();

    /// <summary>What sends in fragments, if that is the daemon's to do.</summary>
    /// <exception cref="Native.NativeException">It cannot.</exception>
    internal abstract IDisposable? OpenPunt();

    /// <summary>Answers the command line; null: that is nothing that it answers.</summary>
    /// <param name="path">See <see cref="Forwarding.LocalApi.LocalApiPaths"/>.</param>
    /// <param name="body">What was asked.</param>
    /// <exception cref="EngineException">It cannot be answered; says why.</exception>
    internal virtual byte[]? HandleRequest(string path, ReadOnlyMemory<byte> body) => null;

    public abstract EngineCapabilities Capabilities { get; }

    public abstract void Apply(ForwardingTables tables);

    public abstract RunningGroups? ReadRunning();

    public abstract FlowCounts ReadFlows();

    public abstract IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces);

    public abstract void Remove();

    public abstract EngineCounters ReadCounters();

    public abstract TraceResult Trace(ReadOnlySpan<byte> frame, int interfaceIndex);

    public abstract void Dispose();
}
