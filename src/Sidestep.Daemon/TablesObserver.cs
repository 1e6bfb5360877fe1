using System.Collections.Immutable;
using System.Net.Sockets;
using Sidestep.Control;
using Sidestep.Daemon.Multicast;
using Sidestep.Daemon.Probes;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Passes what the control loop has done to the parts beside forwarding, to status, and to the log. Called on
/// the thread of the loop. A part that fails keeps neither the others nor the loop from their work.</summary>
/// <param name="onExit">The <c>onExit</c> of the configuration at the start.</param>
/// <param name="multicast">Multicast addresses of IPv6 VIPs.</param>
/// <param name="management">API, agents, VIP conflicts, doctor.</param>
/// <param name="health">Probes.</param>
/// <param name="supervisor">Keeps the parts apart.</param>
/// <param name="status">The report of the daemon.</param>
/// <param name="log">Receives events and problems.</param>
internal sealed class TablesObserver(ExitAction onExit, SolicitedNodeMulticast multicast, Management management,
    HealthService health, Supervisor supervisor, StatusReporter status, ILogger log) : IControlObserver
{
    /// <summary>Why the engine could not attach again; at most one reason.</summary>
    private ImmutableArray<string> _notAttached = [];

    private volatile string[] _interfaceNames = [];

    /// <summary>The names of <c>node.interfaces</c> in force. Any thread.</summary>
    internal ImmutableArray<string> InterfaceNames => [.. _interfaceNames];

    /// <summary>The <c>onExit</c> of the configuration in force.</summary>
    internal ExitAction OnExit { get; private set; } = onExit;

    private ImmutableDictionary<GroupKey, string> _panics = ImmutableDictionary<GroupKey, string>.Empty;

    public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops,
        bool isNewest)
    {
        OnExit = configuration.Desired.Node.OnExit;
        _interfaceNames = [.. configuration.Desired.Node.Interfaces.Select(static i => i.Name)];
        supervisor.Try("update of multicast addresses", () => UpdateMulticast(configuration.Desired, tables));
        supervisor.Try("update of the API and of VIP conflict detection", () =>
            management.Applied(configuration, tables, nextHops));
        supervisor.Try("update of health checks", () => health.Update(configuration, tables));
        supervisor.Try("report of new tables", () => Report(configuration, tables, nextHops, isNewest));
    }

    public void Attached(IReadOnlyList<AttachedInterface> interfaces)
    {
        // The kernel removes the memberships of a deleted interface.
        supervisor.Try("update of multicast addresses", multicast.Rejoin);
        SetNotAttached([]);
        management.Attached(interfaces);
        supervisor.Try("report of attached interfaces", () => Report(interfaces));
    }

    public void NotAttached(string reason)
    {
        if (_notAttached is not [var known] || known != reason)
            log.NotAttached(reason);
        SetNotAttached([reason]);
    }

    public void Failed(string reason, Exception? fault)
    {
        log.NotApplied(reason);
        status.SetApplyError(reason);
        if (fault is not null)
            supervisor.Note("a change of the tables", fault);
    }

    private void SetNotAttached(ImmutableArray<string> reasons)
    {
        _notAttached = reasons;
        status.SetProblems(ProblemSource.Attachment, reasons);
    }

    private void Report(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops,
        bool isNewest)
    {
        var panics = PanicText.Of(configuration, tables);
        ImmutableArray<string> panicTexts = [.. panics.Values.Order(StringComparer.Ordinal)];
        var (unresolved, problems) = status.Applied(nextHops, isNewest, new Dictionary<ProblemSource,
            ImmutableArray<string>>
        {
            [ProblemSource.Peers] = ApplyText.PeerProblems(nextHops),
            [ProblemSource.LocalAddresses] = LocalAddressText.Of(configuration.Desired, nextHops.LocalAddresses),
            [ProblemSource.Retained] = RetainedText.Of(configuration),
            [ProblemSource.Panic] = panicTexts,
            [ProblemSource.Multicast] = multicast.Problems,
            [ProblemSource.Health] = [.. health.Problems],
        });
        // Multicast and health have logged theirs.
        foreach (var problem in problems.Except(multicast.Problems).Except(health.Problems).Except(panicTexts))
            log.Degraded(problem);
        LogPanics(panics, new GroupNames(tables.Groups.Select(static g => g.Key)));
        foreach (var server in unresolved)
            log.NoNextHop(server);
        log.Applied(ApplyText.Summary(tables));
    }

    private void Report(IReadOnlyList<AttachedInterface> interfaces)
    {
        foreach (var attached in interfaces.Where(static i => i.Driver is not null))
        {
            log.Attached(attached.Name, attached.Driver?.Name());
            if (AttachedInterfaceText.FallbackNote(attached, InterfaceCapabilitiesReader.Read) is not { } note)
                continue;
            log.SlowerDriver(note);
            status.Change(r => r with { Notes = r.Notes.Remove(note).Add(note) });
        }
    }

    private void LogPanics(ImmutableDictionary<GroupKey, string> panics, GroupNames names)
    {
        foreach (var (group, text) in panics.Where(p => !_panics.ContainsKey(p.Key)))
            log.PanicBegan(text);
        foreach (var group in _panics.Keys.Where(g => !panics.ContainsKey(g)))
            log.PanicEnded(names.Of(group));
        _panics = panics;
    }

    private void UpdateMulticast(Configuration configuration, ForwardingTables tables)
    {
        var names = configuration.Node.Interfaces.Select(static i => i.Name).ToHashSet();
        try
        {
            multicast.Update(tables.Interfaces.Where(i => names.Contains(i.Name)), tables.Vips
                .Where(static v => v.RespondsToArp
                && v.Address.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)
                .Select(static v => v.Address.BaseAddress));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.MulticastNotUpdated(e.Message);
        }
    }
}
