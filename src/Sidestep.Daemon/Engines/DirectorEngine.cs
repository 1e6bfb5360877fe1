using Sidestep.Api.Status;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>An engine, and what the daemon needs of it beside forwarding.</summary>
internal abstract class DirectorEngine : IEngine
{
    /// <summary>The kind of engine; never <see cref="EngineKind.Auto"/>.</summary>
    internal abstract EngineKind Kind { get; }

    /// <summary>Facts about the start of the engine that an operator should know, for status; often empty.</summary>
    internal abstract IReadOnlyList<string> Notes { get; }

    /// <summary>Loads the filter that sends probes to servers by the same tables as packets; null: there is none, see
    /// <see cref="NoProbesReason"/>.</summary>
    /// <exception cref="EngineException">The kernel refused the program.</exception>
    internal abstract IProbeFilter? LoadProbeFilter();

    /// <summary>Why probes cannot be sent through encapsulations; null: they can.</summary>
    internal virtual string? NoProbesReason => null;

    /// <summary>The number by which the probe filter knows a server; null: it has none.</summary>
    internal abstract int? IdOf(GroupKey group, ServerEntry server);

    /// <summary>True while a service uses least connections, so that <see cref="CountConnections"/> must be called
    /// regularly.</summary>
    internal abstract bool ComparesConnections { get; }

    /// <summary>Counts the connections of each server again: flows end without a packet that says so.</summary>
    internal abstract void CountConnections();

    /// <summary>Starts to fragment punted packets in the daemon; null: the engine does that itself.</summary>
    /// <param name="supervisor">Runs the thread for it.</param>
    /// <exception cref="Native.NativeException">The kernel refused.</exception>
    internal abstract IDisposable? OpenPunt(Supervisor supervisor);

    /// <summary>Restores what another program has removed of the engine's own rules and routes in the kernel.</summary>
    /// <returns>What was missing.</returns>
    /// <exception cref="Native.NativeException">The kernel refused.</exception>
    internal virtual IReadOnlyList<string> RestoreKernelState() => [];

    /// <summary>Reads the status of the tables and their counters, without what the daemon knows beside them.</summary>
    /// <exception cref="EngineException">It cannot be read; the message says why.</exception>
    internal abstract DirectorStatus ReadStatus();

    /// <summary>Reads the state of the engine for the command line, beside the control loop.</summary>
    internal abstract IEngineState State { get; }

    public abstract void Apply(ForwardingTables tables);

    public abstract RunningGroups? ReadRunning();

    public abstract FlowCounts ReadFlows();

    public abstract IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces);

    public abstract bool IsAttached { get; }

    public abstract void Remove();

    public abstract EngineCounters ReadCounters();

    public abstract void Dispose();
}
